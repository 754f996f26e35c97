"""`POST /v1/machines/<id>/inventory`: what a machine is made of, or what changed of that, told by its agent; what is
long comes in pieces, `.../inventory/pieces`.

Both agree by a hash over all items. Where the collector does not know what the agent starts from, 409 asks for all.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keskidee_collector.access.credentials import STRANGER, barred, speaker
from keskidee_collector.answers import NoBody, bounded_body, disk_problem, problem
from keskidee_collector.register import taking
from keskidee_collector.register.pieces import DROP, Adding, Piece, is_sound
from keskidee_collector.register.taking import Taking
from keskidee_collector.register.told import TooLong, read
from keskidee_collector.store.tables import assets

if TYPE_CHECKING:
    from starlette.requests import Request

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.register.told import Told
    from keskidee_collector.state import State
    from keskidee_report.inventory import Place

TOO_MANY_REQUESTS = 429
RETRY_SECONDS = 600
logger = logging.getLogger(__name__)
AT_ONCE = 2
"""Inventories that are read at once: ten milliseconds each, in which reports wait for the interpreter."""


class Inventories:
    """The routes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._reading = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """What `app` lists."""
        return [
            Route("/v1/machines/{machine_id}/inventory", self.take, methods=["POST"]),
            Route("/v1/machines/{machine_id}/inventory/pieces", self.take_piece, methods=["POST"]),
        ]

    async def take(self, request: Request) -> Response:
        """204 once durable; 409 where its base is unknown; 401, 403, 410 as for reports; 413, 422 over a limit."""
        try:
            machine = self._speaker(request)
            return await self._read(machine, await self._body(request))
        except _Refused as refused:
            return refused.answer
        except SQLAlchemyError:
            return disk_problem()

    async def take_piece(self, request: Request) -> Response:
        """202 with how many bytes are here, durable; as `take` once all are. A piece without bytes asks for that."""
        state = self._state
        try:
            machine = self._speaker(request)
            piece, content = Piece.of(request.query_params), await self._body(request)
            if not piece.start + len(content) <= piece.length <= state.settings.limits.body_bytes:
                return self._refused(413, "too_large", f"an inventory of {piece.length} bytes, or a piece beyond it")
            adding = Adding(machine.id, piece, content, now=state.now())
            await state.reports.writer.save(adding)
            if adding.whole is None:
                return JSONResponse({"have": adding.has}, 202)
            answer = await self._whole(machine, piece, adding.whole)
            if answer.status_code == TOO_MANY_REQUESTS:  # the pieces wait here, and the agent asks again
                return answer
            await state.reports.writer.save([(DROP, {"machine": machine.id})])
        except _Refused as refused:
            return refused.answer
        except msgspec.MsgspecError as error:
            return self._refused(422, "malformed", f"no piece of an inventory: {error}")
        except SQLAlchemyError:
            return disk_problem()
        return answer

    async def _whole(self, machine: Machine, piece: Piece, body: bytes) -> Response:
        if not is_sound(piece, body):
            return self._refused(422, "malformed", "the pieces are not those of that body")
        try:
            return await self._read(machine, body)
        except _Refused as refused:
            return refused.answer

    def _speaker(self, request: Request) -> Machine:
        machine = speaker(self._state, request.path_params["machine_id"], request.headers.get("authorization", ""))
        if machine is None:
            raise _Refused(self._refused(*STRANGER))
        if (why := barred(machine)) is not None:
            raise _Refused(self._refused(*why))
        per_minute = self._state.settings.limits.requests_per_minute
        if not machine.may_post(self._state.ticks(), per_minute):
            raise _Refused(self._hurried(machine, f"more than {per_minute} requests a minute"))
        return machine

    async def _body(self, request: Request) -> bytes:
        limits = self._state.settings.limits
        try:
            return await bounded_body(request, limits.body_bytes, limits.receive_seconds)
        except NoBody as refused:
            self._state.metrics.refuse(refused.title)
            raise _Refused(refused.answer()) from None

    async def _read(self, machine: Machine, body: bytes) -> Response:
        limits = self._state.settings.limits
        try:
            async with self._reading:
                told, digests = await asyncio.to_thread(read, body, inflated_bytes=limits.inflated_bytes)
        except TooLong:
            return self._refused(413, "too_large", f"an inventory of more than {limits.inflated_bytes} bytes")
        except msgspec.MsgspecError as error:
            return self._refused(422, "malformed", f"the inventory is not as it should be: {error}")
        return await self._taken(machine, told, digests)

    async def _taken(self, machine: Machine, told: Told, digests: dict[Place, bytes]) -> Response:
        state = self._state
        limits = state.settings.limits
        await state.assets.following.follow([machine], state.now())
        job = Taking(
            assets.c.machine_id == machine.id, told, digests, now=state.now(), items_at_most=limits.items,
            changes_at_most=machine.may_change(state.ticks(), limits.changes_per_day),
        )  # fmt: skip
        await state.register.writer.save(job)
        machine.changes_left -= job.changes
        if job.outcome == taking.TAKEN:
            state.metrics.inventories.inc()
            state.metrics.inventory_changes.inc(job.changes)
            return Response(status_code=204)
        if job.outcome == taking.BASE_UNKNOWN:
            return self._refused(409, "base_unknown", "send all of it")
        if job.outcome == taking.TOO_MANY:
            return self._refused(422, "limit", f"more than {limits.items} items, or {taking.KINDS_AT_MOST} kinds")
        if job.outcome == taking.TOO_FAST:
            return self._hurried(machine, f"more than {limits.changes_per_day} changes a day")
        return self._refused(422, "malformed", "the hash is not that of the items")

    def _hurried(self, machine: Machine, reason: str) -> Response:
        if machine.hurries(self._state.ticks()):
            logger.warning("inventory refused machine=%s instance=%r reason=%s", machine.id, machine.instance, reason)
        self._state.metrics.refuse("rate")
        return problem(TOO_MANY_REQUESTS, "rate", reason, {"Retry-After": str(RETRY_SECONDS)})

    def _refused(self, status: int, title: str, detail: str) -> Response:
        self._state.metrics.refuse(title)
        return problem(status, title, detail)


class _Refused(Exception):
    """The answer to a request that changes nothing."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer
