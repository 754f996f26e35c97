"""reports.db: what arrived, as it arrived, so that a restart shows every machine as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from keskidee_collector.fleet.machine import SCHEMAS_KEPT
from keskidee_collector.fleet.sequences import Sequences
from keskidee_collector.store.database import open_database
from keskidee_collector.store.queue import QueueStore
from keskidee_collector.store.tables import definitions, latest, log, parts, schemas
from keskidee_collector.store.writer import Writer
from keskidee_report.decode import decode_index
from keskidee_report.model import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from keskidee_collector.families.definitions import Definition
    from keskidee_collector.store.writer import Statement

_PART = insert(parts).on_conflict_do_nothing()
_DEFINITION = insert(definitions).on_conflict_do_nothing()
_schema = insert(schemas)
_SCHEMA = _schema.on_conflict_do_update(
    index_elements=["machine_id", "id"], set_={"received_at": _schema.excluded.received_at}
)
_latest = insert(latest)
_LATEST = _latest.on_conflict_do_update(
    index_elements=["machine_id"],
    set_={column.name: _latest.excluded[column.name] for column in latest.columns if column.name != "machine_id"},
)
_LOG = insert(log)
_TRIM = delete(log).where(log.c.position <= bindparam("trimmed"))
_age = func.row_number().over(partition_by=schemas.c.machine_id, order_by=schemas.c.received_at.desc())
_aged = select(schemas.c.machine_id, schemas.c.id, _age.label("age")).subquery()
_old = select(_aged.c.machine_id, _aged.c.id).where(_aged.c.age > SCHEMAS_KEPT)
_shown = select(latest.c.machine_id, latest.c.schema_id)
_key = tuple_(schemas.c.machine_id, schemas.c.id)
_FORGET_SCHEMAS = delete(schemas).where(_key.in_(_old), _key.not_in(_shown))
_FORGET_DEFINITION = delete(definitions).where(definitions.c.name == bindparam("forgotten"))
_FORGET_PART = delete(parts).where(parts.c.hash == bindparam("forgotten"))
_SCHEMA_PAYLOADS = select(schemas.c.payload).distinct()
_FORGET_SCHEMAS_OF = delete(schemas).where(schemas.c.machine_id == bindparam("forgotten"))
_FORGET_LOG_OF = delete(log).where(log.c.machine_id == bindparam("forgotten"))


class Latest(NamedTuple):
    """A machine's stored last report; `report` is the payload of its REPORT frame, empty where there was none.

    `position` is that of the last POST in the log that is in it.
    """

    machine_id: str
    received_at: float
    taken_at: float
    clock_offset_seconds: float
    goodbye: str
    sessions: dict[bytes, Sequences]
    schema_id: bytes
    report: bytes
    position: int


class Logged(NamedTuple):
    """A POST as it came: its place in the log, whose it is, when it came (epoch seconds), and its body."""

    position: int
    machine_id: str
    received_at: float
    body: bytes


class ReportStore:
    """Reads at the start, then writes through its one writer. `names_bytes` came since unused names were forgotten."""

    def __init__(self, path: Path) -> None:
        self.names_bytes = 0
        self._engine = open_database(path, "reports")
        self.writer = Writer(self._engine, "reports")
        self.queue = QueueStore(self._engine, self.writer)

    def close(self) -> None:
        """Commits what is queued."""
        self.writer.close()

    def part_rows(self, payloads: dict[bytes, bytes]) -> list[Statement]:
        """Statements that keep PART payloads by hash."""
        self.names_bytes += sum(map(len, payloads.values()))
        return [(_PART, {"hash": key, "payload": payload}) for key, payload in payloads.items()]

    def schema_row(self, machine_id: str, schema_id: bytes, payload: bytes, received_at: float) -> Statement:
        """The statement that keeps a machine's SCHEMA payload."""
        row = {"machine_id": machine_id, "id": schema_id, "payload": payload, "received_at": received_at}
        return (_SCHEMA, row)

    def definition_rows(self, new: list[Definition]) -> list[Statement]:
        """Statements that keep new definitions."""
        return [(_DEFINITION, {"name": d.name, "kind": d.kind, "help": d.help}) for d in new]

    def latest_row(self, row: Latest) -> Statement:
        """The statement that keeps a machine's last report and what was taken of its sessions."""
        return (_LATEST, row._asdict() | {"sessions": _encode_sessions(row.sessions)})

    def log_row(self, position: int, machine_id: str, received_at: float, body: bytes) -> Statement:
        """The statement that keeps a POST."""
        row = {"position": position, "machine_id": machine_id, "received_at": received_at, "body": body}
        return (_LOG, row)

    async def trim_log(self, position: int) -> None:
        """Drops the rows of the log up to this one."""
        await self.writer.save([(_TRIM, {"trimmed": position})])

    async def forget_unused(self, names: list[str]) -> None:
        """Drops the definitions of `names`, all but the last schemas of a machine, and parts that none of those has."""
        self.names_bytes = 0
        await self.writer.save(lambda connection: _forget_unused(connection, names))

    def forget(self, machine_id: str) -> list[Statement]:
        """Statements that drop the names and the POSTs of a machine (it was retired)."""
        return [(_FORGET_SCHEMAS_OF, {"forgotten": machine_id}), (_FORGET_LOG_OF, {"forgotten": machine_id})]

    def all_definitions(self) -> list[tuple[str, str, str]]:
        """Rows (name, kind, help)."""
        with self._engine.connect() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(select(definitions))]

    def all_latest(self) -> list[Latest]:
        """The last report of every machine."""
        with self._engine.connect() as connection:
            return [_latest_of(tuple(row)) for row in connection.execute(select(latest))]

    def all_logged(self) -> Iterator[Logged]:
        """The log, oldest first."""
        with self._engine.connect() as connection:
            for row in connection.execute(select(log).order_by(log.c.position)):
                yield Logged._make(row)

    def last_position(self) -> int:
        """The greatest position that was given."""
        with self._engine.connect() as connection:
            found = [connection.execute(select(func.max(table.c.position))).scalar() for table in (log, latest)]
        return max(position or 0 for position in found)

    def all_schemas(self) -> list[tuple[str, bytes, bytes]]:
        """Rows (machine id, schema id, SCHEMA payload), oldest first."""
        with self._engine.connect() as connection:
            query = select(schemas.c.machine_id, schemas.c.id, schemas.c.payload).order_by(schemas.c.received_at)
            return [(row[0], row[1], row[2]) for row in connection.execute(query)]

    def all_parts(self) -> list[bytes]:
        """PART payloads."""
        with self._engine.connect() as connection:
            return [row[0] for row in connection.execute(select(parts.c.payload))]


