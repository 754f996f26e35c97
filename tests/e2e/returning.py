"""Pretend machines that come back with a backlog: each interval the live report first, then one batch of older ones.

As the real agent does it (`keskidee_agent/delivery/`), with its courtesy. The batches of all machines of a
layout say the same, so that they are encoded once; session and schema are each machine's own.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from keskidee_agent.delivery.courtesy import Courtesy
from keskidee_agent.delivery.delivery import BATCH_REPORTS
from keskidee_report.delta import delta_of
from keskidee_report.wire import SCHEMA_ID_BYTES, SESSION_BYTES, Reader
from keskidee_simulator.life import Life
from keskidee_simulator.rounds import Rounds, When, milliseconds, shared_encoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_report.delta import Snapshot
    from keskidee_simulator.connection import Connection
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.habits import Presence
    from keskidee_simulator.world import World

BOOTED_BEFORE_SECONDS = 1000.0
BEGAN = date(2026, 3, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One POST of a backlog but for session and schema: its whole report in three pieces, the deltas behind it."""

    head: bytes
    stamps: bytes
    rest: bytes
    deltas: list[bytes]

    def frames(self, session: bytes, schema_id: bytes) -> list[bytes]:
        return [self.head + session + self.stamps + schema_id + self.rest, *self.deltas]


@dataclass(kw_only=True)
class Outage:
    """`reports` an interval apart, the last one before `ended_at` (epoch seconds)."""

    reports: int
    interval_seconds: float
    ended_at: float
    done_at: dict[int, float] = field(default_factory=dict)
    """When all of a machine's backlog was acknowledged (epoch seconds), by its number."""
    is_over: bool = False
    reporting: int = 0
    """Machines that wait for an answer now."""
    _made: dict[int, list[Batch]] = field(default_factory=dict)

    @property
    def booted_at(self) -> float:
        return self.ended_at - self.reports * self.interval_seconds - BOOTED_BEFORE_SECONDS

    def batches(self, machine: Pretend) -> list[Batch]:
        """The backlog of a machine, oldest first. All are of one model, so only the time zone tells layouts apart."""
        zone = machine.site.utc_offset_seconds
        if zone not in self._made:
            rounds = Rounds(machine, BEGAN)
            starts = range(0, self.reports, BATCH_REPORTS)
            self._made[zone] = [self._batch(machine, rounds, start) for start in starts]
        return self._made[zone]

    def _batch(self, machine: Pretend, rounds: Rounds, start: int) -> Batch:
        """Sequences begin at 1, as a pretend machine counts."""
        encoder = shared_encoder(machine.model, machine.system, machine.site.utc_offset_seconds, "")
        encoder.session = bytes(SESSION_BYTES)
        frames: list[bytes] = []
        base: Snapshot | None = None
        for number in range(start, min(start + BATCH_REPORTS, self.reports)):
            at = self.ended_at - (self.reports - number) * self.interval_seconds
            boot_ms, readings = milliseconds(at - self.booted_at), rounds.readings(at, self.booted_at)
            report = encoder.report(readings, sequence=number + 1, boot_ms=boot_ms, wall_ms=rounds.wall_ms(at))
            found = delta_of(base, report.snapshot) if base is not None else None
            frame, base = found or (report.frame, report.snapshot)
            frames.append(frame)
        return _split(frames)


def _split(frames: list[bytes]) -> Batch:
    whole = frames[0]
    reader = Reader(whole)
    reader.byte()
    reader.varint()
    head = len(whole) - reader.left()
    reader.take(SESSION_BYTES)
    reader.varints(3)
    stamps = len(whole) - reader.left()
    return Batch(
        head=whole[:head],
        stamps=whole[head + SESSION_BYTES : stamps],
        rest=whole[stamps + SCHEMA_ID_BYTES :],
        deltas=frames[1:],
    )


class Returning(Life):
    """A machine whose agent ran all the while, and whose collector is back."""

    __slots__ = ("_batches_left", "_courtesy", "_outage")

    def __init__(self, machine: Pretend, connection: Connection, world: World, outage: Outage) -> None:
        super().__init__(machine, connection, world)
        self._outage = outage
        self._courtesy = Courtesy()
        self._batches_left = list(reversed(outage.batches(machine)))
        self._sequence = outage.reports

    async def _report(self, now: Presence) -> None:
        if self._outage.is_over:
            return
        self._outage.reporting += 1
        try:
            await self._report_and_catch_up(now)
        finally:
            self._outage.reporting -= 1

    async def _report_and_catch_up(self, now: Presence) -> None:
        began = time.monotonic()
        await super()._report(now)
        courteous = self._courtesy.allows((time.monotonic() - began) * 1000)
        if self._batches_left and self._base is not None and not self._failures and courteous:
            await self._send_batch(self._base.schema_id)

    async def _send_batch(self, schema_id: bytes) -> None:
        """One batch, once the live report is there; the next round has the next."""
        clock, booted_at = self._world.clock(), self._outage.booted_at
        when = When(session=self._session, sequence=self._sequence, now=clock, booted_at=booted_at)
        answer = await self._post(self._batches_left[-1].frames(self._session, schema_id), when)
        if answer is None or answer.status != 200:
            return
        self._batches_left.pop()
        if not self._batches_left:
            self._outage.done_at[self._machine.number] = time.time()


async def run(lives: list[Returning], outage: Outage, over: Callable[[], bool]) -> None:
    """Lets the machines live until it is over, and every answer is there: what is stored is then what was counted."""
    tasks = [asyncio.create_task(life.live()) for life in lives]
    try:
        while not outage.is_over or outage.reporting:
            outage.is_over = outage.is_over or over()
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.1)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
