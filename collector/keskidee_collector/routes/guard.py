"""Who may read: the outermost ASGI layer of the collector.

On a loopback address reading is free, and the Host header must be this host's: a web page elsewhere must not read
through somebody's browser (DNS rebinding). On any other address reading needs a metrics token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from keskidee_collector.access.access import API, API_WRITE, METRICS, NotAllowed, bearer
from keskidee_collector.addresses import is_loopback
from keskidee_collector.answers import problem
from keskidee_collector.ingest.exchange import Reply
from keskidee_collector.ingest.ingest import is_plain_target, is_report_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keskidee_collector.ingest.exchange import Headers
    from keskidee_collector.ingest.ingest import Ingest
    from keskidee_collector.state import State

    Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

OPEN_PATHS = frozenset(
    {
        "/healthz", "/readyz", "/v1/ca", "/v1/ca/rotation", "/v1/authorities", "/v1/enrol", "/v1/backup",
        "/favicon.ico",
    }
)  # fmt: skip
"""Paths that need no reading right: they say nothing of the fleet, or check a token themselves."""
REGISTER_PREFIXES = ("/v1/assets", "/v1/devices", "/v1/openapi.json", "/assets")
"""The register, with names of people: a metrics token does not read it, an API token reads everything."""
REGISTER_READERS = (API, API_WRITE)
READERS = (METRICS, API, API_WRITE)
OPEN_PREFIXES = ("/static/", "/v1/machines", "/v1/tokens")
FORWARDED = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}
)
"""A proxy on this host that keeps the name localhost (nginx does by default) still speaks for somebody elsewhere."""
CONTENT_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
SECURITY_HEADERS = [
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]

UNAUTHORIZED = 401
READING = (
    "reading here needs a token, in a browser as password with any name: keskidee collector token create "
    "--scope metrics; for the register too: --scope api"
)
TOO_MANY = Reply(
    429,
    b"application/problem+json",
    b'{"title":"address","status":429,"detail":"too many credentials that do not hold came from this address"}',
    [(b"retry-after", b"60"), (b"connection", b"close")],
    close=True,
)


class Guard:
    """Wraps the application that answers, and the report route for what goes there without ASGI."""

    def __init__(self, state: State, inside: Application, ingest: Ingest, *, tls: bool) -> None:
        self._state = state
        self._inside = inside
        self._ingest = ingest
        self._tls = tls
        self._proxies = state.proxies
        public = urlsplit(state.settings.public_url or "").hostname
        self._public = public.lower() if public and not is_loopback(public) else None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Lets a request in, or answers 401 or 421."""
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return
        host = host_of(scope["headers"])
        refusal = None
        if not self._is_ours(host):
            self._state.metrics.refuse("host")
            refusal = problem(421, "host", "this collector is not reached by that name; see public_url in its settings")
        elif is_report_path(scope["path"]):  # it asks for a credential itself, and no browser reads its answers
            await self._inside(scope, receive, self._wary(self._proxies.seen_through(scope), send))
            return
        elif not self._may_read(scope, host):
            self._state.metrics.refuse("reader")
            challenge = {"WWW-Authenticate": 'Basic realm="keskidee: any name, a metrics or API token as password"'}
            refusal = problem(401, "credential", READING, challenge)
        if self._proxies:
            scope = self._proxies.seen_through(scope)
        send = self._wary(scope, send)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._inside(scope, receive, _with_security_headers(send))

    def admits(self, method: bytes, target: bytes, headers: Headers) -> bool:
        """Whether `reply` may answer: a report, as agents send it, to a name of this collector."""
        return (
            method == b"POST" and is_plain_target(target) and self._is_ours(host_of(headers) if not self._tls else "")
        )

    async def reply(self, target: bytes, headers: Headers, body: bytes, client: str) -> Reply:
        """The answer to a report that is there as a whole."""
        reply = await self._ingest.reply(target, headers, body)
        if not _failed(reply.status, reply.body):
            return reply
        return reply if self._state.strangers.may_fail(self._proxies.client_of(headers, client)) else TOO_MANY

    def _wary(self, scope: dict[str, Any], send: Any) -> Any:
        """`send`, which answers an address later whose credentials fail too often."""
        held: list[dict[str, Any]] = []

        async def sent(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] == UNAUTHORIZED:
                held.append(message)
                return
            if held:
                started, body = held.pop(), message.get("body", b"")
                client = scope.get("client")
                if _failed(UNAUTHORIZED, body) and client and not self._state.strangers.may_fail(client[0]):
                    started, message = TOO_MANY.messages()
                await send(started)
            await send(message)

        return sent

    def _is_ours(self, host: str) -> bool:
        return self._tls or host == self._public or is_loopback(host)

    def _may_read(self, scope: dict[str, Any], host: str) -> bool:
        path = scope["path"]
        if path in OPEN_PATHS or path.startswith(OPEN_PREFIXES):
            return True
        of_register = path.startswith(REGISTER_PREFIXES)
        if of_register and scope["method"] in ("POST", "PATCH", "DELETE"):
            return True  # they ask for a token themselves
        if not self._tls and host != self._public and not any(key in FORWARDED for key, _ in scope["headers"]):
            return True  # a loopback address: __call__ refuses any other
        header = next((value for key, value in scope["headers"] if key == b"authorization"), b"")
        try:
            scopes = REGISTER_READERS if of_register else READERS
            self._state.access.check_any(bearer(header.decode("latin-1")), scopes, self._state.now())
        except NotAllowed:
            return False
        return True


def _failed(status: int, body: bytes) -> bool:
    """Whether an answer says that a credential does not hold. A clone's does, and is told to get one of its own."""
    return status == UNAUTHORIZED and b'"title":"clone"' not in body


def host_of(headers: Headers) -> str:
    """The Host header's name without port and brackets, in lower case; empty where there is none or more than one."""
    hosts = [value for key, value in headers if key == b"host"]
    if len(hosts) != 1:
        return ""
    host: str = hosts[0].decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _with_security_headers(send: Any) -> Any:
    async def guarded(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *SECURITY_HEADERS]
        await send(message)

    return guarded
