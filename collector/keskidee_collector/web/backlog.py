"""What waits on a machine, and what became of the rest, as its agent says in its last report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_collector.view import Definition

THINNED = "thinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Earlier reports not yet acknowledged; those left out to keep a long absence short; those given up otherwise."""

    waiting: int
    thinned: int
    lost: int


def backlog_of(families: Iterable[tuple[Definition, bytes]]) -> Backlog | None:
    """Read from the machine's own sample lines, where alone it stands; None where its agent does not say."""
    chunks = {definition.name: chunk for definition, chunk in families}
    waiting = [value for _, value in _samples(chunks.get("keskidee_agent_spool_reports", b""))]
    if not waiting:
        return None
    dropped = dict(_samples(chunks.get("keskidee_agent_dropped_reports_total", b"")))
    thinned = dropped.pop(THINNED, 0)
    return Backlog(waiting=sum(waiting), thinned=thinned, lost=sum(dropped.values()))


def _samples(chunk: bytes) -> Iterator[tuple[str, int]]:
    """Label `reason` (empty where there is none) and value of each line."""
    for line in chunk.decode().splitlines():
        head, _, value = line.rpartition(" ")
        yield head.partition('reason="')[2].partition('"')[0], int(float(value))
