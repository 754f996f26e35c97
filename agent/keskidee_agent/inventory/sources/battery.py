"""Batteries with their wear: from /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power), else upower,
or WMI (battery_rows.py), with what SMBIOS adds (DSP0134, 7.23). Batteries of mice and the like are not the machine's.
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import groupby

from keskidee_agent.host.machine import WINDOWS
from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.layout import BATTERY
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.firmware import Record
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux", "windows")
KINDS = ("battery",)
FOLDER = "sys/class/power_supply"
TEXTS = {"manufacturer": "maker", "model_name": "model", "serial_number": "serial", "technology": "chemistry"}
UPOWER_TEXTS = {"vendor": "maker", "model": "model", "serial": "serial", "technology": "chemistry"}
UPOWER_ENERGIES = {"energy-full": "full_milliwatt_hours", "energy-full-design": "design_milliwatt_hours"}
SAYING = frozenset({"maker", "model", "serial", "design_milliwatt_hours"})
_DECIMAL = re.compile(r"(\d{1,9})(?:[.,](\d{1,6}))?\s*Wh")


def read(machine: Machine) -> Iterator[Item]:
    """A battery by its name in the system, or its place: maker, model, serial, chemistry, capacity and its wear.

    Raises NotHere where there is none: most desktops and servers.
    """
    told = [_firmware(record) for record in _records(machine)]
    told = [fields for fields in told if SAYING & {name for name, value in fields.items() if value}]
    seen = list(_system(machine))
    for name, known in seen:
        yield _battery(name, {**_same(known, told, alone=len(seen) == 1), **known})
    if not seen:
        for number, fields in enumerate(told, 1):
            yield _battery(str(fields.get("slot") or f"battery {number}"), fields)
        if not told:
            raise NotHere("no battery")


def _battery(name: str, fields: Mapping[str, Value | None]) -> Item:
    full, design = fields.get("full_milliwatt_hours"), fields.get("design_milliwatt_hours")
    health = _ratio(full, design) if isinstance(full, int) and isinstance(design, int) and design else None
    return item("battery", name, {**fields, "health_ratio": fields.get("health_ratio") if health is None else health})


def _ratio(full: int, design: int) -> float:
    return round(min(full / design, 1), 2)


def _same(fields: Mapping[str, Value], told: list[dict[str, Value | None]], *, alone: bool) -> dict[str, Value | None]:
    """What firmware says of this battery: the one with its serial or model, or the only one."""
    for name in ("serial", "model"):
        for other in told:
            if fields.get(name) and fields[name] == other.get(name):
                return other
    return told[0] if alone and len(told) == 1 else {}


def _records(machine: Machine) -> list[Record]:
    with suppress(NotHere, Denied, TimedOut, OSError):
        return firmware_of(machine).of(BATTERY)
    return []


def _firmware(record: Record) -> dict[str, Value | None]:
    texts = {name: record.text(name) for name in ("slot", "maker", "model", "serial", "date", "chemistry")}
    numbers = {name: record.number(name) for name in ("design_milliwatt_hours", "design_millivolts")}
    return {**texts, **numbers}


def _system(machine: Machine) -> Iterator[tuple[str, dict[str, Value]]]:
    if machine.platform == WINDOWS:
        from keskidee_agent.inventory.battery_rows import batteries  # here: this file is loaded on Linux, too

        yield from batteries(machine)
        return
    try:
        names = machine.names(FOLDER)
    except NotHere:
        with suppress(NotHere, OSError, TimedOut):
            yield from upower(machine.run("upower", "--dump").decode("utf-8", "replace"))
        return
    for name in names:
        if _text(machine, name, "type") == "Battery" and _text(machine, name, "scope") != "Device":
            yield name, _of_kernel(machine, name)


def _of_kernel(machine: Machine, name: str) -> dict[str, Value]:
    fields: dict[str, Value] = {field: said(_text(machine, name, file)) for file, field in TEXTS.items()}
    microvolts = _number(machine, name, "voltage_min_design")
    charge_full, charge_design = (_number(machine, name, f"charge_{kind}") for kind in ("full", "full_design"))
    if charge_full and charge_design:  # where no voltage makes energy of it
        fields["health_ratio"] = _ratio(charge_full, charge_design)
    for field, kind in (("full_milliwatt_hours", "full"), ("design_milliwatt_hours", "full_design")):
        energy, charge = (_number(machine, name, f"{what}_{kind}") for what in ("energy", "charge"))
        if energy:
            fields[field] = energy // 1000
        elif charge and microvolts:  # microampere-hours
            fields[field] = charge * microvolts // 1_000_000_000
    if microvolts:
        fields["design_millivolts"] = microvolts // 1000
    cycles = _number(machine, name, "cycle_count")
    if cycles:
        fields["cycles"] = cycles
    return {field: value for field, value in fields.items() if value}


def _text(machine: Machine, name: str, file: str) -> str:
    with suppress(NotHere, Denied, OSError):
        return machine.text(f"{FOLDER}/{name}/{file}")
    return ""


def _number(machine: Machine, name: str, file: str) -> int | None:
    text = _text(machine, name, file)
    return int(text) if text.isdecimal() and len(text) < 16 else None


def upower(text: str) -> Iterator[tuple[str, dict[str, Value]]]:
    """The batteries that power the machine in `upower --dump`, whatever the language of its numbers; by native path."""
    lines = [line.partition(":") for line in text.splitlines()]
    starts = 0
    numbered = []
    for label, colon, value in lines:
        starts += label.strip() == "native-path" or label.startswith("Device")
        numbered.append((starts, label.strip(), value.strip() if colon else ""))
    for _, group in groupby(numbered, key=lambda row: row[0]):
        rows = list(group)
        values = {label: value for _, label, value in rows if value}
        if (
            any(label == "battery" for _, label, _ in rows)
            and values.get("power supply") != "no"
            and "native-path" in values
        ):
            yield values["native-path"], _of_upower(values)


def _of_upower(values: Mapping[str, str]) -> dict[str, Value]:
    fields: dict[str, Value] = {field: said(values.get(label, "")) for label, field in UPOWER_TEXTS.items()}
    for label, field in UPOWER_ENERGIES.items():
        found = _DECIMAL.match(values.get(label, ""))
        if found:
            fields[field] = int(found[1]) * 1000 + int((found[2] or "0").ljust(3, "0")[:3])
    return {field: value for field, value in fields.items() if value}
