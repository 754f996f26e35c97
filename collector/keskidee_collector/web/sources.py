"""What became of each source of a machine in its last report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.view import Definition, MachineView


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source: its outcome, how long it took (None where that is not known any more), why, and since when."""

    name: str
    outcome: str
    seconds: float | None
    reason: str = ""
    since: float | None = None


def source_rows(machine: MachineView, families: Iterable[tuple[Definition, bytes]]) -> list[SourceRow]:
    """Sources that did not read first, then those that read, then those this machine has not.

    `families` are the machine's own: its outcomes stand in their sample lines and nowhere else, because 10,000 machines
    would pay for a second copy in memory. A machine that is not on has none; then the last known problems are all.
    """
    chunks = {definition.name: chunk for definition, chunk in families}
    seconds = _by_source(chunks.get("node_scrape_collector_duration_seconds", b""))
    success = _by_source(chunks.get("node_scrape_collector_success", b""))
    rows = [
        SourceRow(name=p.source, outcome=p.outcome, seconds=seconds.get(p.source), reason=p.reason, since=p.since)
        for p in machine.problems
    ]
    ill = {problem.source for problem in machine.problems}
    well = [
        SourceRow(name=name, outcome="ok" if success.get(name) else "absent", seconds=took)
        for name, took in sorted(seconds.items())
        if name not in ill
    ]
    return rows + sorted(well, key=lambda row: row.outcome != "ok")


def _by_source(chunk: bytes) -> dict[str, float]:
    """Values by the label `collector`, which is the last of each line and holds a plain name."""
    values = {}
    for line in chunk.decode().splitlines():
        head, _, value = line.rpartition(" ")
        values[head.rpartition('collector="')[2].removesuffix('"}')] = float(value)
    return values
