"""HOST-RESOURCES-MIB (RFC 2790) and UCD-SNMP-MIB: processors, memories, file systems, and a printer's state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Processor, Sensor, Space
from keskidee_agent.devices.profile import Column, full
from keskidee_agent.devices.tables import sensors_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

STORAGE, DEVICE, PROCESSOR, PRINTER = (
    "1.3.6.1.2.1.25.2.3.1",
    "1.3.6.1.2.1.25.3.2.1",
    "1.3.6.1.2.1.25.3.3.1",
    "1.3.6.1.2.1.25.3.5.1",
)
UCD_MEMORY = "1.3.6.1.4.1.2021.4"
SYSTEM, UCD_LOAD = "@25.1", "~2021.10.1"
WALKS = (STORAGE, DEVICE, PROCESSOR, PRINTER, UCD_MEMORY, full(SYSTEM) + ".5", full(SYSTEM) + ".6", full(UCD_LOAD))
COUNTS = (
    Column(class_="count", oid=SYSTEM + ".5", words="Users"),
    Column(class_="count", oid=SYSTEM + ".6", words="Processes"),
    Column(class_="count", oid=UCD_LOAD + ".5", words="{}", name=UCD_LOAD + ".2", divisor=100),
)

STORAGE_TYPES, DEVICE_TYPES = "1.3.6.1.2.1.25.2.1.", "1.3.6.1.2.1.25.3.1."
OTHER, RAM, VIRTUAL, DISK, REMOVABLE, FLOPPY, CD, RAM_DISK, FLASH, NETWORK_DISK = range(1, 11)
PRINTER_DEVICE = DEVICE_TYPES + "5"
PHYSICAL, SHARED, CACHES = "Physical memory", "Shared memory", ("Memory buffers", "Cached memory")
MEMORIES = (OTHER, RAM, VIRTUAL)
WRAPPED = 1 << 32  # sizes beyond 31 bits come out negative
KIB = 1024


def read(answers: Answers, parts: Parts) -> None:
    """What the two MIBs say; UCD's memory only where the other has none."""
    descriptions = answers.texts(f"{DEVICE}.3")
    parts.processors += [
        Processor(description=descriptions.get(row, f"Processor {row}"), load_ratio=load / 100)
        for row, load in answers.numbers(f"{PROCESSOR}.2").items()
        if 0 <= load <= 100
    ]
    found = list(spaces(answers))
    parts.memory += _without_caches([space for kind, space in found if kind in MEMORIES])
    parts.storage += [space for kind, space in found if kind not in MEMORIES]
    if not parts.memory:
        parts.memory += _ucd_memory(answers)
    parts.sensors += printer_states(answers)
    for column in COUNTS:
        parts.sensors += sensors_of(column, answers)


def spaces(answers: Answers) -> Iterator[tuple[int, Space]]:
    """Each memory and file system with the number of its type; those of size 0 are left out."""
    types, units = answers.texts(f"{STORAGE}.2"), answers.fixed(f"{STORAGE}.4")
    descriptions, used = answers.texts(f"{STORAGE}.3"), answers.integers(f"{STORAGE}.6")
    for row, size in answers.integers(f"{STORAGE}.5").items():
        kind = types.get(row, "").removeprefix(STORAGE_TYPES)
        if size == 0 or row not in units or row not in used:
            continue
        unit = units[row]
        yield (
            int(kind) if kind.isdecimal() else OTHER,
            Space(
                description=descriptions.get(row, row),
                size_bytes=_unsigned(size) * unit,
                used_bytes=_unsigned(used[row]) * unit,
            ),
        )


def _without_caches(memories: list[Space]) -> list[Space]:
    """Net-SNMP's memories of a Linux: caches, which give way, are not used memory; they are shares of it.

    Other agents' memories are left as they are.
    """
    by_name = {space.description: space for space in memories}
    physical = by_name.get(PHYSICAL)
    if physical is None or not by_name.keys() >= set(CACHES):
        return memories
    cached = sum(by_name[name].used_bytes or 0 for name in CACHES)
    used = {PHYSICAL: max((physical.used_bytes or 0) - cached, 0)}
    return [
        replace(space, size_bytes=physical.size_bytes, used_bytes=used.get(space.description, space.used_bytes))
        if space.description in (PHYSICAL, SHARED, *CACHES)
        else space
        for space in memories
    ]


def _unsigned(size: int) -> int:
    return size if size >= 0 else size + WRAPPED


def _ucd_memory(answers: Answers) -> Iterator[Space]:
    """Memory and swap: total and available KiB (memTotalSwap .3, memTotalReal .5, and what is free one behind)."""
    for description, at in (("Physical memory", 5), ("Swap space", 3)):
        total = answers.integers(f"{UCD_MEMORY}.{at}").get("0")
        free = answers.integers(f"{UCD_MEMORY}.{at + 1}").get("0")
        if total and free is not None:
            yield Space(description=description, size_bytes=total * KIB, used_bytes=(total - free) * KIB)


def printer_states(answers: Answers) -> Iterator[Sensor]:
    """The hrDeviceStatus of printers, and the error bits of hrPrinterDetectedErrorState as one number."""
    types, states = answers.texts(f"{DEVICE}.2"), answers.integers(f"{DEVICE}.5")
    for row, errors in answers.column(f"{PRINTER}.2", moves=True).items():
        if row in states and types.get(row, PRINTER_DEVICE) == PRINTER_DEVICE:
            yield Sensor(
                class_="state", description="Printer status", value=states[row], unit="", oid=f"{DEVICE}.5.{row}"
            )
        if isinstance(errors, bytes):
            value = int.from_bytes(errors[:2], "big")
            yield Sensor(class_="state", description="Printer errors", value=value, unit="", oid=f"{PRINTER}.2.{row}")
