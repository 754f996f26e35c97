"""ENTITY-MIB (RFC 6933) and ENTITY-SENSOR-MIB (RFC 3433): what a device is made of, and the sensors in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Component, Sensor
from keskidee_agent.devices.profile import UNITS
from keskidee_agent.devices.tables import scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

PHYSICAL, SENSOR = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.99.1.1.1"
WALKS = (PHYSICAL, SENSOR)

CLASSES = {
    1: "other", 2: "unknown", 3: "chassis", 4: "backplane", 5: "container", 6: "powerSupply", 7: "fan", 8: "sensor",
    9: "module", 10: "port", 11: "stack", 12: "cpu", 13: "energyObject", 14: "battery", 15: "storageDrive",
}  # fmt: skip
CHASSIS = 3
SMALL_PARTS = (6, 7, 8, 10, 14, 15)  # what has a model and a serial of its own, and is not the device
LONGEST_MODEL, DIGIT = 40, re.compile(r"\d")
SENSOR_CLASSES = {
    3: "voltage", 4: "voltage", 5: "current", 6: "power", 7: "frequency", 8: "temperature", 9: "humidity",
    10: "fanspeed", 11: "airflow", 12: "state", 14: "dbm",
}  # fmt: skip
EXPONENT_OF_UNITS, STEP_OF_SCALE = 9, 3  # the scale `units` is 9, and each step is a factor of 1,000
OK_STATUS = 1


def read(answers: Answers, parts: Parts) -> None:
    """Components, and the sensors whose table is the standard's."""
    parts.components += components(answers)
    parts.sensors += sensors(answers, SENSOR, SENSOR_CLASSES)


def components(answers: Answers) -> Iterator[Component]:
    """One part a row of entPhysicalTable; its name, or its description where it has none."""
    names, descriptions = answers.texts(f"{PHYSICAL}.7"), answers.texts(f"{PHYSICAL}.2")
    parents, classes = answers.fixed(f"{PHYSICAL}.4"), answers.fixed(f"{PHYSICAL}.5")
    models, serials = answers.texts(f"{PHYSICAL}.13"), answers.texts(f"{PHYSICAL}.11")
    columns = (answers.column(f"{PHYSICAL}.{at}") for at in range(1, 20))
    for row in dict.fromkeys(row for column in columns for row in column):
        parent = str(parents.get(row, 0))
        yield Component(
            index=row,
            name=names.get(row) or descriptions.get(row) or row,
            class_=CLASSES.get(classes.get(row, 0)),
            model=models.get(row),
            serial=serials.get(row),
            parent=None if parent == "0" else names.get(parent) or descriptions.get(parent) or parent,
        )


def sensors(answers: Answers, table: str, classes: dict[int, str]) -> Iterator[Sensor]:
    """Sensors by type, scale and precision; those that are switched off or broken are left out."""
    names = answers.texts(f"{PHYSICAL}.7") | answers.texts(f"{PHYSICAL}.2")
    types, scales = answers.fixed(f"{table}.1"), answers.fixed(f"{table}.2")
    precisions, status = answers.fixed(f"{table}.3"), answers.integers(f"{table}.5")
    for row, value in answers.numbers(f"{table}.4").items():
        class_ = classes.get(types.get(row, 0))
        if class_ is None or status.get(row, OK_STATUS) != OK_STATUS:
            continue
        exponent = (scales.get(row, EXPONENT_OF_UNITS) - EXPONENT_OF_UNITS) * STEP_OF_SCALE - precisions.get(row, 0)
        yield Sensor(
            class_=class_,
            description=names.get(row, row),
            value=scaled(value, 10**-exponent),
            unit=UNITS[class_],
            oid=f"{table}.4.{row}",
        )


def maker(answers: Answers) -> str | None:
    """The maker of the first chassis, or of the first board that names one."""
    return _of_chassis(answers, f"{PHYSICAL}.12")


def model(answers: Answers) -> str | None:
    """The model of the first chassis; where none has one, how the chassis is described, or a board's model."""
    told = _of_chassis(answers, f"{PHYSICAL}.13", boards=False) or _described(answers)
    return told or _of_chassis(answers, f"{PHYSICAL}.13")


def _described(answers: Answers) -> str | None:
    """A description or name of the chassis that may stand for its model: short, and with a digit."""
    classes = answers.fixed(f"{PHYSICAL}.5")
    columns = [answers.texts(f"{PHYSICAL}.2"), answers.texts(f"{PHYSICAL}.7")]
    told = (texts.get(row, "") for row, class_ in classes.items() if class_ == CHASSIS for texts in columns)
    return next((words for words in told if len(words) <= LONGEST_MODEL and DIGIT.search(words)), None)


def serial(answers: Answers) -> str | None:
    """The serial of the first chassis, or of the first board that has one."""
    return _of_chassis(answers, f"{PHYSICAL}.11")


def version(answers: Answers) -> str | None:
    """The software revision, of the chassis where it has one."""
    return _of_chassis(answers, f"{PHYSICAL}.10")


def _of_chassis(answers: Answers, oid: str, *, boards: bool = True) -> str | None:
    texts, classes = answers.texts(oid), answers.fixed(f"{PHYSICAL}.5")
    ours = [words for row, words in texts.items() if classes.get(row) == CHASSIS]
    others = (words for row, words in texts.items() if classes.get(row) not in SMALL_PARTS)
    return next(iter(ours), None) or (next(others, None) if boards else None)
