"""One row a machine and UTC day, kept for good: "before" cannot be measured afterwards.

A stretch of time is counted once it is known what it was: as on up to the last report, and then as off, silent or cut
off. Everything is counted in memory and written each hour, at the end of a day, and at a stop; each row says until
when it counts, so that nothing counts twice after a crash. What the collector cannot vouch for is unknown.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.days.away import away_of
from keskidee_collector.days.tally import DAY_SECONDS, Tally, day_of
from keskidee_collector.families.measures import Measures, Spot, measures_of, spots_of
from keskidee_collector.fleet.machine import ON, RETIRED
from keskidee_collector.fleet.presence import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_collector.families.schemas import Schema
    from keskidee_collector.fleet.fleet import Fleet
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.fleet.presence import Look
    from keskidee_collector.store.days import DayRow
    from keskidee_collector.store.register import RegisterStore

SAMPLE_SECONDS = 300
ANOTHER_BOOT_SECONDS = 30
"""Two moments of boot that are nearer than this are one, seen through a clock and a line that waver."""
ROWS_AT_ONCE = 500
"""Then reports have their turn."""
LONGEST_DAYS = 400
"""A clock that jumps further than this was wrong: no rows are made up for it."""

logger = logging.getLogger(__name__)


class Days:
    """Counts the days of a fleet. `look` gives everybody's state now."""

    def __init__(self, fleet: Fleet, register: RegisterStore, look: Callable[[], Look]) -> None:
        self._fleet = fleet
        self._register = register
        self._look = look
        self._tallies: dict[str, Tally] = {}
        self._finished: dict[tuple[str, str], DayRow] = {}
        self._retired: dict[str, DayRow] = {}
        self._measures: WeakKeyDictionary[Schema, Measures] = WeakKeyDictionary()
        self._by_spots: WeakValueDictionary[tuple[Spot, ...], Measures] = WeakValueDictionary()

    def restore(self, stopped_at: float | None, now: float) -> None:
        """Goes on from the rows that were kept. What was between the last sign of life and now, nobody knows."""
        rows = {row.machine_id: row for row in self._register.last_days()}
        look = self._look()
        for machine in self._fleet:
            row = rows.get(machine.id)
            if machine.retired_at is not None:
                if row is not None:
                    self._retired[machine.id] = row
                continue
            tally = self._tallies[machine.id] = self._new(machine, now)
            if row is not None:
                told = tally.away_told, tally.taken_at
                tally = self._tallies[machine.id] = Tally.of(row)
                tally.away_told, tally.taken_at = told
                stopped = min(max(stopped_at or tally.counted_until, tally.counted_until), now)
                self._count(tally, ON if row.state == ON else UNKNOWN, min(machine.last_report_at or 0.0, stopped))
                self._count(tally, look.state(machine), stopped)
                self._count(tally, UNKNOWN, now)
            tally.state = look.state(machine)

    def returns(self, machine: Machine, at: float) -> None:
        """A machine is heard that was not on: to be called before it is shown as on. The time until now is settled."""
        self._settle(machine, self._tally(machine, at), self._look().state(machine), at)

    def take(self, machine: Machine, schema: Schema, words: bytes, at: float, reports: int = 1) -> None:
        """The newest report of a machine that was shown just now, taken at `at`; `reports` came in its POST."""
        tally = self._tally(machine, at)
        if at >= tally.ends_at:
            self._settle(machine, tally, ON, at)
        tally.reports += reports
        self._take_away(machine, tally)
        measures = self._measures.get(schema)
        if measures is None:
            measures = self._measures[schema] = self._measures_of(spots_of(schema))
        is_new = self._take_boot(machine, tally, measures.boot.of(words), at)
        tally.taken_at = at
        if is_new or at - tally.sampled_at >= SAMPLE_SECONDS:
            tally.sample(measures, words, at)

    def _measures_of(self, spots: tuple[Spot, ...]) -> Measures:
        """One object for all schemas that have what is measured at the same places."""
        known = self._by_spots.get(spots)
        if known is None:
            known = self._by_spots[spots] = measures_of(spots)
        return known

    async def settle(self, at: float) -> None:
        """Counts everybody's time up to now, as far as it is known."""
        look = self._look()
        for number, machine in enumerate(list(self._fleet), 1):
            if machine.retired_at is None or machine.id in self._tallies:
                self._settle(machine, self._tally(machine, at), look.state(machine), at)
            if number % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
                look = self._look()

    async def write(self, at: float) -> None:
        """Keeps every day as it stands now. What the disk does not take is written the next time."""
        await self.settle(at)
        rows = [*self._finished.values(), *[tally.row() for tally in self._tallies.values()]]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            chunk = rows[start : start + ROWS_AT_ONCE]
            try:
                await self._register.save_days(chunk)
            except SQLAlchemyError as error:
                logger.warning("days are not written error=%s", error)
                return
            for row in chunk:
                self._finished.pop((row.machine_id, row.day), None)

    def has_finished(self) -> bool:
        """Whether a day ended that is not written yet."""
        return bool(self._finished)

    def _tally(self, machine: Machine, at: float) -> Tally:
        tally = self._tallies.get(machine.id)
        if tally is None:
            tally = self._tallies[machine.id] = self._begun(machine, at)
        return tally

    def _begun(self, machine: Machine, at: float) -> Tally:
        """The day of a machine that is new, or was retired or merged and is no more.

        Its time away is counted nowhere: what was told in another record, or by nobody, is not this one's.
        """
        row = self._retired.pop(machine.id, None)
        if row is None or row.day != day_of(at):
            is_new = row is None and at - machine.enrolled_at < DAY_SECONDS
            return self._new(machine, min(machine.enrolled_at, at) if is_new else at)
        tally = Tally.of(row)
        tally.away_told, tally.taken_at = _away_told(machine), machine.taken_at
        tally.counted_until, tally.state = max(tally.counted_until, at), UNKNOWN
        return tally

    def _new(self, machine: Machine, at: float) -> Tally:
        tally = Tally(machine.id, machine.site, at)
        tally.taken_at = machine.taken_at
        tally.away_told = _away_told(machine)
        return tally

    def _settle(self, machine: Machine, tally: Tally, state: str, at: float) -> None:
        if tally.counted_until > at + DAY_SECONDS:  # the clock was far ahead, and is right again
            self._finish(tally, at)
        if state == RETIRED:
            self._count(tally, tally.state, min(machine.retired_at or at, at))
            row = self._retired[machine.id] = tally.row()
            self._finished[row.machine_id, row.day] = row
            del self._tallies[machine.id]
            return
        if machine.last_report_at is None:
            self._count(tally, UNKNOWN, at)
            return
        heard_at = min(machine.last_report_at, at)
        was_on = tally.state == ON or machine.on_since >= tally.counted_until
        if tally.state != ON:
            self._count(tally, tally.state, min(machine.on_since, heard_at))
        if was_on:
            self._count(tally, ON, heard_at)
        tally.state = state
        if state != ON:
            self._count(tally, state, at)

    def _count(self, tally: Tally, state: str, until: float) -> None:
        """So long it was in this state; each midnight in between ends a day."""
        if until - tally.counted_until > LONGEST_DAYS * DAY_SECONDS:
            self._finish(tally, until)
        while tally.ends_at <= until:
            tally.seconds[state] += tally.ends_at - tally.counted_until
            tally.state = state
            self._finish(tally, tally.ends_at)
        if until > tally.counted_until:
            tally.seconds[state] += until - tally.counted_until
            tally.counted_until = until

    def _finish(self, tally: Tally, at: float) -> None:
        """Ends a day; the next is the one of this moment."""
        if tally.counted_until <= tally.ends_at:
            tally.counted_until = min(at, tally.ends_at)
        row = tally.row()
        self._finished[row.machine_id, row.day] = row
        tally.counted_until = at
        tally.begin(at)

    def _take_away(self, machine: Machine, tally: Tally) -> None:
        told = _away_told(machine)
        if told != tally.away_told:
            tally.away_told = told
            away = away_of(machine.facts)
            if away is not None:
                tally.aways[away.reason] += 1
                tally.away_seconds += away.seconds or 0

    def _take_boot(self, machine: Machine, tally: Tally, boot: float | None, at: float) -> bool:
        """Whether the machine was started after its report before this one."""
        if boot is None:
            return False
        booted_at = boot - (machine.clock_offset_seconds or 0.0)
        is_new = (
            tally.taken_at is not None
            and booted_at > tally.taken_at
            and booted_at - tally.booted_at > ANOTHER_BOOT_SECONDS
        )
        if is_new:
            tally.boot(booted_at, at)
        tally.booted_at = booted_at
        return is_new


def _away_told(machine: Machine) -> tuple[str, str]:
    facts = machine.facts
    return facts.get("away_reason", ""), facts.get("away_since", "")
