"""The queue of what is passed on: every sample that was acknowledged, until each destination has it.

Rows join it in the commit that makes their report durable, so nothing that was acknowledged is missing in it. Each
destination has a cursor of its own; what all have is dropped, and what no destination took before the queue is full or
too old is dropped and counted for those that had not got to it. So is what can no longer be read. Without a destination
nothing is queued.
Destinations read from threads of their own.
"""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from keskidee_collector.families.render import page_families
from keskidee_collector.store.queue import Bounds
from keskidee_report.decode import decode_part
from keskidee_report.delta import from_planes, to_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keskidee_collector.families.render import PartTemplate
    from keskidee_collector.families.schemas import Schema
    from keskidee_collector.fleet.fleet import Fleet
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.ingest.unfolding import Taken
    from keskidee_collector.store.queue import Queued, QueueStore
    from keskidee_collector.store.writer import Statement
    from keskidee_config import RemoteWriteSettings

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name as on the page, and its labels but for the instance."""


class PartNames:
    """The series of one source, aligned with its values; one object for all machines that have the same names."""

    __slots__ = ("__weakref__", "series")

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = tuple(series)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedReport:
    """One report for a destination: whose it is by its target labels, when it was taken, and its samples.

    `position` is its place in the queue: it grows and may skip. `taken_ms` is UTC epoch ms on the collector's clock.
    `live` is False for what is older than a report that came before it.
    """

    position: int
    machine_id: str
    instance: str
    site: str
    role: str
    os: str
    taken_ms: int
    live: bool
    parts: tuple[tuple[PartNames, Sequence[float]], ...]


class Feed:
    """The queue as `destinations` see it; without any nothing is queued."""

    def __init__(self, store: QueueStore, fleet: Fleet, destinations: Sequence[RemoteWriteSettings]) -> None:
        self._store = store
        self._destinations = destinations
        self._fleet = fleet
        self._changed = threading.Condition()
        self._position = self._durable = store.last_position()
        self._cursors = store.open_cursors([each.name for each in destinations], self._position)
        self._unreadable: dict[int, int] = {}  # samples by position
        self._part_names: WeakKeyDictionary[PartTemplate, PartNames] = WeakKeyDictionary()

    # for destinations

    def read(self, after: int, limit: int) -> list[PassedReport]:
        """At most `limit` reports behind a position, in order; fewer where some cannot be read any more.

        Those count as lost once the destination is past them.
        """
        while True:
            rows = self._store.after(after, self._durable, limit)
            found = [passed for row in rows if (passed := self._passed(row)) is not None]
            if found or not rows:
                return found
            after = rows[-1].position

    def read_live(self, after: int, limit: int) -> tuple[list[PassedReport], int]:
        """At most `limit` live reports behind a position, in order, and the position up to which these are all."""
        durable = self._durable
        rows = self._store.after(after, durable, limit, live=True)
        found = [passed for row in rows if (passed := self._passed(row)) is not None]
        return found, rows[-1].position if len(rows) == limit else max(durable, after)

    def wait(self, after: int, seconds: float) -> bool:
        """Whether something behind a position is durable, perhaps after waiting for it."""
        with self._changed:
            return self._changed.wait_for(lambda: self._durable > after, seconds)

    def cursor(self, name: str) -> int:
        """The position up to which this destination has everything."""
        return self._cursors[name]

    def advance(self, name: str, position: int) -> None:
        """The destination has everything up to a position that can be read; durable with the next commit."""
        before, after = self._cursors[name], max(self._cursors[name], position)
        passed_over = [samples for at, samples in list(self._unreadable.items()) if before < at <= after]
        self._cursors[name] = after
        self._store.keep_cursor(name, after, lost=(len(passed_over), sum(passed_over)))

    def lost(self, name: str) -> tuple[int, int]:
        """Reports and samples that left the queue before this destination had them."""
        return self._store.lost[name]

    # for the collector

    @property
    def is_wanted(self) -> bool:
        """Whether there is a destination."""
        return bool(self._cursors)

    def rows(self, machine: Machine, taken: list[Taken]) -> list[Statement]:
        """The statements that queue the reports of a POST, oldest first; call `passed` once they are kept."""
        rows = []
        for entry in sorted(taken, key=lambda each: each.ticks):
            self._position += 1
            rows.append(
                self._store.row(
                    self._position,
                    machine.id,
                    entry.snapshot.schema_id,
                    taken_ms=round(entry.at * 1000),
                    live=entry.ticks > machine.taken_ticks,
                    samples=entry.schema.series,
                    words=deflated(entry.snapshot.words),
                )
            )
        return rows

    @property
    def position(self) -> int:
        """The position that was given last; that row may still be on its way to the disk."""
        return self._position

    def passed(self, position: int) -> None:
        """Everything up to this position is durable: rows are written in the order in which they got theirs."""
        with self._changed:
            self._durable = max(self._durable, position)
            self._changed.notify_all()

    async def trim(self, now: float) -> None:
        """Drops what every destination has, and what is beyond the bounds of its queue. `now` in epoch seconds."""
        if self._cursors:
            bounds = {
                each.name: Bounds(each.queue_max_bytes, int((now - each.queue_max_age_seconds) * 1000))
                for each in self._destinations
            }
            moved = await self._store.trim(dict(self._cursors), bounds)
            for name, position in moved.items():
                self._cursors[name] = max(self._cursors[name], position)
            end = min(self._cursors.values())
            self._unreadable = {at: samples for at, samples in list(self._unreadable.items()) if at > end}

    # inside

    def _passed(self, row: Queued) -> PassedReport | None:
        machine = self._fleet.get(row.machine_id)
        schema = machine.schemas.get(row.schema_id) if machine is not None else None
        if machine is None or schema is None:  # retired meanwhile, or its names are long forgotten
            self._unreadable[row.position] = row.samples
            return None
        return PassedReport(
            position=row.position,
            machine_id=machine.id,
            instance=machine.instance,
            site=machine.site,
            role=machine.role,
            os=machine.facts.get("os", ""),
            taken_ms=row.taken_ms,
            live=row.live,
            parts=self._parts(schema, inflated(row.words)),
        )

    def _parts(self, schema: Schema, words: bytes) -> tuple[tuple[PartNames, Sequence[float]], ...]:
        return tuple(
            [(self._names_of(template), template.values(words, offset)) for template, offset in schema.templates]
        )

    def _names_of(self, template: PartTemplate) -> PartNames:
        names = self._part_names.get(template)
        if names is None:
            part = decode_part(self._store.part(template.part_hash))
            families = {family.name: family for family in page_families(part, dict(template.refused))}
            series = [row for name in template.names for row in families[name].series]
            names = self._part_names[template] = PartNames(series)
        return names


def deflated(words: bytes) -> bytes:
    """Words as the queue keeps them: byte plane by byte plane, because the high bytes are nearly all alike."""
    deflater = zlib.compressobj(1, zlib.DEFLATED, 13, 6)
    return deflater.compress(to_planes(words)) + deflater.flush()


def inflated(content: bytes) -> bytes:
    """The words again."""
    return from_planes(zlib.decompress(content))
