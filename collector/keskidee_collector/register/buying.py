"""`POST /v1/assets/purchases`: a list of purchases becomes assets, and what assets say of their purchase."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.answers import disk_problem, problem
from keskidee_collector.register.asking import REFUSALS, answer
from keskidee_collector.register.asset import ORDERED
from keskidee_collector.register.following import AT_ONCE
from keskidee_collector.register.hand import DONE, Entering, Setting, Several
from keskidee_collector.register.purchases import BadLines, Step, text_of
from keskidee_collector.register.told import TooLong, inflated

if TYPE_CHECKING:
    from starlette.responses import Response

    from keskidee_collector.state import State

Job: TypeAlias = Entering | Setting


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of purchases did: assets entered, changed, and found to be like that already."""

    entered: int
    changed: int
    unchanged: int


async def taken(state: State, body: bytes, by: str) -> Response:
    """200 with what it did; 413, 422 with all lines that are wrong, and then nothing is written."""
    limit = state.settings.limits.inflated_bytes
    try:
        steps = await asyncio.to_thread(state.assets.meant, text_of(inflated(body, limit)))
    except TooLong:
        return problem(413, "too_large", f"a list of more than {limit} bytes")
    except (BadLines, msgspec.DecodeError) as error:
        return problem(422, "malformed", f"{error}\nnothing was taken")
    jobs = [_job(step, by, state.now()) for step in steps]
    try:
        for first in range(0, len(jobs), AT_ONCE):  # others come to the writer in between
            await state.register.writer.save(Several(jobs[first : first + AT_ONCE]))
    except SQLAlchemyError:
        return disk_problem()
    return _told(steps, jobs)


def _job(step: Step, by: str, now: float) -> Job:
    if step.asset_id is None:
        return Entering(step.fields, by=by, now=now, told={"state": ORDERED, "name": step.presumed_name})
    return Setting(step.asset_id, step.fields, version=None, by=by, now=now)


def _told(steps: list[Step], jobs: list[Job]) -> Response:
    failed = [(step, job) for step, job in zip(steps, jobs, strict=True) if job.outcome != DONE]
    if failed:  # somebody entered the same meanwhile: the list may be brought once more
        lines = "\n".join([f"line {step.line.number}: {REFUSALS[job.outcome][2]}" for step, job in failed])
        return problem(409, "conflict", f"the other lines were taken\n{lines}")
    changed = sum(isinstance(job, Setting) and job.is_changed for job in jobs)
    entered = sum(isinstance(job, Entering) for job in jobs)
    return answer(Bought(entered=entered, changed=changed, unchanged=len(jobs) - entered - changed))
