"""Every machine as it was when the collector stopped: its stored report, then the POSTs of the log after it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from keskidee_collector.families.schemas import UnknownSchema
from keskidee_collector.ingest.hearing import hear
from keskidee_collector.ingest.posts import open_post
from keskidee_collector.ingest.unfolding import Arrival, Taken, fresh_of, unfolded
from keskidee_config import LimitSettings
from keskidee_report.decode import decode_report
from keskidee_report.model import Malformed
from keskidee_report.wire import SESSION_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State
    from keskidee_collector.store.reports import Latest, Logged

SET_BACK_SECONDS = 1.0
"""What counts as gone by between two POSTs where the wall clock was set back; how long it really was nobody knows."""
_NO_END = 1 << 40
LIMITS = LimitSettings(inflated_bytes=_NO_END, families=_NO_END, samples=_NO_END)
"""What was taken once is taken again, whatever the limits are by now."""

logger = logging.getLogger(__name__)


def restore_reports(state: State, latest: Iterable[Latest], stopped_at: float | None) -> None:
    """Gives every machine of the fleet what it said. `stopped_at`: when the collector before was last alive."""
    newest: dict[str, Taken] = {}
    steady: dict[str, _Steady] = {}
    for row in latest:
        machine = state.fleet.get(row.machine_id)
        if machine is not None:
            steady[machine.id] = _Steady(row.received_at)
            _take_stored(machine, row, newest)
    for logged in state.reports.all_logged():
        machine = state.fleet.get(logged.machine_id)
        if machine is not None and machine.retired_at is None and logged.position > machine.stored_position:
            clock = steady.setdefault(machine.id, _Steady(logged.received_at))
            _take_logged(state, machine, logged, clock.ticks_at(logged.received_at), newest)
    for machine in state.fleet:
        if machine.id in steady:
            machine.taken_ticks += steady[machine.id].shift(state)
            _settle(state, machine, newest.get(machine.id), stopped_at)


class _Steady:
    """When a machine's stored POSTs came, on a clock that never goes back: the log is in order, the wall clock not."""

    __slots__ = ("_at", "_ticks")

    def __init__(self, at: float) -> None:
        self._at = self._ticks = at

    def ticks_at(self, at: float) -> float:
        """The next POST's time, given when it came by the wall clock of then."""
        self._ticks += at - self._at if at >= self._at else SET_BACK_SECONDS
        self._at = at
        return self._ticks

    def shift(self, state: State) -> float:
        """From this clock to the one of this process."""
        return state.ticks() - max(state.now() - self._at, 0.0) - self._ticks


def _take_stored(machine: Machine, row: Latest, newest: dict[str, Taken]) -> None:
    machine.sessions = row.sessions
    machine.last_report_at = row.received_at or None  # a device that never answered its poller
    machine.taken_at, machine.taken_ticks = row.taken_at, min(row.taken_at, row.received_at)
    machine.goodbye = row.goodbye
    machine.clock_offset_seconds = row.clock_offset_seconds
    machine.stored_position = machine.logged_position = machine.heard_position = row.position
    schema = machine.schemas.get(row.schema_id)
    if schema is None or not row.report:
        return
    try:
        snapshot = decode_report(row.report, len(schema.sources), schema.samples)
    except Malformed as error:
        logger.error("stored report is damaged machine=%s error=%s", machine.id, error)
        return
    session = row.report[:SESSION_BYTES]
    machine.remember_base(session, snapshot)
    newest[machine.id] = Taken(
        session=session, at=row.taken_at, ticks=machine.taken_ticks, schema=schema, snapshot=snapshot
    )  # fmt: skip


def _take_logged(state: State, machine: Machine, logged: Logged, ticks: float, newest: dict[str, Taken]) -> None:
    arrival = Arrival(at=logged.received_at, ticks=ticks)
    machine.logged_position = machine.heard_position = logged.position
    machine.posts_since_stored += 1
    try:
        post = open_post(logged.body, LIMITS)
        fresh = fresh_of(post, machine.is_repeat)
        taken = unfolded(
            post, fresh, arrival, bases=machine.bases, schema_of=machine.schemas.get, samples=LIMITS.samples
        )
    except (Malformed, UnknownSchema) as error:
        logger.error("stored POST is damaged machine=%s error=%s", machine.id, error)
        return
    found = hear(machine, post, fresh, taken, arrival)
    if found is not None:
        newest[machine.id] = found


def _settle(state: State, machine: Machine, newest: Taken | None, stopped_at: float | None) -> None:
    machine.on_since = state.listening_since
    machine.heard_ticks = state.ticks()  # while the collector was away nobody could report
    last = machine.last_report_at or (machine.enrolled_at if machine.poller_id is not None else None)
    if stopped_at is not None and last is not None:
        # who was silent when the collector stopped is silent until it speaks
        machine.heard_ticks -= max(stopped_at - last, 0.0)
    if machine.poller_id is not None:
        told_at = machine.taken_at or machine.enrolled_at
        machine.polled_ticks = state.ticks() - max((stopped_at or told_at) - told_at, 0.0)
    if newest is not None:
        machine.show(newest.session, newest.schema, newest.snapshot, newest.at)
