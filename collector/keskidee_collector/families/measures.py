"""The few values of a report that a machine's day is made of: found once a schema, then unpacked from its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from keskidee_collector.families.schemas import Schema
    from keskidee_report.decode import Part

BOOT, DROPPED = "node_boot_time_seconds", "keskidee_agent_dropped_reports_total"
AVAILABLE, MEMORY = "node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"
CPU = "node_cpu_seconds_total"
DISK_SECONDS = ("node_disk_read_time_seconds_total", "node_disk_write_time_seconds_total")
DISK_OPERATIONS = ("node_disk_reads_completed_total", "node_disk_writes_completed_total")
WANTED = frozenset({BOOT, DROPPED, AVAILABLE, MEMORY, CPU, *DISK_SECONDS, *DISK_OPERATIONS})
STACKED = re.compile(r"dm-|md|loop|ram|zram|sr|fd|nbd|drbd")
"""Devices that lie on others, or are none: what they wait for is counted on the disk beneath."""

_DOUBLE, _INTEGER = Struct("<d"), Struct("<q")


class Place(NamedTuple):
    """Where one sample stands in a part: its family and labels, the number of its word, its digits (None: a double)."""

    family: str
    labels: tuple[tuple[str, str], ...]
    word: int
    digits: int | None


def places_of(part: Part) -> tuple[Place, ...]:
    """The places of what is wanted of a part; mostly none."""
    found: list[Place] = []
    word = 0
    for column in part.columns:
        if column.name in WANTED:
            found += [
                Place(column.name, tuple(zip(column.labels, row, strict=True)), word + at, column.digits)
                for at, row in enumerate(column.rows)
            ]
        word += len(column.rows)
    return tuple(found)


class Sum:
    """The sum of some words."""

    __slots__ = ("_doubles", "_integers")

    def __init__(self, places: Iterable[tuple[int, int | None]]) -> None:
        """`places` are byte offsets with digits."""
        self._doubles: list[int] = []
        self._integers: dict[float, list[int]] = {}
        for offset, digits in places:
            if digits is None:
                self._doubles.append(offset)
            else:
                divisor = 10**digits if digits >= 0 else 2.0**digits
                self._integers.setdefault(divisor, []).append(offset)

    def of(self, words: bytes) -> float | None:
        """Of the words of one report; None where the schema has none of them, or one is no number."""
        if not self._doubles and not self._integers:
            return None
        read = _INTEGER.unpack_from
        total = sum([_DOUBLE.unpack_from(words, offset)[0] for offset in self._doubles])
        for divisor, offsets in self._integers.items():
            total += sum([read(words, offset)[0] for offset in offsets]) / divisor
        return total if total - total == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True, eq=False)
class Measures:
    """What is measured of one report: each is a sum over its words, None where the machine does not tell it.

    Counters since boot, but `dropped`: processor and idle seconds of all processors, seconds and number of requests of
    all disks, reports that the agent gave up. `boot` in epoch seconds by the machine's clock; memory in bytes.
    """

    boot: Sum
    dropped: Sum
    available: Sum
    memory: Sum
    cpu: Sum
    cpu_idle: Sum
    disk_seconds: Sum
    disk_operations: Sum


Spot = tuple[tuple[Place, ...], int]
"""Places of a part, and the byte offset of its words in a report."""


def spots_of(schema: Schema) -> tuple[Spot, ...]:
    """Where a schema has what is measured; machines of one model have it alike, whatever else they name."""
    return tuple([(template.places, offset) for template, offset in schema.templates if template.places])


def measures_of(spots: Iterable[Spot]) -> Measures:
    """What is measured there."""
    places = [(place, offset) for found, offset in spots for place in found]

    def total(*families: str, where: Callable[[Mapping[str, str]], bool] = lambda _: True) -> Sum:
        chosen = [each for each in places if each[0].family in families and where(dict(each[0].labels))]
        return Sum([(offset + place.word * 8, place.digits) for place, offset in chosen])

    def is_disk(labels: Mapping[str, str]) -> bool:
        return not STACKED.match(labels.get("device", ""))

    return Measures(
        boot=total(BOOT),
        dropped=total(DROPPED),
        available=total(AVAILABLE),
        memory=total(MEMORY),
        cpu=total(CPU),
        cpu_idle=total(CPU, where=lambda labels: labels.get("mode") == "idle"),
        disk_seconds=total(*DISK_SECONDS, where=is_disk),
        disk_operations=total(*DISK_OPERATIONS, where=is_disk),
    )
