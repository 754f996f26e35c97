"""An HTTP proxy between this machine and its collector (RFC 9110, 7.3.2 and 9.3.6). Loaded only where there is one.

For https it opens a tunnel, in which TLS goes to the collector itself: the proxy sees neither credential nor report.
"""

from __future__ import annotations

from keskidee_agent.transport.answer import LARGEST_HEAD_BYTES, status_of
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.transport.answer import Answer
    from keskidee_agent.transport.origin import Origin
    from keskidee_agent.transport.tls import Socket
    from keskidee_agent.transport.waiting import Waiter

AUTHENTICATION_REQUIRED = 407
COLLECTORS_REFUSAL = "application/problem+json"


class Proxy:
    """Where a proxy is, and what it wants to know. `authorization` is a whole field value, such as `Basic ...`."""

    __slots__ = ("_authorization", "host", "port")

    def __init__(self, host: str, port: int, authorization: str = "") -> None:
        self.host = host
        self.port = port
        self._authorization = authorization

    @property
    def name(self) -> str:
        """`proxy HOST:PORT`, for a person."""
        return f"proxy [{self.host}]:{self.port}" if ":" in self.host else f"proxy {self.host}:{self.port}"

    @property
    def fields(self) -> str:
        """Header lines of a request that the proxy itself reads, each with its end."""
        return f"Proxy-Authorization: {self._authorization}\r\n" if self._authorization else ""

    def open_tunnel(self, socket: Socket, origin: Origin, waiter: Waiter, deadline: float) -> None:
        """Makes of a connection to the proxy one to the origin. Raises OSError with what the proxy said, in a line."""
        request = f"CONNECT {origin.host_and_port} HTTP/1.1\r\nHost: {origin.host_and_port}\r\n{self.fields}\r\n"
        socket.send(request.encode("ascii"))  # a new connection takes a few hundred bytes at once
        received = b""
        while b"\r\n\r\n" not in received:
            waiter.until_ready(socket.fileno(), deadline)
            content = socket.recv(4096)
            received += content
            if not content or len(received) > LARGEST_HEAD_BYTES:
                raise OSError(f"{self.name}: no answer to CONNECT {origin.host_and_port}")
        head, _, rest = received.partition(b"\r\n\r\n")
        try:
            status, _minor = status_of(head.partition(b"\r\n")[0])
        except Malformed:
            raise OSError(f"{self.name}: does not answer as an HTTP proxy: {head[:80]!r}") from None
        if not 200 <= status < 300:
            raise OSError(self._refusal(status, f" CONNECT {origin.host_and_port}"))
        if rest:  # the collector speaks second in TLS, so this was not its
            raise OSError(f"{self.name}: sends more than it was asked for: {rest[:80]!r}")

    def refusal_in(self, answer: Answer) -> str:
        """What the proxy says in an answer to a request that it passed on; empty where the collector answered."""
        if answer.status in (200, 202, 204) or COLLECTORS_REFUSAL in answer.fields.get("content-type", ""):
            return ""
        return self._refusal(answer.status, "")

    def _refusal(self, status: int, what: str) -> str:
        if status == AUTHENTICATION_REQUIRED:
            given = "refuses the user and password" if self._authorization else "wants a user and password"
            return f"{self.name}: {given} (status 407); see proxy_credentials_file"
        return f"{self.name}: refuses{what} (status {status})"