def _forget_unused(connection: Connection, names: list[str]) -> None:
    if names:
        connection.execute(_FORGET_DEFINITION, [{"forgotten": name} for name in names])
    connection.execute(_FORGET_SCHEMAS)
    used = {part_hash for row in connection.execute(_SCHEMA_PAYLOADS) for part_hash in _part_hashes(row[0])}
    unused = [{"forgotten": row[0]} for row in connection.execute(select(parts.c.hash)) if row[0] not in used]
    if unused:
        connection.execute(_FORGET_PART, unused)


def _part_hashes(payload: bytes) -> list[bytes]:
    try:
        return [part_hash for _, part_hash in decode_index(payload).sources]
    except Malformed:  # stored by a version with other rules: it is of no use here, and its parts neither
        return []


def _latest_of(row: tuple[Any, ...]) -> Latest:
    return Latest._make((*row[:5], _decode_sessions(row[5]), *row[6:]))


def _encode_sessions(sessions: dict[bytes, Sequences]) -> bytes:
    return msgspec.json.encode({session.hex(): seen.ranges() for session, seen in sessions.items()})


def _decode_sessions(raw: bytes) -> dict[bytes, Sequences]:
    stored = msgspec.json.decode(raw, type=dict[str, list[list[int]]])
    return {bytes.fromhex(session): Sequences(ranges) for session, ranges in stored.items()}


def read_last_heard(engine: Engine) -> dict[str, float]:
    """When each machine was last heard (epoch seconds), also of a file opened for reading only."""
    with engine.connect() as connection:
        stored = select(latest.c.machine_id, latest.c.received_at)
        logged = select(log.c.machine_id, func.max(log.c.received_at)).group_by(log.c.machine_id)
        heard = {row[0]: row[1] for row in connection.execute(stored)}
        for machine_id, received_at in connection.execute(logged):
            heard[machine_id] = max(received_at, heard.get(machine_id, 0.0))
    return heard
