"""What exporters and pages may see: machines as rows, their samples as rendered chunks, and what stored.py reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from keskidee_collector.days.away import Away, away_of
from keskidee_collector.families.definitions import Definition
from keskidee_collector.families.render import escaped, labels_text
from keskidee_collector.fleet.machine import LINK_DOWN, OFF, OFF_WORDS, ON, RETIRED, SILENT, UNANNOUNCED
from keskidee_collector.fleet.presence import SITE_STATES
from keskidee_collector.register.history import Change
from keskidee_collector.register.ledger import AssetRow, WholeAsset, stored_assets, stored_changes, stored_whole
from keskidee_collector.register.standing import Standing
from keskidee_collector.store.database import Unusable
from keskidee_collector.stored import DayView, stored_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import CollectorRegistry

    from keskidee_collector.fleet.machine import Machine, Problem
    from keskidee_collector.fleet.presence import Look
    from keskidee_collector.ingest.feed import Feed
    from keskidee_collector.ingest.links import Wishes
    from keskidee_collector.register.assets import Assets
    from keskidee_collector.state import State

__all__ = [
    "MACHINE_STATES",
    "SITE_STATES",
    "AssetRow",
    "Away",
    "Change",
    "DayView",
    "Definition",
    "MachineView",
    "SiteView",
    "Standing",
    "Unusable",
    "View",
    "WholeAsset",
    "escaped",
    "labels_text",
    "stored_assets",
    "stored_changes",
    "stored_days",
    "stored_whole",
]

MACHINE_STATES = (ON, OFF, SILENT, LINK_DOWN)
"""States of a machine that is not retired."""

OUTCOME_FAMILIES = (
    Definition(
        name="keskidee_source_denied",
        kind="gauge",
        help="1 for a source that lacks a right; the agent's doctor names it",
    ),
    Definition(
        name="keskidee_source_up",
        kind="gauge",
        help="Whether a source read (1), or failed or timed out (0); absent and denied sources have none",
    ),
    Definition(
        name="node_scrape_collector_duration_seconds",
        kind="gauge",
        help="node_exporter: Duration of a collector scrape.",
    ),
    Definition(
        name="node_scrape_collector_success",
        kind="gauge",
        help="node_exporter: Whether a collector succeeded.",
    ),
)


class MachineView(msgspec.Struct, frozen=True, kw_only=True):
    """One machine, now. Times are UTC epoch seconds, None where it never happened; unknown texts are empty.

    `state` is on, off, silent, link_down or retired, `state_since` when that began (for silence: the last report).
    `off_reason` is shutdown, sleep or unannounced, `away` the last absence that it told of itself. `is_client`: one
    sits at it, and may pull the plug. `problems` are the sources that did not read, `refused_families` by name with the
    reason. `is_hurried`: it sent more requests than it may. `is_revoked`: its credential is refused. `is_newer`: its
    agent is newer than this collector, and keeps what that cannot read. `clone_of` is the instance of what it is a copy
    of.
    `asset_tag` and `fund` (the largest share) are what the register says of it. A device has a `poller` (its instance)
    that asks it at an `address`.
    """

    id: str
    instance: str
    hostname: str
    site: str
    role: str
    os: str
    system: str
    kernel: str
    maker: str
    model: str
    serial: str
    agent_version: str
    simulated: bool
    state: str
    state_since: float
    off_reason: str
    away: Away | None
    is_client: bool
    enrolled_at: float
    last_report_at: float | None
    clock_offset_seconds: float | None
    interval_seconds: float
    series: int
    problems: tuple[Problem, ...]
    refused_families: dict[str, str]
    refused_posts: int
    is_hurried: bool
    is_revoked: bool
    is_newer: bool
    clone_of: str
    asset_tag: str
    fund: str
    poller: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """One site, now: up, link_down or unknown; the last sign of life of it (epoch seconds), and its machines by state.

    Machines without a site make none. `wishes` are what its agents are asked for, where the settings name the site;
    `budget_bytes_per_hour` is what its link may carry of ours, 0 where there is no bound.
    """

    name: str
    state: str
    last_report_at: float | None
    machines: dict[str, int]
    wishes: Wishes | None = None
    budget_bytes_per_hour: int = 0


class View:
    """A reading window on the state of a running collector."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def version(self) -> str:
        """The collector's version."""
        return self._state.version

    @property
    def registry(self) -> CollectorRegistry:
        """The collector's own metrics."""
        return self._state.metrics.registry

    def now(self) -> float:
        """UTC epoch seconds by the clock that everything here is measured on."""
        return self._state.now()

    @property
    def assets(self) -> Assets:
        """The asset register; any thread may ask it."""
        return self._state.assets

    @property
    def standing(self) -> Standing:
        """The register in numbers, as of some seconds ago."""
        return self._state.assets.standing

    @property
    def feed(self) -> Feed:
        """Every sample that was acknowledged, in order, for destinations that are sent to."""
        return self._state.feed

    def machines(self, *, retired: bool = False) -> list[MachineView]:
        """Every machine by instance; retired ones on request."""
        look = self._state.look()
        rows = [self._row(machine, look) for machine in self._state.fleet if retired or machine.retired_at is None]
        return sorted(rows, key=lambda row: row.instance)

    def is_cut_off(self) -> bool:
        """Whether it is the collector that hears nobody, of several sites that fell together."""
        return self._state.look().is_cut_off()

    def sites(self) -> list[SiteView]:
        """Every site that has machines, by name."""
        look = self._state.look()
        rows = [self._site(name, look) for name in self._state.fleet.sites() if name]
        return [row for row in rows if any(row.machines.values())]

    def machine(self, machine_id: str) -> MachineView | None:
        """The machine of this id."""
        machine = self._state.fleet.get(machine_id)
        return None if machine is None else self._row(machine, self._state.look())

    def machine_families(self, machine_id: str) -> list[tuple[Definition, bytes]]:
        """Definition and sample lines of each family a machine has, by name; empty where it says nothing now."""
        machine = self._state.fleet.get(machine_id)
        if machine is None or machine.schema is None or not self._state.look().is_told(machine):
            return []
        named = [(self._state.definitions[n], c) for n, c in zip(machine.schema.families, machine.chunks, strict=True)]
        named += [pair for pair in zip(OUTCOME_FAMILIES, machine.outcome_chunks, strict=True) if pair[1]]
        return sorted(named, key=lambda pair: pair[0].name)

    def fleet_families(self) -> Iterator[tuple[Definition, Iterable[bytes]]]:
        """Definition and the sample lines of every machine that is on, family by family, by name."""
        look = self._state.look()
        talking = [m for m in self._state.fleet if m.schema is not None and look.is_told(m)]
        # every machine's labels are its own, so schemas differ; the families that they name are mostly alike
        alike: defaultdict[tuple[str, ...], list[list[bytes]]] = defaultdict(list)
        for machine in talking:
            assert machine.schema is not None
            alike[machine.schema.families].append(machine.chunks)
        columns: defaultdict[str, list[tuple[bytes, ...]]] = defaultdict(list)
        for families, rows in alike.items():
            for name, column in zip(families, zip(*rows, strict=True), strict=True):
                columns[name].append(column)
        definitions = dict(self._state.definitions.all())
        outcomes = zip(*[machine.outcome_chunks for machine in talking], strict=True)
        for definition, column in zip(OUTCOME_FAMILIES, outcomes, strict=False):  # none at all where nobody talks
            if any(column):
                columns[definition.name] = [column]
                definitions[definition.name] = definition
        for name in sorted(columns):
            yield definitions[name], chain.from_iterable(columns[name])

    def _site(self, name: str, look: Look) -> SiteView:
        members = [machine for machine in self._state.fleet.at(name) if machine.retired_at is None]
        counts = Counter(map(look.state, members))
        return SiteView(
            name=name,
            state=look.site(name),
            last_report_at=max([m.last_report_at for m in members if m.last_report_at is not None], default=None),
            machines={state: counts[state] for state in MACHINE_STATES},
            wishes=self._state.links.wishes(name),
            budget_bytes_per_hour=self._state.links.budget(name),
        )

    def _row(self, machine: Machine, look: Look) -> MachineView:
        facts, booked = machine.facts, self._state.assets.standing.machines.get(machine.id)
        state, device = look.state(machine), self._state.devices.get(machine.id)
        return MachineView(
            id=machine.id,
            instance=machine.instance,
            hostname=facts.get("hostname", ""),
            site=machine.site,
            role=machine.role,
            os=facts.get("os", ""),
            system=facts.get("os_name", ""),
            kernel=facts.get("kernel", ""),
            maker=facts.get("maker", ""),
            model=facts.get("model", ""),
            serial=facts.get("serial", ""),
            agent_version=facts.get("agent_version", ""),
            simulated=facts.get("simulated") == "true",
            state=state,
            state_since=self._since(machine, state),
            off_reason=(machine.goodbye if machine.goodbye in OFF_WORDS else UNANNOUNCED) if state == OFF else "",
            away=away_of(facts),
            is_client=machine.is_client,
            enrolled_at=machine.enrolled_at,
            last_report_at=machine.last_report_at,
            clock_offset_seconds=machine.clock_offset_seconds,
            interval_seconds=machine.interval_seconds,
            series=machine.schema.series if machine.schema else 0,
            problems=tuple(machine.problems.values()),
            refused_families=machine.schema.refused if machine.schema else {},
            refused_posts=machine.refused_posts,
            is_hurried=machine.is_hurried(self._state.ticks()),
            is_revoked=machine.revoked_at is not None,
            is_newer=machine.is_newer(self._state.ticks()),
            clone_of=original.instance if (original := self._state.fleet.get(machine.clone_of or "")) else "",
            asset_tag=booked.asset_tag if booked else "",
            fund=booked.fund if booked else "",
            poller=asks.instance if (asks := self._state.fleet.get(machine.poller_id or "")) else "",
            address=f"{device.settings.address} port {device.settings.port}" if device else "",
        )

    def _since(self, machine: Machine, state: str) -> float:
        if state == ON:
            return machine.on_since
        if state == RETIRED:
            return machine.retired_at or 0.0
        return machine.last_report_at or machine.enrolled_at
