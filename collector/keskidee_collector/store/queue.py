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

    def after(self, position: int, limit: int) -> list[Queued]:
        """Rows behind a position, in order."""
        query = select(queue).where(queue.c.position > position).order_by(queue.c.position).limit(limit)
        with self._engine.connect() as connection:
            return [Queued._make(row) for row in connection.execute(query)]

    def part(self, part_hash: bytes) -> bytes:
        """A PART payload. Raises LookupError where it was forgotten."""
        with self._engine.connect() as connection:
            found = connection.execute(select(parts.c.payload).where(parts.c.hash == part_hash)).first()
        if found is None:
            raise LookupError(part_hash.hex())
        return bytes(found[0])

    def keep_cursor(self, name: str, position: int) -> None:
        """Keeps how far a destination is, with the next commit."""
        self._writer.post([(_CURSOR, _cursor_row(name, position))])

    async def trim(self, at: dict[str, int], max_bytes: int, oldest_ms: int) -> None:
        """Drops what every destination has, then the oldest until the queue is within its bounds."""
        await self._writer.save(lambda connection: self._trim(connection, at, max_bytes, oldest_ms))

    def _trim(self, connection: Connection, at: dict[str, int], max_bytes: int, oldest_ms: int) -> None:
        connection.execute(delete(queue).where(queue.c.position <= min(at.values())))
        end = max(_last_too_old(connection, oldest_ms), _last_too_much(connection, max_bytes))
        if not end:
            return
        for name, position in at.items():
            gone = select(func.count(), func.sum(queue.c.samples)).where(
                queue.c.position > position, queue.c.position <= end
            )
            reports, samples = connection.execute(gone).one()
            if reports:
                connection.execute(_LOST, {"of": name, "reports": reports, "samples": samples})
                before = self.lost[name]
                self.lost[name] = (before[0] + reports, before[1] + samples)
        connection.execute(delete(queue).where(queue.c.position <= end))


def _cursor_row(name: str, position: int) -> dict[str, object]:
    return {"name": name, "position": position, "lost_reports": 0, "lost_samples": 0}


def _last_too_old(connection: Connection, oldest_ms: int) -> int:
    """The position up to which everything is too old."""
    first_young = select(func.min(queue.c.position)).where(queue.c.taken_ms >= oldest_ms)
    young = connection.execute(first_young).scalar()
    if young is not None:
        return int(young) - 1
    return int(connection.execute(select(func.max(queue.c.position))).scalar() or 0)


def _last_too_much(connection: Connection, max_bytes: int) -> int:
    """The position up to which rows have to go so that the rest fits."""
    size = func.length(queue.c.words) + _ROW_BYTES
    total = int(connection.execute(select(func.sum(size))).scalar() or 0)
    if total <= max_bytes:
        return 0
    for position, size_of_row in connection.execute(select(queue.c.position, size).order_by(queue.c.position)):
        total -= size_of_row
        if total <= max_bytes:
            return int(position)
    return 0
