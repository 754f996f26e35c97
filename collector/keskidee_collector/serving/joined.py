"""A transport that sends what is written within one turn of the loop as one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

MANY_BYTES = 16 * 1024
"""So much is sent at once, so that the transport says when it is enough."""


class Joined:
    """A transport whose writes of one turn of the loop leave together.

    uvicorn writes head and body apart: two TLS records and two system calls for an answer of 150 bytes.
    """

    __slots__ = ("_loop", "_pieces", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Takes bytes for the end of this turn; many leave at once, so that the transport says when it is enough."""
        if len(data) >= MANY_BYTES:
            self.send(data)
            return
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def send(self, data: bytes) -> None:
        """Sends it now, after what was written."""
        self._flush()
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Sends what was written, then closes."""
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._pieces:
            data = b"".join(self._pieces)
            self._pieces.clear()
            if not self._transport.is_closing():  # it may have been cut off in this very turn
                self._transport.write(data)
