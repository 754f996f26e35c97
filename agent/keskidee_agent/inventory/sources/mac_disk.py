"""Disks and mounted volumes of a Mac, by system_profiler(8). No privilege."""

from __future__ import annotations

import re
from contextlib import suppress

from keskidee_agent.inventory.profiler import section
from keskidee_agent.inventory.quantities import size_bytes
from keskidee_agent.inventory.smart import HDD, SSD
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.profiler import Node
    from keskidee_report.items import Item, Value

PLATFORMS = ("darwin",)
KINDS = ("disk", "filesystem")
DEADLINE_SECONDS = 240.0
MOVING = ("free_bytes",)
SECTIONS = (
    ("SPSerialATADataType", "SATA", ("SATA/SATA Express", "Serial-ATA")),
    ("SPNVMeDataType", "NVMe", ("NVMExpress",)),
    ("SPParallelATADataType", "ATA", ("ATA",)),
)
SOLID = ("Solid State", "SSD")
OF_THE_SYSTEM = "/System/Volumes/"  # beside the one with the data: parts of macOS in the same space
DATA = f"{OF_THE_SYSTEM}Data"
_WHOLE = re.compile(r"disk\d{1,4}")  # `disk0s1` is a part of it
_EXACT = re.compile(r"\(([\d\s.,\u00a0\u202f]+) bytes\)")


def read(machine: Machine) -> Iterator[Item]:
    """`disk` by its BSD name, those on USB too; `filesystem` by mount point.

    Raises NotHere where system_profiler tells of neither.
    """
    found = False
    for part in (_disks, _of_usb, _filesystems):
        with suppress(NotHere):
            for each in part(machine):
                found = True
                yield each
    if not found:
        raise NotHere("system_profiler tells of no disk")


def _disks(machine: Machine) -> Iterator[Item]:
    for kind, transport, titles in SECTIONS:
        with suppress(NotHere):
            for node in section(machine, kind, *titles).all():
                name = node.text("BSD Name")
                fields = _disk(node, transport)
                whole = _WHOLE.fullmatch(name) or (not name and fields["size_bytes"])  # one that nobody formatted
                if node.text("Model") and whole:
                    yield item("disk", name or node.name, {**fields, "transport": transport})


def _disk(node: Node, transport: str) -> dict[str, Value | None]:
    medium = node.text("Medium Type")
    return {
        "model": node.text("Model"),
        "serial": node.text("Serial Number"),
        "firmware": node.raw("Revision"),
        "size_bytes": _exact(node.text("Capacity")),
        "medium": SSD if medium in SOLID or transport == "NVMe" else HDD if medium == "Rotational" else None,
        "health": {"Verified": "healthy", "Failing": "unhealthy"}.get(
            node.text("S.M.A.R.T. status", "S.M.A.R.T. Status")
        ),
        "removable": node.text("Removable Media").lower() == "yes" or None,
    }


def _exact(text: str) -> int | None:
    """`320,07 GB (320 072 933 376 bytes)`, whatever stands between the thousands; `74.53 GB` is 1024-based."""
    found = _EXACT.search(text)
    if found:
        digits = "".join(re.findall(r"\d", found[1]))
        return int(digits) if 0 < len(digits) < 19 else None
    return size_bytes(text)


def _of_usb(machine: Machine) -> Iterator[Item]:
    """What a device on USB holds: macOS lists it below the device, before 10.9 in its own values."""
    for device in section(machine, "SPUSBDataType", "USB").all():
        media = (device, *device.nodes, *device.first("Media").nodes) if "Product ID" in device.values else ()
        for node in media:
            name = node.text("BSD Name")
            if _WHOLE.fullmatch(name) and (node is device or "Product ID" not in node.values):
                told: dict[str, Value | None] = {
                    **_disk(node, "USB"),
                    "model": device.name.strip(),
                    "maker": device.text("Manufacturer"),
                    "serial": device.text("Serial Number"),
                    "firmware": device.raw("Version"),
                    "transport": "USB",
                }
                yield item("disk", name, told)


def _filesystems(machine: Machine) -> Iterator[Item]:
    for node in section(machine, "SPStorageDataType", "Storage").nodes:
        mount = node.raw("Mount Point")
        if not mount or (mount.startswith(OF_THE_SYSTEM) and mount != DATA):
            continue
        fields = {
            "mount": mount,
            "device": node.text("BSD Name"),
            "type": node.text("File System"),
            "label": node.name,
            "uuid": node.text("Volume UUID"),
            "size_bytes": _exact(node.text("Capacity")),
            "free_bytes": _exact(node.text("Free", "Available")),
            "read_only": node.text("Writable").lower() == "no" or None,
        }
        yield item("filesystem", mount, fields)
