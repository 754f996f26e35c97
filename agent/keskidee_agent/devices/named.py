"""Sensors whose table has names and values only: what one measures is read out of its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Sensor
from keskidee_agent.devices.profile import UNITS, full

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers

NOT_THERE = -1
CLASSES = {
    "state": r"status|alarm|presence|intrusion|redundancy",
    "fanspeed": r"fan|rpm|blower",
    "temperature": r"temp|thermal|\bts\d|\btd\d|\bdts\b|\bcore ?\d+$|ambient|\blm75|\btmp\d|degree",
    "power": r"power|watt|\bp(in|out)\b",
    "current": r"current|\bi(in|out)\b|\bamp",
    "voltage": r"volt|\bp?v(cc|dd|tt|in|out|bat|ref|core)|vcc|vdd|vtt|\d+(\.\d+)?v|\dv\d|\bv(mem|avs)|_v$|\dsb\b",
}
"""Words that names have, a class each; the first that fits decides."""
PATTERNS = {class_: re.compile(pattern, re.IGNORECASE) for class_, pattern in CLASSES.items()}


def class_in(name: str) -> str | None:
    """What a sensor of this name measures, or None."""
    return next((class_ for class_, pattern in PATTERNS.items() if pattern.search(name)), None)


def named_sensors(answers: Answers, names: str, values: str) -> Iterator[Sensor]:
    """A sensor a row of two columns; without those whose name says nothing, and those that are not there (-1)."""
    told, oid = answers.texts(full(names)), full(values)
    for index, value in answers.numbers(oid).items():
        name = told.get(index, "")
        class_ = class_in(name)
        if class_ and value != NOT_THERE:
            yield Sensor(class_=class_, description=name, value=value, unit=UNITS[class_], oid=f"{oid}.{index}")
