"""Whether anything became of a network interface since the last question, as the kernel announces it (rtnetlink(7)).

One call a round instead of four files an interface: a new or lost interface, its flags, its state, its names and
addresses are all announced. No privilege. The resident imports this module: nothing heavy.
"""

from __future__ import annotations

import _socket
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AF_NETLINK, NETLINK_ROUTE, RTMGRP_LINK = 16, 0, 1
MESSAGES_AT_MOST = 256
"""Taken at one question; what comes faster than this is still there at the next, and says the same."""


class Links:
    """An ear for announcements. `interfaces` gives those that are read, as (number, name).

    Where the kernel announces those of another network namespace, or nothing, everything may have changed always.
    """

    def __init__(self, interfaces: Callable[[], set[tuple[int, str]]]) -> None:
        self._socket: _socket.socket | None = None
        self._poll: select.poll | None = None
        try:
            self._socket = heard = _socket.socket(AF_NETLINK, _socket.SOCK_RAW, NETLINK_ROUTE)
            heard.setblocking(False)
            heard.bind((0, RTMGRP_LINK))
            if interfaces() != set(_socket.if_nameindex()):
                self.close()
                return
            self._poll = select.poll()
            self._poll.register(heard.fileno(), select.POLLIN)
        except (OSError, AttributeError):  # a sandbox that allows no such socket; another system
            self.close()

    def changed(self) -> bool:
        """Whether something may have changed."""
        if self._poll is None or self._socket is None:
            return True
        if not self._poll.poll(0):
            return False
        for _ in range(MESSAGES_AT_MOST):
            try:
                self._socket.recv(1)  # the rest of the message is thrown away
            except BlockingIOError:
                break
            except OSError:  # ENOBUFS: there were more than the kernel kept
                continue
        return True

    def close(self) -> None:
        """Hears nothing more."""
        if self._socket is not None:
            self._socket.close()
        self._socket = self._poll = None
