"""Rittal: CMC III, by RITTAL-CMC-III-MIB, whose one table has what each of its parts says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.answers import number
from keskidee_agent.devices.parts import Sensor
from keskidee_agent.devices.profile import UNITS, Profile, Words, full
from keskidee_agent.devices.tables import scaled

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

TABLE = "~2606.7.4.2.2.1"
NAME, UNIT, SCALE, VALUE = (f"{TABLE}.{at}" for at in (3, 5, 7, 11))
MEASURED = ".Value"
CLASSES = {
    "°C": "temperature", "degree C": "temperature", "%": "percent", "% RH": "humidity", "V": "voltage", "A": "current",
    "W": "power", "VA": "apparent_power", "Hz": "frequency", "rpm": "fanspeed",
}  # fmt: skip


def read(answers: Answers, parts: Parts) -> None:
    """Each variable that is a value with a unit. A scale of -10 divides by ten, one of 10 multiplies."""
    names, units, scales = (answers.texts(full(oid)) for oid in (NAME, UNIT, SCALE))
    for row, value in answers.numbers(full(VALUE)).items():
        name, class_ = names.get(row, ""), CLASSES.get(units.get(row, ""))
        if class_ is None or not name.endswith(MEASURED):
            continue
        if class_ == "percent" and "umidity" in name:
            class_ = "humidity"
        scale = number(scales.get(row, "1").lstrip("+").encode()) or 1
        divisor = -scale if scale < 0 else 1 / scale
        parts.sensors.append(
            Sensor(
                class_=class_,
                description=name.removesuffix(MEASURED),
                value=scaled(value, divisor),
                unit=UNITS[class_],
                oid=f"{full(VALUE)}.{row}",
            )
        )


PROFILES = (
    Profile(
        vendor="Rittal",
        object_ids={"~2606": ("rittal", "environment")},
        walks=(NAME, UNIT, SCALE, VALUE),
        model=(Words(r"Rittal (\S+(?: I+)?(?: PU\S*)?)"),),
        serial=(Words(r"SN (\S+)"),),
        version=(Words(r"SW V(\S+)"),),
        read=read,
    ),
)
