"""The collector's state: the fleet and what it said, restored from the stores at the start and kept with them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from keskidee_collector.access.access import Access
from keskidee_collector.access.proxies import Proxies
from keskidee_collector.access.strangers import Strangers
from keskidee_collector.days.days import Days
from keskidee_collector.families.definitions import Definition, Definitions
from keskidee_collector.families.schemas import Schemas, UnknownSchema
from keskidee_collector.fleet.devices import Devices
from keskidee_collector.fleet.fleet import Fleet
from keskidee_collector.fleet.identity import evidence_of
from keskidee_collector.fleet.machine import Machine, interval_of, shared
from keskidee_collector.fleet.presence import Look, Presence
from keskidee_collector.ingest.feed import Feed
from keskidee_collector.ingest.journal import Journal
from keskidee_collector.ingest.links import Links
from keskidee_collector.ingest.restoring import restore_reports
from keskidee_collector.own_metrics import OwnMetrics
from keskidee_collector.register.assets import Assets
from keskidee_collector.store.register import RegisterStore
from keskidee_collector.store.reports import ReportStore
from keskidee_report.decode import decode_index, decode_part
from keskidee_report.model import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keskidee_collector.access.rotation import Rotation
    from keskidee_collector.store.register import MachineRow
    from keskidee_config import CollectorSettings
    from keskidee_report.decode import Part

ALIVE_FILE = "alive"
"""Touched every few seconds while a collector serves."""

logger = logging.getLogger(__name__)


class State:
    """Everything the routes share. `now` gives UTC epoch seconds; `listening_since` is when this process began.

    `rotation` is there where the collector speaks TLS. `opening` bodies are being read by a thread of their own.
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
        self.directory = directory
        self.version = version
        self.now = now
        self.ticks: Callable[[], float] = time.monotonic if now is time.time else now
        self.listening_since = now()
        self.opening = 0
        self.rotation: Rotation | None = None
        self.reports = ReportStore(directory / "reports.db")
        self.register = RegisterStore(directory / "register.db")
        self.assets = Assets(self.register)
        self.definitions = Definitions(settings.limits.fleet_families, settings.limits.families)
        self.schemas = Schemas(self.definitions)
        self.links = Links(settings)
        self.fleet = Fleet()
        self.feed = Feed(self.reports.queue, self.fleet, settings.remote_write)
        self.presence = Presence(self.fleet, settings.silent_after_intervals, since_ticks=self.ticks())
        self.metrics = OwnMetrics(version)
        self.proxies = Proxies(settings.trusted_proxies)
        self.strangers = Strangers(
            self.proxies,
            lambda: self.ticks(),  # noqa: PLW0108  # tests have a clock of their own afterwards
            self.metrics.refuse,
            connections=settings.limits.connections_per_minute,
            failures=settings.limits.failures_per_minute,
        )
        self.access = Access(self.register.tokens(), fingerprint)
        self.journal = Journal(self, self.reports.last_position())
        stopped_at = _last_sign_of_life(directory)
        self._restore(stopped_at)
        pollers = {machine.id: machine.poller_id for machine in self.fleet if machine.poller_id is not None}
        self.devices = Devices(self.register.devices(), pollers)
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

    def newer_agents(self) -> int:
        """How many agents keep reports because this collector is too old to read them."""
        ticks = self.ticks()
        return sum(machine.is_newer(ticks) for machine in self.fleet)

    def _restore(self, stopped_at: float | None) -> None:
        for name, kind, help in self.reports.all_definitions():
            self.definitions.restore(Definition(name=name, kind=kind, help=help))
        for row in self.register.machines():
            machine = machine_of(row)
            machine.heard_ticks = self.ticks()  # while the collector was away nobody could report
            self.fleet.add(machine)
        parts = self._stored_parts()
        latest = {row.machine_id: row for row in self.reports.all_latest()}
        in_use = {(row.machine_id, row.schema_id) for row in latest.values()}
        for machine_id, _, payload in sorted(self.reports.all_schemas(), key=lambda row: row[:2] in in_use):
            self._restore_schema(machine_id, payload, parts)
        restore_reports(self, latest.values(), stopped_at)
        self.links.plan(self.fleet)

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
        facts=shared(row.facts),
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        retired_at=row.retired_at,
        next_credential_hash=row.next_credential_hash,
        credential_at=row.credential_at,
        evidence=row.evidence or (evidence_of(row.facts) if row.poller_id is None else {}),
        clone_of=row.clone_of,
        merged_into=row.merged_into,
        took_over=row.took_over,
        poller_id=row.poller_id,
        interval_seconds=interval_of(row.facts),
    )
