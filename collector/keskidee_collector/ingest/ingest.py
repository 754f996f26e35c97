"""The report route: `POST /v1/machines/<id>/reports`, as a bare ASGI application because it carries all the load.

Authenticated, read with limits, opened, checked against what is known, made durable, and only then shown and answered.
The one place that turns what went wrong with a report into an answer and a counter.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.access.credentials import STRANGER, barred, speaker
from keskidee_collector.families.schemas import UnknownSchema
from keskidee_collector.fleet.identity import is_of_clone
from keskidee_collector.ingest.exchange import Reply
from keskidee_collector.ingest.intake import Intake
from keskidee_collector.ingest.posts import open_post
from keskidee_collector.ingest.unfolding import Arrival, UnknownBase
from keskidee_collector.routes.renewal import asking
from keskidee_report.decode import OverLimit, TooLarge
from keskidee_report.model import Malformed, UnknownForm
from keskidee_report.wire import SPEAKS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.ingest.exchange import Headers
    from keskidee_collector.ingest.posts import Post
    from keskidee_collector.state import State

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

PREFIX, SUFFIX = "/v1/machines/", "/reports"
_PREFIX, _SUFFIX = PREFIX.encode(), SUFFIX.encode()
BUSY_WHEN_WAITING = 2_000
RETRY_AFTER_SECONDS = 30
POSTS_AT_ONCE = 4
"""An agent has one connection; some more are left over from links that broke."""
TOLD_SECONDS = 60.0
"""A machine that is wrong and right by turns, or wrong in many ways, fills no disk with lines of the log."""
DRAINED_BODIES = 4
"""So many times the allowed size is read and thrown away, so that a sender hears its answer before the line is cut."""
SMALL_BODY_BYTES = 16 * 1024
"""A larger body is opened in a thread of its own: it may hold names that take seconds, and everybody else goes on."""

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


def is_plain_target(target: bytes) -> bool:
    """Whether a request target is a path of this route as agents write it, with nothing in it to be decoded."""
    return target.startswith(_PREFIX) and target.endswith(_SUFFIX) and target[len(_PREFIX) : -len(_SUFFIX)].isalnum()


class Ingest:
    """The report route: an ASGI application, and `reply` for a POST that is there as a whole."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._intake = Intake(state)
        self._opener = ThreadPoolExecutor(1, "opener")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request whose body may still be coming."""
        incoming, headers = Incoming(receive), scope["headers"]
        if scope["method"] != "POST":
            done: bytes | Refusal = Refusal(405, "malformed", "reports are sent by POST", close=True)
        else:
            done = await self._taken(scope["path"], headers, lambda: self._body(headers, incoming))
        if isinstance(done, Refusal) and done.status != 408 and not _header(headers, b"expect"):
            limits = self._state.settings.limits
            await incoming.drain(limits.body_bytes * DRAINED_BODIES, limits.receive_seconds)
        await _send(send, self._reply(done))

    async def reply(self, target: bytes, headers: Headers, body: bytes) -> Reply:
        """The answer to a POST that is there as a whole."""

        async def read() -> bytes:
            if len(body) > self._state.settings.limits.body_bytes:
                raise _too_long(self._state.settings.limits.body_bytes)
            return body

        return self._reply(await self._taken(target.decode("ascii"), headers, read))

    async def _taken(self, path: str, headers: Headers, read: Callable[[], Awaitable[bytes]]) -> bytes | Refusal:
        """What to say to a report once everything of it is done, or why it is refused."""
        state = self._state
        arrival = Arrival(at=state.now(), ticks=state.ticks())
        try:
            machine = self._machine(path, headers)
        except Refusal as refusal:
            return refusal
        machine.posts += 1
        try:
            self._check_rate(machine, arrival.ticks)
            body = await read()
            reports = await self._take(machine, body, arrival)
        except Refusal as refusal:
            machine.refused_posts += 1
            return refusal
        except Exception:
            logger.exception("fault of ours in a report machine=%s", machine.id)
            return Refusal(500, "fault", "a fault of the collector; its log says more")
        finally:
            machine.posts -= 1
        machine.refusal = ""
        state.metrics.received_bytes.inc(len(body))
        state.metrics.seconds.observe(state.ticks() - arrival.ticks)
        answer = state.links.answer(machine, len(body), reports)
        if state.devices.has_handed(machine.id):
            answer = answer[:-1] + b',"devices":1}'
        return asking(answer) if machine.renews else answer

    def _machine(self, path: str, headers: Headers) -> Machine:
        authorization = _header(headers, b"authorization").decode("latin-1")
        machine = speaker(self._state, path[len(PREFIX) : -len(SUFFIX)], authorization)
        if machine is None:
            raise Refusal(*STRANGER, close=True)
        _check_standing(machine)
        if self._state.reports.writer.waiting() > BUSY_WHEN_WAITING:
            raise Refusal(503, "busy", "more reports than the disk takes; come again")
        if machine.posts >= POSTS_AT_ONCE:
            raise Refusal(429, "limit", f"more than {POSTS_AT_ONCE} reports of this machine at once")
        return machine

    def _check_rate(self, machine: Machine, ticks: float) -> None:
        per_minute = self._state.settings.limits.requests_per_minute
        if machine.may_post(ticks, per_minute):
            return
        reason = f"more than {per_minute} requests a minute"
        if machine.hurries(ticks):
            logger.warning("report refused machine=%s instance=%r reason=%s", machine.id, machine.instance, reason)
        raise Refusal(429, "rate", reason)

    async def _body(self, headers: Headers, incoming: Incoming) -> bytes:
        limits = self._state.settings.limits
        announced = _header(headers, b"content-length")
        if announced and (not announced.isdigit() or len(announced) > 12 or int(announced) > limits.body_bytes):
            raise _too_long(limits.body_bytes)
        try:
            async with asyncio.timeout(limits.receive_seconds):
                return await incoming.read(limits.body_bytes)
        except TimeoutError as error:
            raise Refusal(408, "slow", f"the body took more than {limits.receive_seconds} s", close=True) from error

    async def _take(self, machine: Machine, body: bytes, arrival: Arrival) -> int:
        try:
            async with machine.turn:
                _check_standing(machine)  # it may have been revoked or retired while this POST waited
                post = await self._opened(body)
                if is_of_clone(machine, post, arrival.ticks):
                    raise Refusal(401, "clone", "another machine has this credential: this one gets an id of its own")
                return await self._intake.take(machine, post, body, arrival)
        except UnknownBase as error:
            raise Refusal(409, "base_unknown", f"send the whole report: {error}") from error
        except UnknownSchema as error:
            raise Refusal(409, "schema_unknown", f"send the names again: {error}") from error
        except UnknownForm as error:
            machine.newer_ticks = arrival.ticks
            raise self._told(machine, Refusal(415, "version", str(error))) from error
        except TooLarge as error:
            raise self._told(machine, Refusal(413, "too_large", str(error))) from error
        except OverLimit as error:
            raise self._told(machine, Refusal(422, "limit", str(error))) from error
        except Malformed as error:
            raise self._told(machine, Refusal(422, "malformed", str(error))) from error
        except SQLAlchemyError as error:
            raise Refusal(503, "store", "the collector cannot write to its disk") from error

    def _told(self, machine: Machine, refusal: Refusal) -> Refusal:
        """Logs a refusal that will not pass by itself: once until the machine is understood again, once a minute."""
        ticks = self._state.ticks()
        if machine.refusal != refusal.reason and ticks - machine.told_ticks >= TOLD_SECONDS:
            machine.refusal, machine.told_ticks = refusal.reason, ticks
            logger.warning("report refused machine=%s instance=%r reason=%s", machine.id, machine.instance, refusal)
        return refusal

    async def _opened(self, body: bytes) -> Post:
        limits = self._state.settings.limits
        if len(body) <= SMALL_BODY_BYTES:
            return open_post(body, limits)
        self._state.opening += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._opener, open_post, body, limits)
        finally:
            self._state.opening -= 1

    def _reply(self, done: bytes | Refusal) -> Reply:
        if isinstance(done, bytes):
            return Reply(200, b"application/json", done, [])
        self._state.metrics.refuse(done.reason)
        headers: Headers = []
        if done.status in (429, 503):
            headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
        if done.status == 405:
            headers.append((b"allow", b"POST"))
        if done.close:
            headers.append((b"connection", b"close"))
        body = msgspec.json.encode({"title": done.reason, "status": done.status, "detail": str(done), "speaks": SPEAKS})
        return Reply(done.status, b"application/problem+json", body, headers, close=done.close)


class Incoming:
    """The body of one request as it comes in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def read(self, limit: int) -> bytes:
        """All of it. Raises Refusal for more than `limit` bytes, and where the connection ends before it."""
        chunks, size = [], 0
        while not self._ended:
            chunks.append(await self._next())
            size += len(chunks[-1])
            if size > limit:
                raise _too_long(limit)
        return b"".join(chunks)

    async def drain(self, limit: int, seconds: float) -> None:
        """Throws the rest away. A sender that is cut off while it sends would not hear its answer and try for ever."""
        left = limit
        try:
            async with asyncio.timeout(seconds):
                while left > 0 and not self._ended:
                    left -= len(await self._next())
        except (TimeoutError, Refusal):
            return

    async def _next(self) -> bytes:
        message = await self._receive()
        self._ended = not message.get("more_body")
        if message["type"] == "http.disconnect":
            raise Refusal(400, "disconnected", "the connection ended before the body did", close=True)
        chunk: bytes = message.get("body", b"")
        return chunk


def _check_standing(machine: Machine) -> None:
    if (why := barred(machine)) is not None:
        raise Refusal(*why, close=True)


def _too_long(limit: int) -> Refusal:
    return Refusal(413, "too_large", f"a body of more than {limit} bytes", close=True)


def _header(headers: Headers, name: bytes) -> bytes:
    for key, value in headers:
        if key == name:
            return bytes(value)
    return b""


async def _send(send: Send, reply: Reply) -> None:
    for message in reply.messages():
        await send(message)
