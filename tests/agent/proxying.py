"""An HTTP proxy on a real socket for tests of the agent: opens tunnels, passes requests on, refuses, dies."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Proxying:
    """Serves until closed. `heads` are the requests that it read, as text without the last blank line.

    `names` are hosts that it resolves itself; `authorization` is the field value it asks for; `answer` is what it says
    to everybody instead of serving.
    """

    def __init__(
        self,
        *,
        names: Mapping[str, str] | None = None,
        authorization: str = "",
        answer: bytes | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.heads: list[str] = []
        self.answer = answer
        self._names = dict(names or {})
        self._authorization = authorization
        self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Dies: stops listening and hangs up on both sides of every tunnel."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Ends every tunnel."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            received = b""
            while b"\r\n\r\n" not in received:
                if not (content := client.recv(65536)):
                    return
                received += content
            head, _, body = received.partition(b"\r\n\r\n")
            self.heads.append(head.decode("ascii"))
            refusal = self.answer if self.answer is not None else self._refusal(head)
            if refusal is not None:
                client.sendall(refusal)
                return
            method, target, _ = head.decode("ascii").split(" ", 2)
            host, _, port = (target if method == "CONNECT" else target.split("/")[2]).rpartition(":")
            server = socket.create_connection((self._names.get(host, host.strip("[]")), int(port)))
            self._open.append(server)
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server.sendall(head.replace(f"http://{host}:{port}".encode(), b"", 1) + b"\r\n\r\n" + body)
            self._pass_on(client, server)

    def _refusal(self, head: bytes) -> bytes | None:
        if not self._authorization or f"Proxy-Authorization: {self._authorization}".encode() in head.split(b"\r\n"):
            return None
        return b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n"

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(65536):
            target.sendall(content)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxying(**options: object) -> Iterator[Proxying]:
    """A Proxying that is closed at the end."""
    proxy = Proxying(**options)  # type: ignore[arg-type]
    try:
        yield proxy
    finally:
        proxy.close()
