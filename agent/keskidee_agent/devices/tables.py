"""What the tables of a profile say: sensors, processors, memories and components, a row of the device's table each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Component, Processor, Sensor, Space
from keskidee_agent.devices.profile import UNITS, full

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts
    from keskidee_agent.devices.profile import Assembly, Column, Memory, Profile


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
    gate = _gate(column, answers)
    digits = answers.fixed(full(column.decimals)) if column.decimals else {}
    for index, value in answers.numbers(oid).items():
        if value in column.absent or (column.where and gate.get(index) not in column.where[1]):
            continue
        yield Sensor(
            class_=column.class_,
            description=column.words.format(_name(names, index)),
            value=scaled(value, 10 ** digits.get(index, 0) if column.decimals else column.divisor),
            unit=UNITS[column.class_],
            oid=f"{oid}.{index}",
        )


def _gate(column: Column, answers: Answers) -> Mapping[str, int | str]:
    """What the column of the condition says, by index."""
    if column.where is None:
        return {}
    oid, values = column.where
    return answers.texts(full(oid)) if isinstance(values[0], str) else answers.integers(full(oid))


def _name(names: dict[str, str], index: str) -> str:
    """The name of a row, or of the part whose index its own begins with."""
    part = index
    while part not in names and part:
        part = part.rpartition(".")[0]
    return names.get(part, index)


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
