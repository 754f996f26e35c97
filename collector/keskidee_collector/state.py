"""The collector's state: the fleet and what it said, restored from the stores at the start and kept with them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from keskidee_collector.access import Access
from keskidee_collector.definitions import Definition, Definitions
from keskidee_collector.fleet import DEFAULT_INTERVAL_SECONDS, Fleet, Machine
from keskidee_collector.own_metrics import OwnMetrics
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

INTERVAL_SECONDS_AT_MOST = 86_400

logger = logging.getLogger(__name__)


class State:
    """Everything the routes share. `now` gives UTC epoch seconds; `listening_since` is when this process began."""

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
        self.listening_since = now()
        self.reports = ReportStore(directory / "reports.db")
        self.register = RegisterStore(directory / "register.db")
        self.definitions = Definitions(settings.limits.fleet_families)
        self.schemas = Schemas(self.definitions)
        self.fleet = Fleet()
        self.metrics = OwnMetrics(version)
        self.access = Access(self.register.tokens(), fingerprint)
        self._restore()

    def close(self) -> None:
        """Commits what is queued in both stores."""
        self.reports.close()
        self.register.close()

    def machine_state(self, machine: Machine) -> str:
        """on, off, silent or retired, now."""
        return machine.state(
            self.now(),
            silent_after_intervals=self.settings.silent_after_intervals,
            listening_since=self.listening_since,
        )

    def _restore(self) -> None:
        for name, kind, help in self.reports.all_definitions():
            self.definitions.restore(Definition(name=name, kind=kind, help=help))
        for row in self.register.machines():
            self.fleet.add(machine_of(row))
        parts = {part.hash: part for part in map(decode_part, self.reports.all_parts())}
        for machine_id, payload in self.reports.all_schemas():
            self._restore_schema(machine_id, payload, parts)
        for latest in self.reports.all_latest():
            self._restore_latest(latest)

    def _restore_schema(self, machine_id: str, payload: bytes, parts: dict[bytes, Part]) -> None:
        machine = self.fleet.get(machine_id)
        if machine is None:
            return
        index = decode_index(payload)
        try:
            machine.remember_schema(index.id, self.schemas.compile(index, parts))
        except UnknownSchema as missing:
            logger.warning("stored schema is incomplete machine=%s missing=%s", machine_id, missing)

    def _restore_latest(self, latest: Latest) -> None:
        machine = self.fleet.get(latest.machine_id)
        if machine is None:
            return
        machine.sessions = latest.sessions
        machine.last_report_at = latest.received_at
        machine.taken_at = latest.taken_at
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
