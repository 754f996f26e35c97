"""What exporters and pages may see: machines as plain rows, and their samples as rendered chunks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from keskidee_collector.definitions import Definition
from keskidee_collector.fleet import ON, RETIRED
from keskidee_collector.render import escaped
from keskidee_collector.store.database import Unusable, open_for_reading
from keskidee_collector.store.register import read_machines
from keskidee_collector.store.reports import read_last_heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from prometheus_client import CollectorRegistry

    from keskidee_collector.fleet import Machine, Problem
    from keskidee_collector.state import State
    from keskidee_collector.store.register import MachineRow

__all__ = ["AssetRow", "Definition", "MachineView", "Unusable", "View", "escaped", "stored_assets"]

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

    `state` is on, off, silent or retired, `state_since` when that began (for silent: the last report). `off_reason`
    is shutdown or sleep. `problems` are the sources that did not read, `refused_families` by name with the reason.
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
    enrolled_at: float
    last_report_at: float | None
    clock_offset_seconds: float | None
    interval_seconds: float
    series: int
    problems: tuple[Problem, ...]
    refused_families: dict[str, str]
    refused_posts: int


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

    def machines(self, *, retired: bool = False) -> list[MachineView]:
        """Every machine by instance; retired ones on request."""
        rows = [self._row(machine) for machine in self._state.fleet if retired or machine.retired_at is None]
        return sorted(rows, key=lambda row: row.instance)

    def machine(self, machine_id: str) -> MachineView | None:
        """The machine of this id."""
        machine = self._state.fleet.get(machine_id)
        return None if machine is None else self._row(machine)

    def machine_families(self, machine_id: str) -> list[tuple[Definition, bytes]]:
        """Definition and sample lines of each family a machine has, by name; empty where it says nothing now."""
        machine = self._state.fleet.get(machine_id)
        if machine is None or machine.schema is None or self._state.machine_state(machine) != ON:
            return []
        named = [(self._state.definitions[n], c) for n, c in zip(machine.schema.families, machine.chunks, strict=True)]
        named += [pair for pair in zip(OUTCOME_FAMILIES, machine.outcome_chunks, strict=True) if pair[1]]
        return sorted(named, key=lambda pair: pair[0].name)

    def fleet_families(self) -> Iterator[tuple[Definition, Iterable[bytes]]]:
        """Definition and the sample lines of every machine that is on, family by family, by name."""
        talking = [m for m in self._state.fleet if m.schema is not None and self._state.machine_state(m) == ON]
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

    def _row(self, machine: Machine) -> MachineView:
        facts = machine.facts
        state = self._state.machine_state(machine)
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
            off_reason=machine.goodbye if machine.goodbye in ("shutdown", "sleep") else "",
            enrolled_at=machine.enrolled_at,
            last_report_at=machine.last_report_at,
            clock_offset_seconds=machine.clock_offset_seconds,
            interval_seconds=machine.interval_seconds,
            series=machine.schema.series if machine.schema else 0,
            problems=tuple(machine.problems.values()),
            refused_families=machine.schema.refused if machine.schema else {},
            refused_posts=machine.refused_posts,
        )

    def _since(self, machine: Machine, state: str) -> float:
        if state == ON:
            return machine.on_since
        if state == RETIRED:
            return machine.retired_at or 0.0
        return machine.last_report_at or machine.enrolled_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """A machine as procurement sees it, with its first and last sign of life (epoch seconds)."""

    instance: str
    hostname: str
    id: str
    site: str
    role: str
    maker: str
    model: str
    serial: str
    system: str
    first_seen: float
    last_seen: float | None
    state: str


def stored_assets(directory: Path) -> list[AssetRow]:
    """The register in a data directory, read without disturbing the collector that may be running on it.

    Raises Unusable where there is no register.
    """
    register = open_for_reading(directory / "register.db")
    reports = open_for_reading(directory / "reports.db")
    heard = read_last_heard(reports)
    rows = [_asset(row, heard.get(row.id)) for row in read_machines(register)]
    return sorted(rows, key=lambda row: (row.site, row.instance))


def _asset(row: MachineRow, last_seen: float | None) -> AssetRow:
    facts = row.facts
    return AssetRow(
        instance=row.instance,
        hostname=facts.get("hostname", ""),
        id=row.id,
        site=row.site,
        role=row.role,
        maker=facts.get("maker", ""),
        model=facts.get("model", ""),
        serial=facts.get("serial", ""),
        system=facts.get("os_name", ""),
        first_seen=row.enrolled_at,
        last_seen=last_seen,
        state="retired" if row.retired_at is not None else "in use",
    )
