"""What smartctl says of a disk, as the fields of an item: its JSON (smartmontools 7), or the text it wrote before.

Source: smartctl(8); ATA/ATAPI Command Set (attributes by their number); NVM Express base specification, SMART log.
"""

from __future__ import annotations

import json
import re

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.smart_text import dump_of_text
from keskidee_report.model import Denied, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from keskidee_report.items import Value

SSD, HDD = "ssd", "hdd"
NVME_UNIT_BYTES = 512_000  # a data unit is a thousand blocks of 512 bytes
HOURS_MOST = 1 << 24  # some disks put minutes, or flags, into the upper bytes of their hours
ATTRIBUTES = {
    5: "reallocated_sectors",
    197: "pending_sectors",
    198: "offline_uncorrectable",
    199: "crc_errors",
}
LIFE_LEFT = (231, 233, 177, 202, 169, 173)
"""Attributes whose normalized value is what is left of an SSD's life in percent, the clearest first."""
_REFUSED = re.compile(r"permission denied|operation not permitted|requires? (?:root|administrator)", re.IGNORECASE)
LIFE = ("life", "wear", "erase", "endurance")
"""Words of which the name of such an attribute has one: makers use the same numbers for other things too."""


def dump_of(content: bytes) -> dict[str, Any] | None:
    """The object that smartctl wrote; None where it is no JSON (older versions write text). Raises Malformed."""
    text = content.decode("utf-8", "replace").strip()
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("smartctl's JSON is cut short", text) from None
    return found if isinstance(found, dict) else None


def check(answer: dict[str, Any] | bytes) -> None:
    """Raises Denied where smartctl could not open the disk for want of a right; of its JSON or its text."""
    if isinstance(answer, bytes):
        if _REFUSED.search(answer.decode("utf-8", "replace")):
            raise Denied("smartctl needs root")
        return
    messages = [_text(message, "string") for message in _list(answer, "smartctl", "messages")]
    refused = next((message for message in messages if _REFUSED.search(message)), "")
    if refused:
        raise Denied(f"smartctl: {refused}; needs root")


def fields_of(dump: dict[str, Any]) -> dict[str, Value | None]:
    """The fields of a disk; those that move by themselves are named in sources/disk.py. None: the disk does not say."""
    rotation = _number(dump, "rotation_rate")
    protocol = _text(dump, "device", "protocol")
    ata = _text(dump, "sata_version", "string")
    nvme = _list(dump, "nvme_namespaces")
    medium = SSD if protocol == "NVMe" or rotation == 0 else HDD if rotation else None
    speed = _number(dump, "interface_speed", "current", "units_per_second")
    unit = _number(dump, "interface_speed", "current", "bits_per_unit")
    transport = _text(dump, "scsi_transport_protocol", "name").partition(" (")[0]
    return {
        "model": _text(dump, "model_name") or _text(dump, "scsi_model_name") or _text(dump, "scsi_product"),
        "maker": _text(dump, "scsi_vendor"),
        "family": _text(dump, "model_family"),
        "serial": said(_text(dump, "serial_number")),
        "firmware": _text(dump, "firmware_version") or _text(dump, "scsi_revision"),
        "size_bytes": _number(dump, "user_capacity", "bytes")
        or _number(dump, "nvme_total_capacity")
        or (_number(nvme[0], "size", "bytes") if len(nvme) == 1 else None)
        or None,
        "protocol": protocol,
        "transport": "NVMe" if protocol == "NVMe" else transport or ("SATA" if ata else ""),
        "medium": medium,
        "rotation_rpm": rotation,
        "form_factor": _text(dump, "form_factor", "name"),
        "interface_version": ata,
        "interface_speed_bits_per_second": speed * unit if speed and unit else None,
        "logical_block_bytes": _number(dump, "logical_block_size"),
        "physical_block_bytes": _number(dump, "physical_block_size"),
        "wwn": _wwn(dump) or _text(dump, "logical_unit_id"),
        **_health(dump),
        **_attributes(dump),
        **_nvme(dump),
    }


