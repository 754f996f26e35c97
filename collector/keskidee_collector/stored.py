"""What is read of days from the files of a data directory, beside the collector that may be running on it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from keskidee_collector.days.merged_days import followed
from keskidee_collector.store.database import Unusable, open_for_reading
from keskidee_collector.store.days import read_days
from keskidee_collector.store.register import read_machines
from keskidee_collector.store.tables import assets

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from keskidee_collector.store.days import StoredDay
    from keskidee_collector.store.register import MachineRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One machine and UTC day (YYYY-MM-DD), with the site it stood at; names, role, model and fund are today's.

    What a column means is told in store/days.py; None was not measured. The seconds of a day that is not over, or on
    which the machine joined, add up to less than a day.
    """

    day: str
    instance: str
    hostname: str
    id: str
    site: str
    role: str
    on_seconds: float
    off_seconds: float
    silent_seconds: float
    link_down_seconds: float
    unknown_seconds: float
    boots: int
    boot_seconds: float | None
    memory_pressure_ratio: float | None
    memory_pressure_worst_ratio: float | None
    cpu_busy_ratio: float | None
    disk_latency_seconds: float | None
    reports: int
    reports_lost: int
    aways: str
    away_seconds: float
    os_supported: int | None
    encrypted: int | None
    pending_updates: int | None
    model: str
    fund: str


def stored_days(directory: Path, first: str = "", last: str = "9999") -> list[DayView]:
    """The days that a data directory keeps, from one (YYYY-MM-DD) to another, both included, by day and instance.

    The running collector writes them each hour. Those of a record that was merged are the other one's. Raises Unusable
    where there is no register.
    """
    path = directory / "register.db"
    register = open_for_reading(path)
    machines = {row.id: row for row in read_machines(register)}
    try:
        funds = _funds(register)
        days = followed(read_days(register, first, last), machines)
    except OperationalError as error:
        raise Unusable(f"{path}: kept by an older keskidee; its collector brings it up to date") from error
    rows = [_day(row, machines[row.machine_id], funds.get(row.machine_id, "")) for row in days]
    return sorted(rows, key=lambda row: (row.day, row.instance))


def _funds(register: Engine) -> dict[str, str]:
    """The fund with the largest share, by machine."""
    query = select(assets.c.machine_id, assets.c.fund).where(assets.c.machine_id.is_not(None), assets.c.fund != "")
    with register.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def _day(row: StoredDay, machine: MachineRow, fund: str) -> DayView:
    values: dict[str, Any] = {field.name: getattr(row, field.name, "") for field in fields(DayView)}
    values["hostname"] = machine.facts.get("hostname", "")
    values |= {"instance": machine.instance, "id": row.machine_id, "role": machine.role, "fund": fund}
    values["model"] = machine.facts.get("model", "")
    return DayView(**values)
