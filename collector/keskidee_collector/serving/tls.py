"""TLS between a socket and a connection, over the standard library's TLS object and two buffers in memory.

uvloop's own TLS keeps a buffer of 256 KiB for each connection, of which stays resident what the longest message ever
touched: with the names of a machine, 40 KiB each. Here everybody reads through the loop's one buffer. Source: RFC 8446.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD_BYTES = 16 * 1024
"""The longest that one record carries, and that one call reads."""
SLICE_BYTES = 1024
"""So much is put into the buffer of what came in at once: it keeps the size that it once had. A report fits."""


_PLAIN_TEXT = b"This port speaks TLS: ask with https.\n"
PLAIN_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_PLAIN_TEXT), _PLAIN_TEXT)
)


class Handshakes:
    """The handshakes that are going on. Where there are more than `limit`, the one that began first is given up.

    One that takes longer than `patience_seconds` is too, and `refused` counts those and the ones that failed.
    `admits` says whether a connection of an address is taken at all: a handshake is what a connection costs most.
    """

    def __init__(
        self,
        limit: int,
        patience_seconds: float,
        refused: Callable[[str], None],
        *,
        admits: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.patience_seconds = patience_seconds
        self.admits = admits
        self._limit = limit
        self._refused = refused
        self._going_on: dict[Secured, None] = {}

    def __len__(self) -> int:
        return len(self._going_on)

    def begun(self, secured: Secured) -> None:
        """Takes one in."""
        self._going_on[secured] = None
        if len(self._going_on) > self._limit:
            next(iter(self._going_on)).give_up()

    def ended(self, secured: Secured) -> None:
        """It is done, or nobody waits for it any more."""
        self._going_on.pop(secured, None)

    def failed(self, secured: Secured) -> None:
        """It will not be done."""
        self.ended(secured)
        self._refused("handshake")


class Secured(asyncio.Protocol):
    """The protocol of a raw transport, and the transport of the connection that `connect` makes after the handshake.

    A handshake that fails is given up without a word but TLS's own; who speaks plain HTTP is told in HTTP.
    """

    __slots__ = (
        "_closing",
        "_connect",
        "_connection",
        "_context",
        "_deadline",
        "_handshakes",
        "_incoming",
        "_outgoing",
        "_raw",
        "_tls",
    )

    def __init__(
        self, context: ssl.SSLContext, connect: Callable[[], asyncio.Protocol], handshakes: Handshakes
    ) -> None:
        self._connect = connect
        self._handshakes = handshakes
        self._context = context
        self._connection: asyncio.Protocol | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._deadline = asyncio.get_running_loop().call_later(handshakes.patience_seconds, self.give_up)
        self._closing = False

    # what the raw transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a stream
        self._raw = transport
        peer = transport.get_extra_info("peername")
        if peer and not self._handshakes.admits(peer[0]):
            self.abort()
            return
        self._handshakes.begun(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._closing = True
        self._handshakes.ended(self)
        if self._connection is not None:
            self._connection.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            self._incoming.write(data[start : start + SLICE_BYTES] if len(data) > SLICE_BYTES else data)
            try:
                self._read()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                if error.reason == "HTTP_REQUEST":
                    self._direct()
                else:
                    self._flush()  # the alert that says why
                    self.give_up()
            if self._closing:
                return
        self._flush()

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause_writing()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume_writing()

    def _read(self) -> None:
        """Gives what came to the connection. Raises SSLWantReadError where a record is not whole yet, and SSLError."""
        if self._connection is None:
            self._tls.do_handshake()
            self._deadline.cancel()
            self._connection = self._connect()
            self._handshakes.ended(self)
            self._connection.connection_made(self)  # type: ignore[arg-type]  # all that a connection asks of one
        while not self._closing and (self._incoming.pending or self._tls.pending()):
            if not (received := self._tls.read(RECORD_BYTES)):
                self.close()  # the other end has said that it closes
                return
            self._connection.data_received(received)

    def _direct(self) -> None:
        """Tells a person, or a program that has a log, who asked without TLS."""
        self._handshakes.failed(self)
        self._closing = True
        self._raw.write(PLAIN_ANSWER)
        self._raw.close()

    def give_up(self) -> None:
        """Ends what is no TLS, or none any more, or takes too long to become it."""
        if self._connection is None and not self._closing:
            self._handshakes.failed(self)
        self.abort()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._raw.is_closing():
            self._raw.write(self._outgoing.read())

    # what the connection calls

    def write(self, data: bytes) -> None:
        """Encrypts and sends."""
        if self._closing:
            return
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        self._flush()

    def close(self) -> None:
        """Says that it closes, and does so without waiting for the other end to say the same."""
        if self._closing:
            return
        self._closing = True
        with suppress(ssl.SSLError):  # it wants to read the other end's farewell, or there was no handshake
            self._tls.unwrap()
        self._flush()
        self._raw.close()

    def abort(self) -> None:
        """Ends it at once."""
        self._closing = True
        self._raw.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._closing or self._raw.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of any transport; `sslcontext` says that it is one with TLS."""
        return self._context if name == "sslcontext" else self._raw.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Leaves what comes to the kernel; some may have been read already."""
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Reads on."""
        self._raw.resume_reading()
