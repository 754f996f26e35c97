"""`POST /v1/machines/<id>/inventory`: what a machine is made of, or what changed of that, told by its agent.

Both agree by a hash over all items. Where the collector does not know what the agent starts from, 409 asks for all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from keskidee_collector.answers import NoBody, bounded_body, disk_problem, problem
from keskidee_collector.credentials import STRANGER, barred, speaker
from keskidee_collector.register import taking
from keskidee_collector.register.taking import Taking
from keskidee_collector.register.told import TooLong, read
from keskidee_collector.store.tables import assets

if TYPE_CHECKING:
    from starlette.requests import Request

    from keskidee_collector.fleet import Machine
    from keskidee_collector.register.told import Told
    from keskidee_collector.state import State
    from keskidee_report.inventory import Place

AT_ONCE = 2
"""Inventories that are read at once: ten milliseconds each, in which reports wait for the interpreter."""


class Inventories:
    """The route."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        """204 once durable; 409 where its base is unknown; 401, 403, 410 as for reports; 413, 422 over a limit."""
        state = self._state
        machine = speaker(state, request.path_params["machine_id"], request.headers.get("authorization", ""))
        if machine is None:
            return self._refused(*STRANGER)
        if (why := barred(machine)) is not None:
            return self._refused(*why)
        limits = state.settings.limits
        try:
            body = await bounded_body(request, limits.body_bytes, limits.receive_seconds)
            async with self._reading:
                told, digests = await asyncio.to_thread(read, body, inflated_bytes=limits.inflated_bytes)
        except NoBody as refused:
            state.metrics.refuse(refused.title)
            return refused.answer()
        except TooLong:
            return self._refused(413, "too_large", f"an inventory of more than {limits.inflated_bytes} bytes")
        except msgspec.MsgspecError as error:
            return self._refused(422, "malformed", f"the inventory is not as it should be: {error}")
        try:
            return await self._taken(machine, told, digests)
        except SQLAlchemyError:
            return disk_problem()

    async def _taken(self, machine: Machine, told: Told, digests: dict[Place, bytes]) -> Response:
        state = self._state
        at_most = state.settings.limits.items
        await state.assets.following.follow([machine], state.now())
        job = Taking(assets.c.machine_id == machine.id, told, digests, now=state.now(), items_at_most=at_most)
        await state.register.writer.save(job)
        if job.outcome == taking.TAKEN:
            state.metrics.inventories.inc()
            state.metrics.inventory_changes.inc(job.changes)
            return Response(status_code=204)
        if job.outcome == taking.BASE_UNKNOWN:
            return self._refused(409, "base_unknown", "send all of it")
        if job.outcome == taking.TOO_MANY:
            return self._refused(422, "limit", f"more than {at_most} items")
        return self._refused(422, "malformed", "the hash is not that of the items")

    def _refused(self, status: int, title: str, detail: str) -> Response:
        self._state.metrics.refuse(title)
        return problem(status, title, detail)
