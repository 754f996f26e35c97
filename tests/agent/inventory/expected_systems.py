"""The values that are expected of Windows', macOS' and Linux' systems, disks and programs; as expected.py does it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from keskidee_agent.inventory.smart import dump_of, fields_of
from keskidee_report.glpi import as_glpi
from tests.agent.inventory.expected import EQUAL, MISSING, REASONED, Verdict, inventory, rows_beside, verdict
from tests.agent.inventory.reasons_systems import CONVENTIONS, REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# a file of expected values, and the section of a GLPI inventory they are of
SECTIONS = {
    "macos_memory": "memories",
    "macos_networks": "networks",
    "os_release": "operatingsystem",
    "packages_flatpak": "softwares",
    "smartctl_info_text": "storages",
    "win_cpu": "cpus",
    "win_drives": "drives",
    "win_hotfixes": "softwares",
    "win_memory": "memories",
    "win_softwares": "softwares",
    "win_storages": "storages",
    "win_usb": "usbdevices",
    "win_video": "videos",
}
OTHERS = ("macos_softwares", "win_networks", "win_printers", "win_users")
PLACES = {
    "linux/distro": "etc/os-release",
    "linux/packaging": "commands/flatpak",
    "linux/smartctl": "commands/smartctl",
    "macos/ifconfig": "commands/ifconfig",
    "macos/system_profiler": "commands/system_profiler",
}
RENAMED = {"macos_memory": {"DESCRIPTION": "MODEL"}, "smartctl_info_text": {"SERIALNUMBER": "SERIAL"}}
LEFT_OF_A_QUOTED_TEXT = "\\"  # all that their reader of exports keeps of `"\"C:\\..."`: no value of the recording
_CLASS = re.compile(r"((?:Win32|CIM|MSFT)_\w+)\.wmi$")
SMART = {
    "capacity_bytes": "size_bytes",
    "exit_status": "smart_exit_status",
    "scsi_grown_defects": "grown_defects",
    "nvme_media_errors": "media_errors",
    "nvme_critical_warning": "critical_warning",
}


def of_systems(data: Path, folder: Path) -> Iterator[Verdict]:
    """Every value of the files of SECTIONS and OTHERS."""
    for stem in sorted((*SECTIONS, *OTHERS)):
        for case, told in json.loads((data / "glpi" / "expected" / f"{stem}.json").read_text()).items():
            root = folder / stem / case
            for file in told["input"]:
                _place(data / "glpi" / file, root)
            document = inventory(root)
            found = (
                _others(stem, case, told["expected"], document) if stem in OTHERS else _of(stem, case, told, document)
            )
            yield from map(_reasoned, found)


def _of(stem: str, case: str, told: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Verdict]:
    expected = told["expected"] if isinstance(told["expected"], list) else [told["expected"]]
    found = as_glpi(document)["content"].get(SECTIONS[stem], [])
    renamed = RENAMED.get(stem, {})
    facts: list[Mapping[str, Any]] = [
        {
            renamed.get(name, name): _address(value)
            for name, value in row.items()
            if name not in CONVENTIONS and value != LEFT_OF_A_QUOTED_TEXT
        }
        for row in expected
        if row
    ]
    rows = found if isinstance(found, list) else [found]
    if stem == "win_softwares":  # hundreds, which have a key: no need to look for what is alike
        by_key = {row.get("guid"): row for row in rows}
        for row in facts:
            yield from rows_beside(stem, case, [row], [by_key[row["GUID"]]] if row["GUID"] in by_key else [])
        return
    yield from rows_beside(stem, case, facts, _joined(rows) if stem == "macos_networks" else rows)


def _joined(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an interface, as they have it on macOS, with the readings of all its addresses."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["description"], {})
        for name, value in row.items():
            one[name] = [*one.get(name, ()), value]
    return list(found.values())


def _address(value: Any) -> Any:
    """An address of version 6 in its short form."""
    try:
        return str(ip_address(value)) if isinstance(value, str) and ":" in value else value
    except ValueError:
        return value


def _reasoned(each: Verdict) -> Verdict:
    ours = each.ours[0] if isinstance(each.ours, list) and each.ours else each.ours
    if isinstance(ours, bool) and str(each.expected) in ("0", "1") and ours == bool(int(each.expected)):
        return replace(each, outcome=EQUAL)
    reasons = [(each.file, case, field) for case in (each.case, "*") for field in (each.field, "*")]
    if each.outcome == MISSING and any(key in REASONS for key in reasons):
        return replace(each, outcome=REASONED)
    return each


def _place(file: Path, root: Path) -> None:
    found = _CLASS.search(file.name)
    if found:
        place = f"wmi/{found[1]}.txt"
    elif file.suffix == ".reg":
        place = f"registry/{file.name}"
    else:
        [place] = [place for part, place in PLACES.items() if f"resources/{part}/" in str(file)]
    target = root / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read_bytes())


def _others(stem: str, case: str, expected: Any, document: Mapping[str, Any]) -> Iterator[Verdict]:
    """Expected values that are no rows: a count, and pairs of a key and one fact."""
    items = document["items"]
    if stem == "macos_softwares":
        yield verdict(stem, case, "count", expected[0], len(items.get("software", [])))
        return
    ours: dict[str, Any] = {}
    if stem == "win_printers":
        ours = {each.get("port"): each.get("serial") for each in items.get("printer", [])}
    if stem == "win_networks":
        ours = {each.get("pnp_id"): each.get("type") for each in items.get("network", [])}
    for name, value in expected.items():
        yield verdict(stem, case, name, value, ours.get(name))


def of_smart(data: Path) -> Iterator[Verdict]:
    """Every value of smart/expected.json."""
    for case, facts in json.loads((data / "smart" / "expected.json").read_text()).items():
        disk = fields_of(dump_of((data / "smart" / case).read_bytes()) or {})
        ours: dict[str, Any] = {**disk, **{theirs: disk.get(name) for theirs, name in SMART.items()}}
        speed = ours.get("interface_speed_bits_per_second")
        ours["interface_speed"] = f"{speed / 1e9:.1f} Gb/s" if speed else None
        if disk.get("written_bytes") is not None:
            ours["nvme_percentage_used"] = round(ours["wear_ratio"] * 100)
            ours["nvme_available_spare"] = round(ours["available_spare_ratio"] * 100)
            ours["nvme_data_units_written"] = ours["written_bytes"] // 512_000
        yield from (verdict("smart", case, name, value, ours.get(name)) for name, value in facts.items())


def equal(found: list[Verdict]) -> float:
    """The share of values that are equal."""
    return sum(each.outcome == EQUAL for each in found) / len(found)
