"""Connections whose whole life ends at one moment, whoever is at the other end.

A socket's own timeout begins anew with each byte: a server that drips one a second would hold it for ever. Here each
wait is what is left until the deadline, and the bytes that are taken are counted.
"""

from __future__ import annotations

import io
import socket
import time
from typing import TYPE_CHECKING, Any

from keskidee_agent.services.outcome import Failed

if TYPE_CHECKING:
    from keskidee_agent.services.outcome import Outcome

RECEIVED_AT_MOST = 2 << 20
"""Bytes of one answer with its head; what is endless ends there."""


class Deadline:
    """A moment on the steady clock, and what is left until it."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, more than none. Raises TimeoutError past it."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("past the deadline")
        return left


def addresses_of(host: str, port: int, outcome: Outcome) -> list[tuple[Any, ...]]:
    """What the system's resolver gives, with the time it took as `probe_dns_lookup_time_seconds`. Raises Failed.

    It knows no deadline: the thread that hangs in it is left behind by whoever waits for it.
    """
    began = time.perf_counter()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failed("name") from None
    finally:
        outcome.add("probe_dns_lookup_time_seconds", time.perf_counter() - began)
    return found


def connect(addresses: list[tuple[Any, ...]], deadline: Deadline) -> socket.socket:
    """A connection to the first address that answers; each has its share of the time. Raises OSError."""
    for position, (family, kind, protocol, _, address) in enumerate(addresses):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(deadline.left() / (len(addresses) - position))
            line.connect(address)
        except OSError:
            line.close()
            if position == len(addresses) - 1:
                raise
        else:
            return line
    raise Failed("name")


class Inlet(io.RawIOBase):
    """What a connection receives, until the deadline and to RECEIVED_AT_MOST; `makefile` suits http.client."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        self._line, self._deadline = line, deadline
        self._room = RECEIVED_AT_MOST

    def makefile(self, _mode: str) -> io.BufferedReader:
        """A buffered reader over this."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises TimeoutError at the deadline, Failed where too much came."""
        self._line.settimeout(self._deadline.left())
        size = self._line.recv_into(buffer)
        self._room -= size
        if self._room < 0:
            raise Failed("endless")
        return size
