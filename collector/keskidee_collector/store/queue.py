"""The queue of samples to be passed on, in reports.db: rows, the cursors of destinations, and what was lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from keskidee_collector.store.tables import cursors, parts, queue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

    from keskidee_collector.store.writer import Statement, Writer

_ROW = insert(queue)
_cursor = insert(cursors)
_CURSOR = _cursor.on_conflict_do_update(index_elements=["name"], set_={"position": _cursor.excluded.position})
_LOST = (
    update(cursors)
    .where(cursors.c.name == bindparam("of"))
    .values(lost_reports=cursors.c.lost_reports + bindparam("reports"))
    .values(lost_samples=cursors.c.lost_samples + bindparam("samples"))
)
_ROW_BYTES = 100
"""What a row takes beside its words."""


class Queued(NamedTuple):
    """A row of the queue; `words` are deflated."""

    position: int
    machine_id: str
    schema_id: bytes
    taken_ms: int
    live: bool
    samples: int
    words: bytes


class Bounds(NamedTuple):
    """How much of the queue one destination may keep: in bytes, and back to which moment (epoch ms)."""

    max_bytes: int
    oldest_ms: int


class QueueStore:
    """Rows are written by the writer of reports.db and read from the destinations' threads.

    `lost` counts (reports, samples) a destination that left the queue before it had them.
    """

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer
        self._lock = threading.Lock()
        self.lost: dict[str, tuple[int, int]] = {}

    def last_position(self) -> int:
        """The greatest position that was given."""
        with self._engine.connect() as connection:
            found = [connection.execute(select(func.max(table.c.position))).scalar() for table in (queue, cursors)]
        return max(position or 0 for position in found)

    def open_cursors(self, names: Iterable[str], end: int) -> dict[str, int]:
        """The cursor of each destination; a new one begins at the end. Those that are gone are forgotten."""
        wanted = list(names)
        with self._engine.begin() as connection:
            connection.execute(delete(cursors).where(cursors.c.name.not_in(wanted)))
            known = {row.name: row for row in connection.execute(select(cursors))}
            for name in wanted:
                if name not in known:
                    connection.execute(insert(cursors), _cursor_row(name, end))
        self.lost = dict.fromkeys(wanted, (0, 0))
        self.lost |= {name: (row.lost_reports, row.lost_samples) for name, row in known.items()}
        return {name: known[name].position if name in known else end for name in wanted}

    def row(
        self,
        position: int,
        machine_id: str,
        schema_id: bytes,
        *,
        taken_ms: int,
        live: bool,
        samples: int,
        words: bytes,
    ) -> Statement:
        """The statement that queues a report."""
        return (_ROW, Queued(position, machine_id, schema_id, taken_ms, live, samples, words)._asdict())

    def after(self, position: int, end: int, limit: int, *, live: bool = False) -> list[Queued]:
        """Rows behind a position up to another, in order; only the live ones where that is asked for."""
        between = queue.c.position > position, queue.c.position <= end
        query = select(queue).where(*between).order_by(queue.c.position).limit(limit)
        if live:
            query = query.where(queue.c.live)
        with self._engine.connect() as connection:
            return [Queued._make(row) for row in connection.execute(query)]

    def part(self, part_hash: bytes) -> bytes:
        """A PART payload. Raises LookupError where it was forgotten."""
        with self._engine.connect() as connection:
            found = connection.execute(select(parts.c.payload).where(parts.c.hash == part_hash)).first()
        if found is None:
            raise LookupError(part_hash.hex())
        return bytes(found[0])

    def keep_cursor(self, name: str, position: int, *, lost: tuple[int, int] = (0, 0)) -> None:
        """Keeps how far a destination is, and what (reports, samples) it lost on the way, with the next commit."""
        reports, samples = lost
        rows: list[Statement] = [(_CURSOR, _cursor_row(name, position))]
        if reports:
            rows.append((_LOST, {"of": name, "reports": reports, "samples": samples}))
            self._count(name, reports, samples)
        self._writer.post(rows)

    async def trim(self, at: dict[str, int], bounds: dict[str, Bounds]) -> dict[str, int]:
        """Drops what every destination has or has lost to its bounds; the new cursors of those that lost something."""
        moved: dict[str, int] = {}
        await self._writer.save(lambda connection: self._trim(connection, at, bounds, moved))
        return moved

    def _trim(
        self, connection: Connection, at: dict[str, int], bounds: dict[str, Bounds], moved: dict[str, int]
    ) -> None:
        for name, position in at.items():
            end = _end_of_loss(connection, position, bounds[name])
            if end <= position:
                continue
            gone = select(func.count(), func.sum(queue.c.samples)).where(
                queue.c.position > position, queue.c.position <= end
            )
            reports, samples = connection.execute(gone).one()
            connection.execute(_CURSOR, _cursor_row(name, end))
            connection.execute(_LOST, {"of": name, "reports": reports, "samples": samples or 0})
            self._count(name, reports, samples or 0)
            moved[name] = end
        connection.execute(delete(queue).where(queue.c.position <= min((at | moved).values())))

    def _count(self, name: str, reports: int, samples: int) -> None:
        before = self.lost[name]
        self.lost[name] = (before[0] + reports, before[1] + samples)


def _cursor_row(name: str, position: int) -> dict[str, object]:
    return {"name": name, "position": position, "lost_reports": 0, "lost_samples": 0}


def _end_of_loss(connection: Connection, position: int, bounds: Bounds) -> int:
    """The position up to which a destination that is at `position` loses what it has not got yet."""
    mine = queue.c.position > position
    end = position
    young = connection.execute(select(func.min(queue.c.position)).where(mine, queue.c.taken_ms >= bounds.oldest_ms))
    first_young = young.scalar()
    if first_young is None:
        end = int(connection.execute(select(func.max(queue.c.position)).where(mine)).scalar() or position)
    else:
        end = int(first_young) - 1
    size = func.length(queue.c.words) + _ROW_BYTES
    total = int(connection.execute(select(func.sum(size)).where(queue.c.position > end)).scalar() or 0)
    if total > bounds.max_bytes:
        rows = select(queue.c.position, size).where(queue.c.position > end).order_by(queue.c.position)
        for at, size_of_row in connection.execute(rows):
            total -= size_of_row
            if total <= bounds.max_bytes:
                return int(at)
    return end
