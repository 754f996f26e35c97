"""smartctl's text, of versions that know no `--json` (before 7.0), as the object that later ones write.

Source: smartctl(8) and what 5.x to 7.x write: a label, a colon and a value a line; tables of attributes and errors.
"""

from __future__ import annotations

import re

from keskidee_agent.inventory.quantities import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LABELS = {
    "Device Model": ("model_name",),
    "Model Number": ("model_name",),
    "Product": ("scsi_product",),
    "Vendor": ("scsi_vendor",),
    "Model Family": ("model_family",),
    "Serial Number": ("serial_number",),
    "Serial number": ("serial_number",),
    "Firmware Version": ("firmware_version",),
    "Revision": ("scsi_revision",),
    "Form Factor": ("form_factor", "name"),
    "Transport protocol": ("scsi_transport_protocol", "name"),
    "Logical Unit id": ("logical_unit_id",),
}
HEALTH_LOG = "nvme_smart_health_information_log"
NUMBERS = {
    "User Capacity": ("user_capacity", "bytes"),
    "Total NVM Capacity": ("nvme_total_capacity",),
    "Logical block size": ("logical_block_size",),
    "Namespace 1 Formatted LBA Size": ("logical_block_size",),
    "Physical block size": ("physical_block_size",),
    "Temperature": ("temperature", "current"),
    "Current Drive Temperature": ("temperature", "current"),
    "Power On Hours": ("power_on_time", "hours"),
    "Power Cycles": ("power_cycle_count",),
    "Elements in grown defect list": ("scsi_grown_defect_list",),
    "Percentage used endurance indicator": ("scsi_percentage_used_endurance_indicator",),
    "Percentage Used": (HEALTH_LOG, "percentage_used"),
    "Available Spare": (HEALTH_LOG, "available_spare"),
    "Data Units Read": (HEALTH_LOG, "data_units_read"),
    "Data Units Written": (HEALTH_LOG, "data_units_written"),
    "Unsafe Shutdowns": (HEALTH_LOG, "unsafe_shutdowns"),
    "Media and Data Integrity Errors": (HEALTH_LOG, "media_errors"),
    "ATA Error Count": ("ata_smart_error_log", "summary", "count"),
    "Device Error Count": ("ata_smart_error_log", "extended", "count"),
}
PROTOCOLS = ((HEALTH_LOG, "NVMe"), ("nvme_namespaces", "NVMe"), ("model_name", "ATA"), ("scsi_product", "SCSI"))
"""What only disks of a protocol tell."""
_OLD_DEVICE = re.compile(r"Device: (.+?)\s{2,}Version: *(\S*)")
_GIGABITS = re.compile(r"current: (\d+)\.(\d) Gb/s")
_SECTORS = re.compile(r"(\d+) bytes logical(?:/physical|, (\d+) bytes physical)")
_POWERED = re.compile(r"(?:number of hours powered up = |Accumulated power on time, hours:minutes )(\d{1,7})\b")
_ERRORS = re.compile(r"(read|write|verify):\s.*\s(\d+)\s*")
_FLAGS = re.compile(r"0x[0-9a-f]{4}|[POSRCK-]{6}\+?")
_DIGITS = re.compile(r"\d+")
_ATTRIBUTES = ((9, ("power_on_time", "hours")), (12, ("power_cycle_count",)), (194, ("temperature", "current")))


def dump_of_text(text: str) -> dict[str, Any]:
    """The same keys and units as smartctl's JSON, of what the text has; empty where it tells of no disk."""
    dump: dict[str, Any] = {}
    for line in text.splitlines():
        label, colon, value = line.strip().partition(":")
        if colon and value.strip():
            _put(dump, label, value.strip())
        attribute = _attribute(line.split())
        if attribute:
            _at(dump, "ata_smart_attributes").setdefault("table", []).append(attribute)
        errors = _ERRORS.fullmatch(line.strip())
        if errors and len(errors[2]) < 19:
            _at(dump, "scsi_error_counter_log")[errors[1]] = {"total_uncorrected_errors": int(errors[2])}
    old, powered = _OLD_DEVICE.search(text), _POWERED.search(text)
    if old:
        dump |= {"scsi_product": old[1], "scsi_revision": old[2]}
    if powered:
        dump["power_on_time"] = {"hours": int(powered[1])}
    protocol = next((name for key, name in PROTOCOLS if key in dump), "")
    if protocol:
        dump["device"] = {"protocol": protocol}
    _from_attributes(dump)
    return dump


