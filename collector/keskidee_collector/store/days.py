"""The table of machines' days in register.db: one row a machine and UTC day, kept for good."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from keskidee_collector.store.tables import machine_days

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from keskidee_collector.store.writer import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One machine's day (`day` as YYYY-MM-DD, UTC), as far as `counted_until` (epoch seconds), when it was in `state`.

    The seconds add up to the day. `boot_seconds` is the mean from boot to first report. Ratios are 0 to 1, and None
    where nothing was measured: memory that no program could get (mean and worst of samples each five minutes), and
    processors that were not idle (mean over `cpu_seconds`). `disk_latency_seconds` is the mean of `disk_operations`
    requests. `aways` names each reason that it gave for an absence, with how often; `away_seconds` is all together.
    """

    day: str
    machine_id: str
    site: str
    state: str
    counted_until: float
    on_seconds: float
    off_seconds: float
    silent_seconds: float
    link_down_seconds: float
    unknown_seconds: float
    boots: int
    boot_seconds: float | None
    memory_pressure_ratio: float | None
    memory_pressure_worst_ratio: float | None
    memory_samples: int
    cpu_busy_ratio: float | None
    cpu_seconds: float
    disk_latency_seconds: float | None
    disk_operations: float
    reports: int
    reports_lost: int
    aways: str
    away_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDay(DayRow):
    """A row with what others fill in: whether its system was in support, its disks encrypted, updates waiting."""

    os_supported: int | None
    encrypted: int | None
    pending_updates: int | None


_FILLED = ("os_supported", "encrypted", "pending_updates")
_COUNTED = [field.name for field in fields(DayRow)]
_STORED = [field.name for field in fields(StoredDay)]
_day = insert(machine_days).values({name: bindparam(name) for name in _COUNTED})
_DAY = _day.on_conflict_do_update(
    index_elements=["day", "machine_id"],
    set_={name: _day.excluded[name] for name in _COUNTED if name not in ("day", "machine_id")},
)


def day_row(row: DayRow) -> Statement:
    """The statement that keeps a day as it stands now; what others filled in stays."""
    return (_DAY, {name: getattr(row, name) for name in _COUNTED})


_FILL = (
    update(machine_days)
    .where(machine_days.c.day == bindparam("its_day"), machine_days.c.machine_id == bindparam("machine"))
    .values({name: bindparam(f"new_{name}") for name in _FILLED})
)


def filled_row(
    day: str, machine_id: str, *, os_supported: int | None, encrypted: int | None, pending_updates: int | None
) -> Statement:
    """The statement that fills in what inventories say of a machine's day, where that has a row."""
    filled = {"new_os_supported": os_supported, "new_encrypted": encrypted, "new_pending_updates": pending_updates}
    return (_FILL, {"its_day": day, "machine": machine_id, **filled})


def last_days(engine: Engine) -> list[DayRow]:
    """The newest row of each machine that has one on the last two days that there are."""
    with engine.connect() as connection:
        query = select(machine_days.c.day).distinct().order_by(machine_days.c.day.desc()).limit(2)
        days = [row[0] for row in connection.execute(query)]
    rows = read_days(engine, days[-1], days[0]) if days else []
    newest = {row.machine_id: row for row in rows}  # in the order of days
    return [_counted(row) for row in newest.values()]


def read_days(engine: Engine, first: str = "", last: str = "9999") -> list[StoredDay]:
    """The rows of all machines from one day to another, both included, by day; also of a file opened for reading."""
    columns = [machine_days.c[name] for name in _STORED]
    query = select(*columns).where(machine_days.c.day.between(first, last))
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(machine_days.c.day, machine_days.c.machine_id))
        return [StoredDay(**dict(zip(_STORED, row, strict=True))) for row in rows]


def _counted(row: StoredDay) -> DayRow:
    values: dict[str, Any] = {name: getattr(row, name) for name in _COUNTED}
    return DayRow(**values)
