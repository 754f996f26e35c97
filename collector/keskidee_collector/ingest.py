"""The report route: `POST /v1/machines/<id>/reports`, as a bare ASGI application because it carries all the load.

Authenticated, read with limits, opened, checked against what is known, made durable, and only then shown and answered.
The one place that turns what went wrong with a report into an answer and a counter.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.access import bearer, matches
from keskidee_collector.intake import Intake
from keskidee_collector.posts import open_post
from keskidee_collector.schemas import UnknownSchema
from keskidee_report.decode import TooLarge, UnknownVersion
from keskidee_report.model import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keskidee_collector.fleet import Machine
    from keskidee_collector.state import State

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

PREFIX, SUFFIX = "/v1/machines/", "/reports"
BUSY_WHEN_WAITING = 2_000
RETRY_AFTER_SECONDS = 30

logger = logging.getLogger(__name__)


class Refusal(Exception):
    """An answer other than 2xx: status, the counter's reason, and a sentence for the agent's log."""

    def __init__(self, status: int, reason: str, detail: str, *, close: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.close = close


def is_report_path(path: str) -> bool:
    """Whether a request path is this route's."""
    return path.startswith(PREFIX) and path.endswith(SUFFIX) and "/" not in path[len(PREFIX) : -len(SUFFIX)]


class Ingest:
    """The ASGI application of the report route."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._intake = Intake(state)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        state = self._state
        received_at = state.now()
        try:
            machine = self._machine(scope)
            try:
                body = await self._body(scope, receive)
                await self._take(machine, body, received_at)
            except Refusal:
                machine.refused_requests += 1
                raise
        except Refusal as refusal:
            state.metrics.refused.labels(refusal.reason).inc()
            await _answer_refusal(send, refusal)
            return
        except Exception:
            logger.exception("fault of ours in a report path=%s", scope["path"])
            state.metrics.refused.labels("fault").inc()
            await _answer_refusal(send, Refusal(500, "fault", "a fault of the collector; its log says more"))
            return
        state.metrics.received_bytes.inc(len(body))
        state.metrics.seconds.observe(max(state.now() - received_at, 0))
        await _answer(send, 200, b'{"interval_seconds":%d}' % machine.interval_seconds, b"application/json")

    def _machine(self, scope: dict[str, Any]) -> Machine:
        if scope["method"] != "POST":
            raise Refusal(405, "malformed", "reports are sent by POST", close=True)
        machine = self._state.fleet.get(scope["path"][len(PREFIX) : -len(SUFFIX)])
        secret = bearer(_header(scope, b"authorization").decode("latin-1"))
        if machine is None or not secret or not matches(secret, machine.credential_hash):
            raise Refusal(401, "credential", "no machine here has this id and this credential", close=True)
        if machine.revoked_at is not None:
            raise Refusal(403, "revoked", "this machine's credential was revoked", close=True)
        if machine.retired_at is not None:
            raise Refusal(410, "retired", "this machine was retired", close=True)
        if self._state.reports.writer.waiting() > BUSY_WHEN_WAITING:
            raise Refusal(503, "busy", "more reports than the disk takes; come again")
        return machine

    async def _body(self, scope: dict[str, Any], receive: Receive) -> bytes:
        limits = self._state.settings.limits
        announced = _header(scope, b"content-length")
        if announced and int(announced) > limits.body_bytes:
            raise Refusal(413, "too_large", f"a body of more than {limits.body_bytes} bytes", close=True)
        try:
            async with asyncio.timeout(limits.receive_seconds):
                return await _read(receive, limits.body_bytes)
        except TimeoutError as error:
            raise Refusal(408, "slow", f"the body took more than {limits.receive_seconds} s", close=True) from error

    async def _take(self, machine: Machine, body: bytes, received_at: float) -> None:
        try:
            post = open_post(body, self._state.settings.limits.inflated_bytes)
            async with machine.turn:
                await self._intake.take(machine, post, received_at)
        except UnknownSchema as error:
            raise Refusal(409, "schema_unknown", f"send the names again: {error}") from error
        except UnknownVersion as error:
            raise Refusal(415, "version", str(error)) from error
        except TooLarge as error:
            raise Refusal(413, "too_large", str(error)) from error
        except Malformed as error:
            logger.warning("report refused machine=%s instance=%s reason=%s", machine.id, machine.instance, error)
            raise Refusal(422, "malformed", str(error)) from error
        except SQLAlchemyError as error:
            raise Refusal(503, "store", "the collector cannot write to its disk") from error


async def _read(receive: Receive, limit: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "disconnected", "the connection ended before the body did", close=True)
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refusal(413, "too_large", f"a body of more than {limit} bytes", close=True)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _header(scope: dict[str, Any], name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


async def _answer_refusal(send: Send, refusal: Refusal) -> None:
    headers: list[tuple[bytes, bytes]] = []
    if refusal.status in (429, 503):
        headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
    if refusal.close:
        headers.append((b"connection", b"close"))
    body = msgspec.json.encode({"title": refusal.reason, "status": refusal.status, "detail": str(refusal)})
    await _answer(send, refusal.status, body, b"application/problem+json", headers)


async def _answer(
    send: Send, status: int, body: bytes, content_type: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    all_headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
