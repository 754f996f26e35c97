"""The collector's state: the fleet and what it said, restored from the stores at the start and kept with them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from keskidee_collector.access import Access
from keskidee_collector.days import Days
from keskidee_collector.definitions import Definition, Definitions
from keskidee_collector.fleet import DEFAULT_INTERVAL_SECONDS, Fleet, Machine
from keskidee_collector.own_metrics import OwnMetrics
from keskidee_collector.presence import Look, Presence
from keskidee_collector.schemas import Schemas, UnknownSchema
from keskidee_collector.store.register import RegisterStore
from keskidee_collector.store.reports import ReportStore
from keskidee_report.decode import decode_index, decode_part, decode_report
from keskidee_report.model import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keskidee_collector.store.register import MachineRow
    from keskidee_collector.store.reports import Latest
    from keskidee_config import CollectorSettings
    from keskidee_report.decode import Part

ALIVE_FILE = "alive"
"""Touched every few seconds while a collector serves."""
INTERVAL_SECONDS_AT_MOST = 86_400

logger = logging.getLogger(__name__)


class State:
    """Everything the routes share. `now` gives UTC epoch seconds; `listening_since` is when this process began.

    `ticks` are seconds of a clock that is never set: what is newer, and who is silent, must not depend on a wall clock
    that steps. A test that sets `now` gets its ticks from there too.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        directory: Path,
        *,
        version: str,
        fingerprint: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.version = version
        self.now = now
        self.ticks: Callable[[], float] = time.monotonic if now is time.time else now
        self.listening_since = now()
        self.reports = ReportStore(directory / "reports.db")
        self.register = RegisterStore(directory / "register.db")
        self.definitions = Definitions(settings.limits.fleet_families, settings.limits.families)
        self.schemas = Schemas(self.definitions)
        self.fleet = Fleet()
        self.presence = Presence(self.fleet, settings.silent_after_intervals, since_ticks=self.ticks())
        self.metrics = OwnMetrics(version)
        self.access = Access(self.register.tokens(), fingerprint)
        stopped_at = _last_sign_of_life(directory)
        self._restore(stopped_at)
        self.days = Days(self.fleet, self.register, self.look)
        self.days.restore(stopped_at, self.listening_since)

    def close(self) -> None:
        """Commits what is queued in both stores."""
        self.reports.close()
        self.register.close()

    def look(self) -> Look:
        """Every machine's and site's state, now."""
        return self.presence.look(self.ticks())

    def machine_state(self, machine: Machine) -> str:
        """on, off, silent, link_down or retired, now; who asks for many takes one `look`."""
        return self.look().state(machine)

    def _restore(self, stopped_at: float | None) -> None:
        for name, kind, help in self.reports.all_definitions():
            self.definitions.restore(Definition(name=name, kind=kind, help=help))
        for row in self.register.machines():
            machine = machine_of(row)
            machine.heard_ticks = self.ticks()  # while the collector was away nobody could report
            self.fleet.add(machine)
        parts = self._stored_parts()
        shown = {latest.machine_id: latest for latest in self.reports.all_latest()}
        in_use = {(latest.machine_id, latest.schema_id) for latest in shown.values()}
        for machine_id, _, payload in sorted(self.reports.all_schemas(), key=lambda row: row[:2] in in_use):
            self._restore_schema(machine_id, payload, parts)
        for latest in shown.values():
            self._restore_latest(latest, stopped_at)

    def _stored_parts(self) -> dict[bytes, Part]:
        parts = {}
        for payload in self.reports.all_parts():
            try:
                part = decode_part(payload)
            except Malformed as error:  # taken by a version with other rules: the agent sends its names again
                logger.warning("stored names are not understood error=%s", error)
            else:
                parts[part.hash] = part
        return parts

    def _restore_schema(self, machine_id: str, payload: bytes, parts: dict[bytes, Part]) -> None:
        machine = self.fleet.get(machine_id)
        if machine is None:
            return
        try:
            index = decode_index(payload)
            machine.remember_schema(index.id, self.schemas.compile(index, parts))
        except (UnknownSchema, Malformed) as missing:
            logger.warning("stored schema is incomplete machine=%s missing=%s", machine_id, missing)

    def _restore_latest(self, latest: Latest, stopped_at: float | None) -> None:
        machine = self.fleet.get(latest.machine_id)
        if machine is None:
            return
        machine.sessions = latest.sessions
        machine.last_report_at = latest.received_at
        if stopped_at is not None:  # who was silent when the collector stopped is silent until it speaks
            machine.heard_ticks -= max(stopped_at - latest.received_at, 0.0)
        machine.taken_at = latest.taken_at
        machine.taken_ticks = self.ticks() - max(self.now() - latest.taken_at, 0.0)
        machine.goodbye = latest.goodbye
        machine.on_since = self.listening_since
        machine.clock_offset_seconds = latest.clock_offset_seconds
        schema = machine.schemas.get(latest.schema_id)
        if schema is None or not latest.report:
            return
        try:
            round_ = decode_report(latest.report, len(schema.sources), schema.samples)
        except Malformed as error:
            logger.error("stored report is damaged machine=%s error=%s", latest.machine_id, error)
            return
        machine.show(schema, round_.words)
        machine.judge(schema.sources, round_, latest.taken_at)


def _last_sign_of_life(directory: Path) -> float | None:
    """When the collector before this one was last alive (epoch seconds); None where there was none."""
    try:
        return (directory / ALIVE_FILE).stat().st_mtime
    except FileNotFoundError:
        return None


def machine_of(row: MachineRow) -> Machine:
    """A machine as it stands in the register, before it has said anything."""
    return Machine(
        id=row.id,
        instance=row.instance,
        site=row.site,
        role=row.role,
        credential_hash=row.credential_hash,
        facts=row.facts,
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        retired_at=row.retired_at,
        interval_seconds=interval_of(row.facts),
    )


def interval_of(facts: dict[str, str]) -> float:
    """The seconds between two reports of a machine, by its own word where that is sensible."""
    try:
        seconds = float(facts.get("interval_seconds", ""))
    except ValueError:
        return DEFAULT_INTERVAL_SECONDS
    return seconds if 0 < seconds <= INTERVAL_SECONDS_AT_MOST else DEFAULT_INTERVAL_SECONDS
