"""HTTP/1.1 over one kept connection: what the simulator needs of it and no more.

A pretend machine sends a POST now and then and reads an answer with a length. A library would hold ten times the
memory a connection, and there are thousands of them here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

ANSWER_SECONDS = 30.0
BODY_LIMIT = 1 << 20
BUFFER_BYTES = 8192


class Unreachable(Exception):
    """No answer: refused, cut off, too slow, or not HTTP as it is spoken here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the collector is: host, port, and the TLS context where it is https."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(url: str, tls: ssl.SSLContext | None = None) -> Address:
    """The address in `http://HOST[:PORT]` or `https://HOST[:PORT]`; raises ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"{url!r} is no address of a collector (http://HOST:PORT or https://HOST:PORT)")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Address(host=parts.hostname, port=port, tls=tls if parts.scheme == "https" else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def retry_after_seconds(self) -> float:
        """What Retry-After asks for, from 1 s to an hour; 15 s where it is absent or no number."""
        wanted = self.headers.get("retry-after", "")
        return min(3600.0, max(1.0, float(wanted))) if wanted.isdecimal() else 15.0


class Connection:
    """One connection, opened when needed and kept. Its lock lets several machines take turns on it."""

    __slots__ = ("_address", "_lock", "_reader", "_writer")

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, method: str, path: str, headers: str = "", body: bytes = b"") -> Answer:
        """One request and its answer. `headers` are whole lines, each ended by CR LF. Raises Unreachable.

        A kept connection that the server closed meanwhile is opened again once: a report may be sent twice.
        """
        start = f"{method} {path} HTTP/1.1\r\nHost: {self._address.authority}\r\n"
        request = f"{start}{headers}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
        async with self._lock:
            kept = self._writer is not None
            try:
                return await self._exchange(request)
            except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
                self.close()
                if not kept or isinstance(error, TimeoutError):
                    raise Unreachable(f"{type(error).__name__}: {error}") from error
            try:
                return await self._exchange(request)
            except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
                self.close()
                raise Unreachable(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: bytes) -> Answer:
        async with asyncio.timeout(ANSWER_SECONDS):
            if self._reader is None or self._writer is None:
                a = self._address
                self._reader, self._writer = await asyncio.open_connection(
                    a.host, a.port, ssl=a.tls, limit=BUFFER_BYTES
                )
            self._writer.write(request)
            await self._writer.drain()
            return await self._answer(self._reader)

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        pairs = [line.partition(":") for line in head[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0" if status in {204, 304} else "-1"))
        if not 0 <= length <= BODY_LIMIT:
            raise ValueError(f"an answer of {length} bytes")
        body = await reader.readexactly(length)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status=status, headers=headers, body=body)
