"""What others found in the recorded devices (`*.expected.json` beside the recordings), compared fact by fact.

A model or version counts as right when one contains the other: theirs are put together out of several values. Of
a supply that says "some left" (-3) they say 50 %; here it has no level, and that counts as right. Drives behind RAID
controllers are counted: theirs are all named after slot 0.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from keskidee_agent.devices.parts import Component
from keskidee_agent.devices.read import DeviceReading, read_device
from keskidee_agent.devices.recorded_engine import RecordedEngine

SOME_LEFT = 50
PRIVATE = "<private>"
Facts = Iterator[tuple[str, bool]]
KIND_OF = {"type": "kind", "hardware": "model", "serial": "serial", "version": "version"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One expected fact of one device: what it is about, which, and whether we say the same."""

    device: str
    about: str
    which: str
    right: bool


@cache
def reading_of(path: Path) -> DeviceReading:
    """The device recorded in a file, read."""
    return asyncio.run(read_device(RecordedEngine.of(path)))


def facts_of(recording: Path) -> list[Fact]:
    """Every expected fact of one recording."""
    reading = reading_of(recording)
    expected = json.loads(recording.with_suffix(".expected.json").read_text(encoding="utf-8"))
    about = {
        "identity": _identity(reading, expected["device"]),
        "ports": _ports(reading, expected.get("ports", [])),
        "components": _components(reading, expected.get("entPhysical", [])),
        "sensors": _sensors(reading, expected.get("sensors", [])),
        "supplies": _supplies(reading, expected.get("printer_supplies", [])),
        "processors": _processors(reading, expected.get("processors", [])),
        "memory": _spaces(reading, expected.get("mempools", []), "mempool"),
        "addresses": _addresses(reading, expected),
        "vlans": _vlans(reading, expected.get("vlans", [])),
        "neighbours": _neighbours(reading, expected.get("links", [])),
        "storage": _spaces(reading, expected.get("storage", []), "storage"),
    }
    return [Fact(recording.stem, name, which, right) for name, facts in about.items() for which, right in facts]


def _identity(reading: DeviceReading, device: dict[str, Any]) -> Facts:
    for theirs, ours in KIND_OF.items():
        if wanted := device.get(theirs):
            found = getattr(reading.identity, ours) or ""
            same = found == wanted if ours in ("kind", "serial") else _alike(found, wanted)
            yield f"{ours} {wanted!r}, here {found!r}", same


def _alike(found: str, wanted: str) -> bool:
    one, other = (re.sub(r"[^a-z0-9]", "", words.lower()) for words in (found, wanted))
    return bool(one) and (one in other or other in one)


def _ports(reading: DeviceReading, ports: list[dict[str, Any]]) -> Facts:
    ours = {port.index: port for port in reading.parts.ports}
    for port in ports:
        found = ours.get(port["ifIndex"])
        wanted = (port.get("ifType"), port.get("ifMtu"), port.get("ifOperStatus"))
        # what is missing in theirs was empty; what the recording lacks is None here
        have = (found.type, found.mtu, found.oper) if found else ()
        same = found is not None and all(a == b for a, b in zip(wanted, have, strict=True) if a is not None)
        yield f"port {port['ifIndex']} {wanted}, here {have}", same


def _components(reading: DeviceReading, parts: list[dict[str, Any]]) -> Facts:
    by_index = {part.index: part for part in reading.parts.components}
    remaining = list(reading.parts.components)
    for part in parts:
        serial = part.get("entPhysicalSerialNum", "")
        names = {part.get("entPhysicalName"), part.get("entPhysicalDescr"), part.get("entPhysicalModelName")}
        exact = by_index.get(str(part["entPhysicalIndex"]))
        if exact is not None:
            yield f"component {part}", (exact.serial or "").replace(PRIVATE, "") == serial
            continue
        drive = part.get("entPhysicalClass") == "drive"
        found = next(
            (
                ours
                for ours in remaining
                if (drive and ours.class_ == "storageDrive") or _same_part(ours, serial, names)
            ),
            None,
        )
        if found:
            remaining.remove(found)
        yield f"component {part}", found is not None


def _same_part(part: Component, wanted: str, names: set[str | None]) -> bool:
    if wanted and wanted not in ("BUILTIN", "N/A"):
        return part.serial == wanted
    return part.name in names or part.model in names


def _sensors(reading: DeviceReading, sensors: list[dict[str, Any]]) -> Facts:
    ours = {sensor.oid: sensor for sensor in reading.parts.sensors}
    for sensor in sensors:
        oid, wanted = sensor["sensor_oid"].lstrip("."), float(sensor["sensor_current"])
        found = ours.get(oid)
        same = found is not None and abs(found.value - wanted) <= 0.001 + abs(wanted) * 0.001
        yield f"{sensor['sensor_class']} {oid} {wanted}, here {found and found.value}", same


def _supplies(reading: DeviceReading, supplies: list[dict[str, Any]]) -> Facts:
    ours = {(supply.description, supply.type): supply for supply in reading.parts.supplies}
    for supply in supplies:
        found = ours.get((supply["supply_descr"], supply["supply_type"]))
        left = None if found is None or found.level_ratio is None else found.level_ratio * 100
        same = abs(left - supply["supply_current"]) <= 1 if left is not None else supply["supply_current"] == SOME_LEFT
        yield f"supply {supply}, here {found}", found is not None and same


def _processors(reading: DeviceReading, processors: list[dict[str, Any]]) -> Facts:
    ours = [round((processor.load_ratio or 0) * 100) for processor in reading.parts.processors]
    for processor in processors:
        found = processor["processor_usage"] in ours
        if found:
            ours.remove(processor["processor_usage"])
        yield f"processor {processor['processor_descr']} {processor['processor_usage']}", found


def _spaces(reading: DeviceReading, spaces: list[dict[str, Any]], kind: str) -> Facts:
    total = "mempool_total" if kind == "mempool" else "storage_size"
    ours = {(space.size_bytes, space.used_bytes) for space in [*reading.parts.memory, *reading.parts.storage]}
    for space in spaces:
        size, used = space[total], space[f"{kind}_used"]
        found = any(size == one and abs(used - other) <= size * 0.01 for one, other in ours)
        yield f"{kind} {space[f'{kind}_descr']} {size} {used}", found


def _addresses(reading: DeviceReading, expected: dict[str, Any]) -> Facts:
    ours = {(one.port, one.address): one.prefix_length for one in reading.parts.addresses}
    for version in ("ipv4", "ipv6"):
        for row in expected.get(f"{version}_addresses", []):
            wanted, length = (row["ifIndex"], str(ip_address(row[f"{version}_address"]))), row[f"{version}_prefixlen"]
            # a mask that the recording lacks, or that is 0.0.0.0, is None here
            yield f"address {wanted} {length}", wanted in ours and ours[wanted] in (length, None)


def _vlans(reading: DeviceReading, vlans: list[dict[str, Any]]) -> Facts:
    ours = {vlan.number: vlan.name for vlan in reading.parts.vlans}
    for vlan in vlans:
        number, name = vlan["vlan_vlan"], vlan.get("vlan_name")
        yield f"vlan {vlan}, here {ours.get(number)}", number in ours and (name is None or ours[number] == name)


def _neighbours(reading: DeviceReading, links: list[dict[str, Any]]) -> Facts:
    """The other end's port, behind which they put its hardware address in brackets."""
    ours = {neighbour.remote_port for neighbour in reading.parts.neighbours}
    for link in links:
        yield f"neighbour {link}, here {ours}", link["remote_port"].partition(" (")[0] in ours
