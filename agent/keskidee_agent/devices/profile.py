"""What a vendor's devices say beyond the standard MIBs: one declared table a vendor, in a file of `vendors/`.

A profile names OIDs and says what stands there; the code that reads is here and the same for all. What no table can
say stands in a function of the vendor's file, `Profile.read`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Component, Processor, Sensor, Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

ENTERPRISES = "1.3.6.1.4.1."
SYS_DESCR = "1.3.6.1.2.1.1.1.0"

UNITS = {
    "temperature": "celsius",
    "voltage": "volts",
    "current": "amperes",
    "power": "watts",
    "apparent_power": "voltamperes",
    "energy": "watt_hours",
    "frequency": "hertz",
    "fanspeed": "rpm",
    "humidity": "percent",
    "charge": "percent",
    "load": "percent",
    "percent": "percent",
    "runtime": "minutes",
    "delay": "seconds",
    "dbm": "dbm",
    "airflow": "cfm",
    "state": "",
    "count": "",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A fact out of text: the groups of a pattern in the first value of an OID that has it (sysDescr by default).

    `form` puts the groups together, `{} / {}`; without it a blank stands between them.
    """

    pattern: str
    oid: str = SYS_DESCR
    form: str = ""


Place = str | Words
"""Where a fact stands: a full name or a column (its first text), or words of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Sensors of one column, or one scalar (its OID without the `.0`).

    The value is divided by `divisor`. A description is the column `name` by the same index, put into `words` where
    `{}` stands. Values in `absent` mean that there is no such sensor. `where` keeps the rows whose value in another
    column is among those given. `unless` names a column that says the same better: where it has rows, this one is left.
    """

    class_: str
    oid: str
    words: str = "{}"
    name: str = ""
    divisor: float = 1
    absent: tuple[float, ...] = ()
    where: tuple[str, tuple[int, ...]] | None = None
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Processors: a column of percents; `where` names a column that is above zero for those that exist."""

    oid: str
    words: str = "Processor {}"
    name: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memories: columns of sizes, of which two are enough, in units of so many bytes."""

    words: str = "Memory {}"
    name: str = ""
    size: str = ""
    used: str = ""
    free: str = ""
    used_percent: str = ""
    unit_bytes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Components: one a row of a vendor's table, whose rows are those of the column `rows`."""

    rows: str
    class_: str
    words: str = "{}"
    name: str = ""
    model: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # each is the one of its file
class Profile:
    """One vendor, or one family of its devices.

    `object_ids`: prefixes of sysObjectID (below the enterprises arc where they begin with a tilde) with the system
    and the kind they stand for. `patterns`: the same by words of sysDescr, which go before. `probe`: a full name that
    only these devices have, for those whose agent names itself Net-SNMP. `vendor` None leaves it to the registry.
    """

    vendor: str | None
    object_ids: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    patterns: tuple[tuple[str, str, str], ...] = ()
    probe: str | None = None
    probed: tuple[str, str] | None = None
    walks: tuple[str, ...] = ()
    model: tuple[Place, ...] = ()
    serial: tuple[Place, ...] = ()
    version: tuple[Place, ...] = ()
    sensors: tuple[Column, ...] = ()
    processors: tuple[Loads, ...] = ()
    memory: tuple[Memory, ...] = ()
    assemblies: tuple[Assembly, ...] = ()
    read: Callable[[Answers, Parts], None] | None = None


def full(oid: str) -> str:
    """`~9.1` is 1.3.6.1.4.1.9.1, and `@2.1` is 1.3.6.1.2.1.2.1: tables stay readable."""
    if oid.startswith("~"):
        return ENTERPRISES + oid[1:]
    return "1.3.6.1.2.1." + oid[1:] if oid.startswith("@") else oid


def fact(places: tuple[Place, ...], answers: Answers) -> str | None:
    """The first of the places at which something stands."""
    for place in places:
        if isinstance(place, Words):
            if found_words := _found(place, answers):
                return found_words
        elif found_text := answers.first(full(place)):
            return found_text
    return None


def _found(place: Words, answers: Answers) -> str | None:
    oid = full(place.oid)
    scalar = answers.first(oid)
    for words in [scalar] if scalar else answers.texts(oid).values():
        if found := re.search(place.pattern, words):
            groups = [part for part in found.groups() if part]
            return place.form.format(*groups) if place.form else " ".join(groups) or found[0]
    return None


def add_table(profile: Profile, answers: Answers, parts: Parts) -> None:
    """What the tables of a profile say."""
    for column in profile.sensors:
        parts.sensors += sensors_of(column, answers)
    for loads in profile.processors:
        names = answers.texts(full(loads.name)) if loads.name else {}
        real = answers.numbers(full(loads.where)) if loads.where else {}
        parts.processors += [
            Processor(description=loads.words.format(names.get(index, index)), load_ratio=percent / 100)
            for index, percent in answers.numbers(full(loads.oid)).items()
            if 0 <= percent <= 100 and (not loads.where or real.get(index, 0) > 0)
        ]
    for memory in profile.memory:
        parts.memory += _memories(memory, answers)
    for assembly in profile.assemblies:
        parts.components += components_of(assembly, answers)
    if profile.read is not None:
        profile.read(answers, parts)


def components_of(assembly: Assembly, answers: Answers) -> Iterator[Component]:
    """The components of one table of a vendor."""
    names, models, serials = (
        answers.texts(full(oid)) if oid else {} for oid in (assembly.name, assembly.model, assembly.serial)
    )
    for row in answers.column(full(assembly.rows)):
        yield Component(
            index=row,
            name=assembly.words.format(names.get(row, row)),
            class_=assembly.class_,
            model=models.get(row),
            serial=serials.get(row),
        )


def sensors_of(column: Column, answers: Answers) -> Iterator[Sensor]:
    """The sensors of one column."""
    oid = full(column.oid)
    if column.unless and answers.column(full(column.unless)):
        return
    names = answers.texts(full(column.name)) if column.name else {}
    gate = answers.integers(full(column.where[0])) if column.where else {}
    for index, value in answers.numbers(oid).items():
        if value in column.absent or (column.where and gate.get(index) not in column.where[1]):
            continue
        yield Sensor(
            class_=column.class_,
            description=column.words.format(names.get(index, index)),
            value=scaled(value, column.divisor),
            unit=UNITS[column.class_],
            oid=f"{oid}.{index}",
        )


def scaled(value: float, divisor: float) -> float:
    """A value divided, whole where it comes out whole."""
    if divisor == 1:
        return value
    result = round(value / divisor, 10)
    return int(result) if result == int(result) else result


def _memories(memory: Memory, answers: Answers) -> Iterator[Space]:
    names = answers.texts(full(memory.name)) if memory.name else {}
    columns = {
        field_name: answers.numbers(full(oid)) if (oid := getattr(memory, field_name)) else {}
        for field_name in ("size", "used", "free", "used_percent")
    }
    for index in columns["size"] or columns["used"]:
        size, used, free, percent = (columns[name].get(index) for name in ("size", "used", "free", "used_percent"))
        if used is None and size is not None:
            used = size - free if free is not None else size * percent / 100 if percent is not None else None
        if size is None and used is not None and free is not None:
            size = used + free
        if size is None or used is None or size <= 0:
            continue
        yield Space(
            description=memory.words.format(names.get(index, index)).strip(),
            size_bytes=int(size * memory.unit_bytes),
            used_bytes=int(used * memory.unit_bytes),
        )
