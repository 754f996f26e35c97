"""The days of records that were merged: shown under the record that goes on, while each row stays as it was counted.

So a merge that is taken back takes its days back, and what a day was is never written over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keskidee_collector.days.tally import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keskidee_collector.store.days import StoredDay
    from keskidee_collector.store.register import MachineRow

AWAY = ("off_seconds", "silent_seconds", "link_down_seconds", "unknown_seconds")
SUMMED = ("reports", "reports_lost", "away_seconds")
MEANS = {
    "boot_seconds": "boots",
    "memory_pressure_ratio": "memory_samples",
    "cpu_busy_ratio": "cpu_seconds",
    "disk_latency_seconds": "disk_operations",
}
"""Means, and what each is over."""


def followed(rows: Iterable[StoredDay], machines: Mapping[str, MachineRow]) -> list[StoredDay]:
    """The rows by the records that go on, one a record and day."""
    found: dict[tuple[str, str], list[StoredDay]] = defaultdict(list)
    for row in rows:
        found[row.day, _goes_on(row.machine_id, machines)].append(row)
    return [_of(machine_id, of_day) for (_, machine_id), of_day in found.items()]


def _goes_on(machine_id: str, machines: Mapping[str, MachineRow]) -> str:
    for _ in machines:  # no circle can be longer
        into = machines[machine_id].merged_into
        if into is None or into not in machines:
            break
        machine_id = into
    return machine_id


def _of(machine_id: str, rows: list[StoredDay]) -> StoredDay:
    rows.sort(key=lambda row: row.machine_id == machine_id)  # that of the record itself last: its words stand
    day = rows[0]
    for row in rows[1:]:
        day = _together(day, row)
    return replace(day, machine_id=machine_id)


def _together(one: StoredDay, other: StoredDay) -> StoredDay:
    """Two records' account of one machine's day. Only one of them was on at a time; what is left of the longer account
    was away, shared out as both have it.
    """
    sums = {name: getattr(one, name) + getattr(other, name) for name in AWAY}
    length = min(max(_length(one), _length(other)), DAY_SECONDS)
    on = min(one.on_seconds + other.on_seconds, length)
    share = (length - on) / (sum(sums.values()) or 1.0)
    aways = _counts(one.aways) + _counts(other.aways)
    worst = [each for each in (one.memory_pressure_worst_ratio, other.memory_pressure_worst_ratio) if each is not None]
    values: dict[str, Any] = {name: round(seconds * share, 3) for name, seconds in sums.items()}
    values |= {name: getattr(one, name) + getattr(other, name) for name in SUMMED}
    for mean, weight in MEANS.items():
        values |= _mean(one, other, mean, weight)
    values |= {"on_seconds": on, "memory_pressure_worst_ratio": max(worst, default=None)}
    values["aways"] = ", ".join(f"{reason} {count}" for reason, count in sorted(aways.items()))
    return replace(other, **values)


def _length(row: StoredDay) -> float:
    return row.on_seconds + sum(float(getattr(row, name)) for name in AWAY)


def _mean(one: StoredDay, other: StoredDay, mean: str, weight: str) -> dict[str, Any]:
    """A mean of both, and what it is over."""
    weights = getattr(one, weight), getattr(other, weight)
    total = sum((getattr(row, mean) or 0.0) * each for row, each in zip((one, other), weights, strict=True))
    return {mean: total / sum(weights) if sum(weights) else None, weight: sum(weights)}


def _counts(aways: str) -> Counter[str]:
    pairs = [each.split(" ") for each in aways.split(", ") if each]
    return Counter({reason: int(count) for reason, count in pairs})