def _put(dump: dict[str, Any], label: str, value: str) -> None:
    path = LABELS.get(label) or NUMBERS.get(label)
    if path:
        told = _grouped(value) if label in NUMBERS else value
        _at(dump, *path[:-1]).setdefault(path[-1], told)
    elif label == "Namespace 1 Size/Capacity":
        dump["nvme_namespaces"] = [{"size": {"bytes": _grouped(value)}}]
    elif label == "Rotation Rate":
        dump["rotation_rate"] = 0 if value.startswith("Solid") else number(value)
    elif label == "Critical Warning" and len(value) < 6:
        _at(dump, HEALTH_LOG)["critical_warning"] = _hexadecimal(value)
    elif "self-assessment test result" in label or label == "SMART Health Status":
        dump["smart_status"] = {"passed": value in ("PASSED", "OK")}
    elif label in ("SATA Version is", "Sector Size", "Sector Sizes", "LU WWN Device Id"):
        dump |= _of_ata(label, value)


def _of_ata(label: str, value: str) -> dict[str, Any]:
    """`SATA 3.1, 6.0 Gb/s (current: 3.0 Gb/s)`, `512 bytes logical, 4096 bytes physical`, `5 000c50 0a1b2c3d4`."""
    if label == "SATA Version is":
        found = _GIGABITS.search(value)
        speed = {"units_per_second": int(found[1] + found[2]), "bits_per_unit": 100_000_000} if found else {}
        return {"sata_version": {"string": value.partition(",")[0]}, "interface_speed": {"current": speed}}
    if label == "LU WWN Device Id":
        parts = [_hexadecimal(part) for part in value.split()]
        return {"wwn": dict(zip(("naa", "oui", "id"), parts, strict=True))} if len(parts) == 3 else {}
    sectors = _SECTORS.match(value)
    if not sectors:
        return {}
    return {"logical_block_size": int(sectors[1]), "physical_block_size": int(sectors[2] or sectors[1])}


def _attribute(words: list[str]) -> dict[str, Any] | None:
    """A row of the table of ATA attributes, of `-a` (ten columns) or of `-x` (eight); None for another line."""
    brief = len(words) > 7 and _FLAGS.fullmatch(words[2]) and words[2][:2] != "0x"
    at = 7 if brief else 9
    if len(words) <= at or not _FLAGS.fullmatch(words[2]) or not (words[0].isdecimal() and words[3].isdecimal()):
        return None
    raw = _DIGITS.match(words[at])  # `12345h+33m+12.3s` is hours, `32 (Min/Max 27/35)` a temperature
    if len(words[0]) > 3 or len(words[3]) > 3 or not raw or len(raw[0]) > 18:
        return None
    return {"id": int(words[0]), "name": words[1], "value": int(words[3]), "raw": {"value": int(raw[0])}}


def _from_attributes(dump: dict[str, Any]) -> None:
    """What smartctl's JSON tells of every disk in one place, and its text of ATA disks among the attributes."""
    table = dump.get("ata_smart_attributes", {}).get("table", [])
    raw = {row["id"]: row["raw"]["value"] for row in table}
    for attribute, path in _ATTRIBUTES:
        if attribute in raw:
            _at(dump, *path[:-1]).setdefault(path[-1], raw[attribute])


def _at(dump: dict[str, Any], *path: str) -> dict[str, Any]:
    for step in path:
        dump = dump.setdefault(step, {})
    return dump


def _hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16) if len(text) < 16 else None
    except ValueError:
        return None


def _grouped(text: str) -> int | None:
    """`11,756,399,230,976 bytes [11.7 TB]`: the number, whatever the language puts between its thousands."""
    number = re.split(r"bytes|[\[(]", text, maxsplit=1)[0]
    digits = "".join(_DIGITS.findall(number))
    return int(digits) if digits and len(digits) < 19 else None
