"""One board as Prometheus families: readings as any device's (devices/metrics.py), and how its parts are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices import metrics
from keskidee_agent.devices.redfish.found import PARTS_AT_MOST
from keskidee_report.model import Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_report.model import Sample

STATES = ("ok", "warning", "critical")
HEALTH = Family(
    "keskidee_device_health", "gauge", "How the device says it is in all: 1 for the state it is in", digits=0
)
PART_HEALTH = Family(
    "keskidee_device_part_health", "gauge", "How the device says a part of it is: 1 for the state it is in", digits=0
)
POWERED = Family("keskidee_device_powered_on", "gauge", "Whether a system of the device is switched on", digits=0)
REDUNDANT = Family("keskidee_device_redundant", "gauge", "Whether a group of parts can lose one", digits=0)
PREDICTED = Family("keskidee_device_drive_failure_predicted", "gauge", "Whether a drive expects to fail soon", digits=0)
LIFE = Family("keskidee_device_drive_life_left_ratio", "gauge", "What is left of a drive's writes")
LINK = Family("keskidee_device_link_up", "gauge", "Whether an interface has a link", digits=0)
MEMORY = "system memory"


def samples(reading: BoardReading) -> Iterator[Sample]:
    """All series of one board; `instance` is the collector's, or the scraper's."""
    yield from told_samples(reading)
    yield from part_samples(reading.found)


def told_samples(reading: BoardReading) -> Iterator[Sample]:
    """What it is, and how much of it was not read."""
    yield metrics.info(reading.identity)
    yield metrics.TROUBLES(len(reading.troubles))


def part_samples(found: Found) -> Iterator[Sample]:
    """How it is and what it measures, no series twice and none without bound."""
    seen: set[tuple[str, ...]] = set()
    for family, labels, value in _all(found):
        if (series := (family.name, *labels.values())) not in seen:
            seen.add(series)
            yield family, labels, value


def _all(found: Found) -> Iterator[Sample]:
    yield from _healths(found)
    for label, family, flags in (("system", POWERED, found.powered_on), ("part", REDUNDANT, found.redundant)):
        for name, is_so in list(flags.items())[:PARTS_AT_MOST]:
            yield family, {label: name}, int(is_so)
    yield from _drives(found)
    for port in found.parts.ports[:PARTS_AT_MOST]:
        if port.oper is not None:
            yield LINK(int(port.oper == "up"), port=port.name or str(port.index))
    if size := sum(module.size_bytes for module in found.parts.memory) or found.memory_bytes:
        yield metrics.SIZE(size, memory=MEMORY)
    yield from metrics.sensor_samples(found.parts.sensors[:PARTS_AT_MOST])


def _healths(found: Found) -> Iterator[Sample]:
    if found.overall:
        worst = max(found.overall, key=STATES.index)
        yield from ((HEALTH, {"state": state}, int(state == worst)) for state in STATES)
    for number, name in _names((health.class_, health.part) for health in found.health):
        health = found.health[number]
        for state in STATES:
            yield PART_HEALTH, {"class": health.class_, "part": name, "state": state}, int(state == health.state)


def _drives(found: Found) -> Iterator[Sample]:
    for drive in found.drives[:PARTS_AT_MOST]:
        if drive.failure_predicted is not None:
            yield PREDICTED(int(drive.failure_predicted), drive=drive.name)
        if drive.life_left_ratio is not None:
            yield LIFE(drive.life_left_ratio, drive=drive.name)


def _names(parts: Iterable[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """The place of each part, and its name, with a number where another of its class has the same."""
    times: Counter[tuple[str, str]] = Counter()
    for number, part in enumerate(parts):
        if number == PARTS_AT_MOST:
            return
        times[part] += 1
        yield number, part[1] if times[part] == 1 else f"{part[1]} #{times[part]}"
