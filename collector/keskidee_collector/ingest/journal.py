"""What becomes durable of each POST, and when it may go again.

Every POST that brings something new is one row of the log: its body, as it came. Now and then a machine's last report
is stored whole (`latest`), and the rows before that are no longer needed: a restart reads `latest` and then the rest of
the log. So a report of 200 bytes costs one small row at the end of a table, instead of a new version of a large one.
Where samples are passed on, they also join the queue of the destinations (feed.py).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.fleet.machine import POSTS_AT_MOST
from keskidee_collector.store.reports import Latest
from keskidee_report.codec import report_payload

if TYPE_CHECKING:
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.ingest.unfolding import Arrival
    from keskidee_collector.state import State
    from keskidee_collector.store.writer import Statement

BODY_BYTES = 64 * 1024
"""After a body of this size it is written at once, so that a machine that sends much does not fill the log."""
MACHINES_AT_ONCE = 100
QUIET_SECONDS = 120.0
"""A machine that fell silent keeps no row of the log for longer than this."""

logger = logging.getLogger(__name__)


class Journal:
    """Gives every POST its place in the log, and lets the log go where it is no longer needed."""

    def __init__(self, state: State, position: int) -> None:
        self._state = state
        self._position = position
        self._storing: set[asyncio.Task[None]] = set()

    def row(self, machine: Machine, body: bytes, arrival: Arrival) -> Statement:
        """The statement that keeps a POST; to be handed to the writer before anything else is awaited."""
        self._position += 1
        machine.logged_position = self._position
        machine.posts_since_stored += 1 if len(body) < BODY_BYTES else POSTS_AT_MOST
        return self._state.reports.log_row(self._position, machine.id, arrival.at, body)

    def logged(self, machine: Machine) -> None:
        """A POST is durable and taken in: perhaps it is time to store the machine's last report whole."""
        machine.heard_position = machine.logged_position
        if machine.posts_since_stored >= POSTS_AT_MOST:
            task = asyncio.create_task(self._store([machine]))  # nobody waits for it: until then the log has it all
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def store(self, quiet_seconds: float = 0.0) -> None:
        """Stores the machines that said something since they were stored, and have been quiet for so long."""
        ticks = self._state.ticks()
        quiet = [
            machine
            for machine in self._state.fleet
            if machine.logged_position > machine.stored_position
            and ticks - max(machine.heard_ticks, machine.polled_ticks) >= quiet_seconds
        ]
        for at in range(0, len(quiet), MACHINES_AT_ONCE):
            await self._store(quiet[at : at + MACHINES_AT_ONCE])

    async def trim(self) -> None:
        """Drops the rows of the log that no restart needs."""
        pinned = [m.stored_position for m in self._state.fleet if m.logged_position > m.stored_position]
        try:
            await self._state.reports.trim_log(min(pinned, default=self._position))
        except SQLAlchemyError as error:
            logger.warning("log is not trimmed error=%s", error)

    async def forget(self, machine: Machine) -> None:
        """Drops what a machine said (it was retired); when it was last heard stays, for the register."""
        store = self._state.reports
        machine.heard_position = machine.logged_position
        await store.writer.save([*store.forget(machine.id), store.latest_row(latest_of(machine))])
        machine.stored_position = machine.logged_position

    async def _store(self, machines: list[Machine]) -> None:
        positions = [(machine, machine.heard_position) for machine in machines]
        store = self._state.reports
        for machine in machines:
            machine.posts_since_stored = 0
            machine.forget_older_bases()
        try:
            await store.writer.save([store.latest_row(latest_of(machine)) for machine in machines])
        except SQLAlchemyError as error:
            logger.warning("last reports are not stored error=%s", error)
            return
        for machine, position in positions:
            machine.stored_position = max(machine.stored_position, position)


def latest_of(machine: Machine) -> Latest:
    """A machine as a restart should find it."""
    shown = machine.shown
    return Latest(
        machine_id=machine.id,
        received_at=machine.last_report_at or 0.0,
        taken_at=machine.taken_at or machine.last_report_at or 0.0,
        clock_offset_seconds=machine.clock_offset_seconds or 0.0,
        goodbye=machine.goodbye,
        sessions=machine.sessions,
        schema_id=shown.schema_id if shown else b"",
        report=report_payload(machine.session, shown) if shown else b"",
        position=machine.heard_position,
    )
