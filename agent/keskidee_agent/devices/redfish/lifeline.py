"""Connections that can be cut from another thread, at the moment when a request must be over.

A socket's own timeout begins anew with each byte: a board that drips one a second would hold a reading for ever.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASKING = threading.local()


class Lifeline:
    """The request that its thread is making. `is_cut` says whether time was up."""

    def __init__(self) -> None:
        self.is_cut = False
        self._line: socket.socket | None = None
        self._lock = threading.Lock()

    def holds(self, line: socket.socket | None) -> None:
        """It goes over this connection. One that comes after the cut is cut at once."""
        with self._lock:
            self._line = line
            if self.is_cut:
                self._shut()

    def cut(self) -> None:
        """Ends it, wherever it waits."""
        with self._lock:
            self.is_cut = True
            self._shut()

    def _shut(self) -> None:
        if self._line is not None:
            with suppress(OSError):  # it has ended by itself
                self._line.shutdown(socket.SHUT_RDWR)


@contextmanager
def within(seconds: float) -> Iterator[Lifeline]:
    """What is asked in this block is cut after so many seconds."""
    lifeline = Lifeline()
    timer = threading.Timer(seconds, lifeline.cut)
    timer.daemon = True
    _ASKING.lifeline = lifeline
    timer.start()
    try:
        yield lifeline
    finally:
        timer.cancel()
        lifeline.holds(None)
        _ASKING.lifeline = None


class _Held:
    """What both kinds of connections do: they keep a second handle of their socket, beside that of TLS."""

    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        line: socket.socket = super()._new_conn()  # type: ignore[misc]
        self._handle = line.dup()
        self._tell()
        return line

    def request(self, *args: Any, **options: Any) -> None:
        self._tell()
        super().request(*args, **options)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _tell(self) -> None:
        lifeline: Lifeline | None = getattr(_ASKING, "lifeline", None)
        if lifeline is not None:
            lifeline.holds(self._handle)


class _HeldHTTP(_Held, HTTPConnection):
    pass


class _HeldHTTPS(_Held, HTTPSConnection):
    pass


class _PoolHTTP(HTTPConnectionPool):
    ConnectionCls = _HeldHTTP


class _PoolHTTPS(HTTPSConnectionPool):
    ConnectionCls = _HeldHTTPS


POOLS = {"http": _PoolHTTP, "https": _PoolHTTPS}
