"""Every machine as it was when the collector stopped: its stored report, then the POSTs of the log after it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from keskidee_collector.hearing import hear
from keskidee_collector.posts import open_post
from keskidee_collector.schemas import UnknownSchema
from keskidee_collector.unfolding import Arrival, Taken, fresh_of, unfolded
from keskidee_report.decode import decode_report
from keskidee_report.model import Malformed
from keskidee_report.wire import SESSION_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.fleet import Machine
    from keskidee_collector.state import State
    from keskidee_collector.store.reports import Latest, Logged

SAMPLES_AT_MOST = 1 << 40
"""What was taken once is taken again, whatever the limits are by now."""

logger = logging.getLogger(__name__)


def restore_reports(state: State, latest: Iterable[Latest], stopped_at: float | None) -> None:
    """Gives every machine of the fleet what it said. `stopped_at`: when the collector before was last alive."""
    newest: dict[str, Taken] = {}
    heard: dict[str, Machine] = {}
    for row in latest:
        machine = state.fleet.get(row.machine_id)
        if machine is not None:
            heard[machine.id] = machine
            _take_stored(state, machine, row, newest)
    for logged in state.reports.all_logged():
        machine = state.fleet.get(logged.machine_id)
        if machine is not None and machine.retired_at is None and logged.position > machine.stored_position:
            heard[machine.id] = machine
            _take_logged(state, machine, logged, newest)
    for machine in heard.values():
        _settle(state, machine, newest.get(machine.id), stopped_at)


def _ticks_at(state: State, at: float) -> float:
    """A moment of the wall clock on the steady one."""
    return state.ticks() - max(state.now() - at, 0.0)


def _take_stored(state: State, machine: Machine, row: Latest, newest: dict[str, Taken]) -> None:
    machine.sessions = row.sessions
    machine.last_report_at = row.received_at
    machine.taken_at, machine.taken_ticks = row.taken_at, _ticks_at(state, row.taken_at)
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


def _take_logged(state: State, machine: Machine, logged: Logged, newest: dict[str, Taken]) -> None:
    arrival = Arrival(at=logged.received_at, ticks=_ticks_at(state, logged.received_at))
    machine.logged_position = machine.heard_position = logged.position
    machine.posts_since_stored += 1
    try:
        post = open_post(logged.body, state.settings.limits)
        fresh = fresh_of(post, machine.is_repeat)
        taken = unfolded(
            post, fresh, arrival, bases=machine.bases, schema_of=machine.schemas.get, samples=SAMPLES_AT_MOST
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
    if stopped_at is not None and machine.last_report_at is not None:
        # who was silent when the collector stopped is silent until it speaks
        machine.heard_ticks -= max(stopped_at - machine.last_report_at, 0.0)
    if newest is not None:
        machine.show(newest.session, newest.schema, newest.snapshot, newest.at)