def _health(dump: dict[str, Any]) -> dict[str, Value | None]:
    passed = _at(dump, "smart_status", "passed")
    hours = _number(dump, "power_on_time", "hours")
    errors = _number(dump, "ata_smart_error_log", "extended", "count")
    return {
        "smart_passed": passed if isinstance(passed, bool) else None,
        "smart_exit_status": _number(dump, "smartctl", "exit_status"),
        "temperature_celsius": _number(dump, "temperature", "current"),
        "power_on_hours": hours if hours is not None and hours < HOURS_MOST else None,
        "power_cycles": _number(dump, "power_cycle_count"),
        "error_log_count": _number(dump, "ata_smart_error_log", "summary", "count") if errors is None else errors,
        "grown_defects": _number(dump, "scsi_grown_defect_list"),
        "uncorrected_errors": _uncorrected(dump),
    }


def _uncorrected(dump: dict[str, Any]) -> int | None:
    """Errors that no retry mended, of reading, writing and verifying (SPC-4, error counter log pages)."""
    counts = [
        _number(dump, "scsi_error_counter_log", part, "total_uncorrected_errors")
        for part in ("read", "write", "verify")
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _attributes(dump: dict[str, Any]) -> dict[str, Value | None]:
    """The ATA attributes that tell of damage, as counts, and the wear of an SSD from 0 (new) on."""
    table = {_number(row, "id"): row for row in _list(dump, "ata_smart_attributes", "table")}
    found: dict[str, Value | None] = {
        name: _number(table.get(number, {}), "raw", "value") for number, name in ATTRIBUTES.items()
    }
    percent = _number(dump, "scsi_percentage_used_endurance_indicator")
    if percent is None:  # smartctl 7.4 on: of the device statistics, which mean the same on every disk
        percent = _number(dump, "endurance_used", "current_percent")
    if percent is None and _number(dump, "rotation_rate") == 0:
        left = next((_number(table[number], "value") for number in LIFE_LEFT if _of_life(table.get(number))), None)
        percent = 100 - left if left is not None and left <= 100 else None
    return {**found, "wear_ratio": None if percent is None else percent / 100}


def _of_life(row: Any) -> bool:
    name = _text(row, "name").lower()
    return isinstance(row, dict) and (not name or any(word in name for word in LIFE))


def _nvme(dump: dict[str, Any]) -> dict[str, Value | None]:
    log = _at(dump, "nvme_smart_health_information_log")
    if not isinstance(log, dict):
        return {}
    used, spare = _number(log, "percentage_used"), _number(log, "available_spare")
    read, written = _number(log, "data_units_read"), _number(log, "data_units_written")
    return {
        "wear_ratio": None if used is None else used / 100,
        "available_spare_ratio": None if spare is None else spare / 100,
        "media_errors": _number(log, "media_errors"),
        "critical_warning": _number(log, "critical_warning"),
        "unsafe_shutdowns": _number(log, "unsafe_shutdowns"),
        "read_bytes": None if read is None else read * NVME_UNIT_BYTES,
        "written_bytes": None if written is None else written * NVME_UNIT_BYTES,
    }


def _wwn(dump: dict[str, Any]) -> str:
    """NAA, the maker's number and the disk's, as `0x5000c500a1b2c3d4`."""
    naa, oui, number = (_number(dump, "wwn", part) for part in ("naa", "oui", "id"))
    if naa is None or oui is None or number is None:
        return ""
    return f"0x{naa:x}{oui:06x}{number:09x}"


def fields_of_text(content: bytes) -> dict[str, Value | None]:
    """The fields in the text of `smartctl -a`, of any version. Raises Denied; Malformed where there is no disk."""
    text = content.decode("utf-8", "replace")
    dump = dump_of_text(text)
    if not dump:
        check(content)
        raise Malformed("smartctl tells of no disk", text.strip())
    return fields_of(dump)


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any, *path: str) -> str:
    found = _at(value, *path)
    return found.strip() if isinstance(found, str) else ""


def _number(value: Any, *path: str) -> int | None:
    found = _at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 63 else None


def _list(value: Any, *path: str) -> list[Any]:
    found = _at(value, *path)
    return found if isinstance(found, list) else []
