"""From a host's name to addresses, with a deadline, which the system's resolver does not have."""

from __future__ import annotations

import _thread
from _socket import AI_NUMERICHOST, SOCK_STREAM, getaddrinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from keskidee_agent.transport.waiting import Waiter

LOOK_SECONDS = 0.1


class Resolver:
    """The addresses of one host and port. What was found last serves while the name cannot be resolved."""

    __slots__ = ("_found", "_host", "_port", "_running")

    def __init__(self, host: str, port: int) -> None:
        # bytes, because a str would be put through the idna codec, and that imports a megabyte of Unicode tables
        self._host = host.encode("ascii")
        self._port = port
        self._found: list[tuple[int, Any]] = []
        self._running: _Question | None = None

    def addresses(self, waiter: Waiter, deadline: float) -> list[tuple[int, Any]]:
        """(address family, socket address) pairs in the resolver's order. Raises OSError, TimeoutError among them."""
        try:
            return _pairs(getaddrinfo(self._host, self._port, 0, SOCK_STREAM, 0, AI_NUMERICHOST))
        except OSError:  # it is a name
            pass
        question = self._running = self._running or _Question(self._host, self._port)
        try:
            while not question.answered.acquire(timeout=min(LOOK_SECONDS, waiter.left(deadline))):
                pass
            self._running = None
            if question.error is not None:
                raise question.error
            self._found = question.found
        except OSError:
            if not self._found:
                raise
        return self._found


class _Question:
    """One call of getaddrinfo in a thread of its own. Left behind at a deadline, it answers the next try."""

    __slots__ = ("answered", "error", "found", "host", "port")

    def __init__(self, host: bytes, port: int) -> None:
        self.host = host
        self.port = port
        self.found: list[tuple[int, Any]] = []
        self.error: OSError | None = None
        self.answered = _thread.allocate_lock()
        self.answered.acquire()
        _thread.start_new_thread(self._ask, ())

    def _ask(self) -> None:
        try:
            self.found = _pairs(getaddrinfo(self.host, self.port, 0, SOCK_STREAM))
        except OSError as error:
            self.error = error
        finally:
            self.answered.release()


def _pairs(rows: list[tuple[Any, ...]]) -> list[tuple[int, Any]]:
    return [(int(row[0]), row[4]) for row in rows]
