"""Disks and file systems of Windows: Win32_DiskDrive and MSFT_PhysicalDisk; Win32_LogicalDisk and Win32_Volume."""

from __future__ import annotations

import re

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.smart import HDD, SSD
from keskidee_agent.inventory.wmi import some, spare
from keskidee_agent.inventory.wmi_rows import Row
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item, Value

PLATFORMS = ("windows",)
KINDS = ("disk", "filesystem")
MOVING = ("free_bytes",)
DRIVES = {2: "Removable Disk", 3: "Local Disk", 4: "Network Drive", 5: "Compact Disc", 6: "RAM Disk"}
MEDIA = {"3": HDD, "4": SSD, "HDD": HDD, "SSD": SSD}
HEALTH = {"0": "healthy", "1": "warning", "2": "unhealthy"}
HEALTH |= {"HEALTHY": "healthy", "WARNING": "warning", "UNHEALTHY": "unhealthy"}
FAILING = {"PRED FAIL": "unhealthy"}  # Win32_DiskDrive.Status; OK there does not say that anybody asked the disk
TRANSPORT = {"3": "ATA", "7": "USB", "8": "RAID", "9": "iSCSI", "10": "SAS", "11": "SATA", "12": "SD", "13": "MMC"}
TRANSPORT |= {"17": "NVMe", **{name.upper(): name for name in (*TRANSPORT.values(), "NVMe")}}
"""MSFT_PhysicalDisk.BusType. The Storage module of PowerShell has words for its numbers."""
_EUI = re.compile(r"[0-9A-F]{4}(?:_[0-9A-F]{4}){3,7}\.?", re.IGNORECASE)
_NAMESPACE = re.compile(r"\s*_\d{4,8}\Z")
NOT_ROTATING = 0xFFFFFFFF  # a spindle speed nobody knows


def read(machine: Machine) -> Iterator[Item]:
    """`disk` by its number in Windows (`PHYSICALDRIVE0`); `filesystem` by drive letter, mount point or label.

    Raises NotHere where WMI tells of neither.
    """
    physical = {row.raw("DeviceId"): row for row in spare(machine, "MSFT_PhysicalDisk")}
    drives = some(machine, "Win32_DiskDrive")
    for row in drives:
        yield _disk(row, physical.pop(row.raw("Index"), Row({})))
    for number, row in physical.items():  # the members of a pool, which are no drives; from 1000 on other machines' too
        if number.isdecimal() and len(number) < 4:
            yield _disk(Row({"DeviceID": f"PHYSICALDRIVE{number}"}), row)
    volumes = list(_filesystems(machine))
    yield from volumes
    if not drives and not physical and not volumes:
        raise NotHere("WMI tells of no disk")


def _disk(row: Row, physical: Row) -> Item:
    name = (row.raw("DeviceID") or row.raw("Name")).removeprefix("\\\\.\\")
    maker, interface = row.text("Manufacturer") or physical.text("Manufacturer"), row.text("InterfaceType")
    rotation = physical.number("SpindleSpeed")
    return item(
        "disk",
        name or "disk",
        {
            "model": row.text("Model")
            or row.text("Caption")
            or physical.text("Model")
            or physical.text("FriendlyName"),
            "maker": "" if maker.startswith("(") else maker,  # the driver's group, in the language of the installation
            "serial": _serial(row.raw("SerialNumber") or physical.raw("SerialNumber"), physical),
            "firmware": row.raw("FirmwareRevision") or physical.raw("FirmwareVersion"),
            "size_bytes": row.number("Size") or physical.number("Size"),
            "transport": TRANSPORT.get(physical.raw("BusType").upper()) or interface,
            "description": row.text("Description"),
            "medium": MEDIA.get(physical.raw("MediaType").upper()),
            "rotation_rpm": None if rotation == NOT_ROTATING else rotation,
            "media_type": row.text("MediaType"),
            "health": HEALTH.get(physical.raw("HealthStatus").upper()) or FAILING.get(row.raw("Status").upper()),
            "scsi_port": row.number("SCSIPort"),
            "scsi_target": row.number("SCSITargetId"),
            "scsi_lun": row.number("SCSILogicalUnit"),
            "partitions": row.number("Partitions"),
        },
    )


def _serial(told: str, physical: Row) -> str:
    """Of NVMe, Windows gives out the namespace's identifier (`0025_3856_81B0_1234.`); what is on the label is apart."""
    label = _NAMESPACE.sub("", physical.raw("AdapterSerialNumber")) if _EUI.fullmatch(told.strip()) else ""
    return said(label) or serial_of(told)


def serial_of(text: str) -> str:
    """A disk's serial number: Windows 7 and before write ATA disks' as hexadecimal with each two letters exchanged."""
    text = text.strip()
    if len(text) == 40 and not set(text) - set("0123456789abcdefABCDEF"):
        spelled = bytes.fromhex(text).decode("ascii", "replace")
        if spelled.isprintable() and spelled.isascii():
            pairs = [spelled[at : at + 2][::-1] for at in range(0, len(spelled), 2)]
            return said("".join(pairs))
    return said(text.rstrip("."))


def _filesystems(machine: Machine) -> Iterator[Item]:
    system = next((row.raw("SystemDrive").upper() for row in spare(machine, "Win32_OperatingSystem")), "")
    letters = set()
    for row in some(machine, "Win32_LogicalDisk"):
        letter = (row.raw("DeviceID") or row.raw("Caption")).upper()
        letters.add(letter)
        fields = {
            **_space(row, "Size"),
            "label": row.raw("VolumeName"),
            "serial": row.raw("VolumeSerialNumber"),
            "description": row.text("Description"),
            "remote": row.text("ProviderName"),
            "system": True if letter and letter == system else None,
        }
        yield item("filesystem", letter or "drive", {"mount": letter, **fields})
    for row in some(machine, "Win32_Volume"):
        if row.raw("DriveLetter").upper() in letters:
            continue
        name = row.raw("Name")
        mount = "" if name.startswith("\\\\?\\") else name
        fields = {
            **_space(row, "Capacity"),
            "label": row.raw("Label"),
            "serial": _volume_serial(row.raw("SerialNumber")),
        }
        yield item(
            "filesystem", row.raw("DriveLetter") or mount or row.raw("Label") or name, {"mount": mount, **fields}
        )


def _volume_serial(text: str) -> str:
    """32 bits, which Win32_Volume writes in decimal, with a sign where the first is set."""
    digits = text.removeprefix("-")
    return f"{int(text) & 0xFFFFFFFF:08X}" if digits.isdecimal() and len(digits) < 12 else ""


def _space(row: Row, size: str) -> dict[str, Value | None]:
    return {
        "type": row.raw("FileSystem"),
        "drive": DRIVES.get(row.number("DriveType") or 0),
        "size_bytes": row.number(size) or None,
        "free_bytes": row.number("FreeSpace") if row.number(size) else None,
    }
