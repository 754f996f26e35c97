"""A server on a real socket for tests of the agent: keeps what it hears, answers what the test wants, also badly."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_collector.access import authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

OK_BODY = b'{"interval_seconds": 15}'


@dataclass(frozen=True)
class Request:
    """A request as it came: first line, header fields by lower-case name, body, and the number of its connection."""

    line: str
    fields: dict[str, str]
    body: bytes
    connection: int
    resumed: bool


def answer(status: int = 200, body: bytes = OK_BODY, **fields: str) -> bytes:
    """A well-formed answer; an underscore in the name of a field stands for a hyphen."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


class Listener:
    """Serves until closed. `respond(request)` gives the bytes to send, in pieces if wanted; an empty piece hangs up."""

    def __init__(
        self,
        respond: Callable[[Request], bytes | Iterable[bytes]],
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self.connections = 0
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family)
        self.port: int = self._socket.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{name}:{self.port}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stops listening and hangs up on everybody."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Closes all connections, as a server does with those that were idle too long."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection, connection.makefile("rb") as incoming:
                while self._one(connection, incoming, number):
                    pass

    def _one(self, connection: socket.socket, incoming: Iterable[bytes], number: int) -> bool:
        lines = []
        while (line := incoming.readline()) != b"\r\n":  # type: ignore[attr-defined]
            if not line.endswith(b"\n"):  # the client hung up
                return False
            lines.append(line)
        pairs = [line.decode().partition(":") for line in lines[1:]]
        fields = {name.lower(): value.strip() for name, _, value in pairs}
        body = incoming.read(int(fields.get("content-length", "0")))  # type: ignore[attr-defined]
        resumed = isinstance(connection, ssl.SSLSocket) and bool(connection.session_reused)
        request = Request(lines[0].decode().strip(), fields, body, number, resumed)
        self.requests.append(request)
        answered = self.respond(request)
        for piece in [answered] if isinstance(answered, bytes) else answered:
            if not piece:
                return False
            connection.sendall(piece)
        return True


@contextlib.contextmanager
def listening(
    respond: Callable[[Request], bytes | Iterable[bytes]] = lambda _: answer(), **options: object
) -> Iterator[Listener]:
    """A Listener that is closed at the end."""
    listener = Listener(respond, **options)  # type: ignore[arg-type]
    try:
        yield listener
    finally:
        listener.close()


@dataclass(frozen=True)
class Certified:
    """A server's TLS and the authority behind it, made as the collector makes them."""

    context: ssl.SSLContext
    ca_file: Path
    fingerprint: str


def certified(folder: Path, *names: str, now: datetime.datetime | None = None) -> Certified:
    """A certificate for these names, made `now`."""
    made = authority.prepare(folder, list(names), now=now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    return Certified(context, folder / "ca.pem", made.fingerprint)
