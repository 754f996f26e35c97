"""What other projects say of machines they recorded, beside what we make of the same recordings.

A recording becomes a folder as `--root` reads it; our inventory is compared value by value, by meaning: white space,
letters' size, units, the order of a date and placeholders do not count. `reasons.py` lists where we differ, and why.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keskidee_agent.host.placeholders import said
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.command import as_json
from keskidee_agent.inventory.gather import gathered
from keskidee_report.glpi import as_glpi
from tests.agent.inventory.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EQUAL, REASONED, MISSING = "equal", "differs for a reason", "missing"

# a folder of recordings, and where its files lie on a machine
PLACES = {
    "generic/dmidecode": "commands/dmidecode",
    "generic/edid": "sys/class/drm/card0-DP-1/edid",
    "generic/lspci": "commands/lspci",
    "generic/batteries/upower": "commands/upower",
    "linux/ip": "commands/ip",
    "linux/proc/cpuinfo": "proc/cpuinfo",
}
# a file of expected values, and the section of a GLPI inventory they are of
SECTIONS = {
    "dmidecode_battery": "batteries",
    "dmidecode_bios": "bios",
    "dmidecode_hardware": "hardware",
    "dmidecode_memory": "memories",
    "dmidecode_ports": "ports",
    "dmidecode_psu": "powersupplies",
    "dmidecode_slots": "slots",
    "edid": "monitors",
    "ip_addr_show": "networks",
    "linux_cpu_arm": "cpus",
    "linux_cpu_i386": "cpus",
    "linux_cpu_sparc": "cpus",
    "lspci_videos": "videos",
    "upower": "batteries",
}
# conventions of that project's own, which are no facts of a machine
CONVENTIONS = frozenset({"NUMSLOTS", "ALTSERIAL", "RESOLUTION", "PCIID"})
RENAMED = {"MACADDR": "mac", "PARTNUM": "partnum", "INSTALLDATE": "install_date"}
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One value: where it is from, what is expected, what we have."""

    file: str
    case: str
    field: str
    expected: Any
    ours: Any
    outcome: str


def inventory(root: Path) -> dict[str, Any]:
    """Our inventory of the machine in a folder."""
    machine = RecordedMachine(str(root))
    document = as_json(machine, gathered(machine))
    found: dict[str, Any] = json.loads(json.dumps(document))
    return found


def meant(value: Any) -> Any:
    """A value without what does not count; None for what says nothing."""
    if isinstance(value, bool) or value is None:
        return value
    text = " ".join(str(value).split())
    if text.lower() in ("yes", "no"):
        return text.lower() == "yes"
    text = said(text).lower()
    found = _DATE.fullmatch(text)
    if found:
        return "-".join((found[3], *sorted((found[1].zfill(2), found[2].zfill(2)))))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "-".join((text[:4], *sorted((text[5:7], text[8:]))))
    return str(int(text)) if text.isdecimal() else text or None


def verdict(file: str, case: str, field: str, expected: Any, ours: Any) -> Verdict:
    """Compares one value; several of ours stand for readings of one thing, of which one must be it."""
    readings = ours if isinstance(ours, list | tuple) else [ours]
    if any(meant(expected) == meant(one) for one in readings):
        return Verdict(file, case, field, expected, ours, EQUAL)
    reasoned = any(key in REASONS for key in ((file, case, field), (file, "*", field)))
    return Verdict(file, case, field, expected, ours, REASONED if reasoned else MISSING)


def of_glpi(data: Path, folder: Path) -> Iterator[Verdict]:
    """Every value of glpi/expected; what no source of ours reads yet is told as such."""
    for path in sorted((data / "glpi" / "expected").glob("*.json")):
        section = SECTIONS.get(path.stem, "")
        for case, told in json.loads(path.read_text()).items():
            rows = told["expected"] if isinstance(told["expected"], list) else [told["expected"]]
            rows = [row for row in rows if row]
            if not section:  # expected_systems.py has it
                continue
            root = folder / path.stem / case.replace("/", "_")
            for file in told["input"]:
                _place(data / "glpi" / file, root)
            found = as_glpi(inventory(root))["content"].get(section, [])
            yield from rows_beside(path.stem, case, rows, found if isinstance(found, list) else [found])


def _place(file: Path, root: Path) -> None:
    [place] = [place for part, place in PLACES.items() if f"resources/{part}/" in str(file)]
    target = root / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read_bytes())


def rows_beside(file: str, case: str, rows: list[Mapping[str, Any]], ours: list[dict[str, Any]]) -> Iterator[Verdict]:
    """Each expected row beside the one of ours that has most of it."""
    told = [
        {name: value for name, value in row.items() if meant(value) is not None and name not in CONVENTIONS}
        for row in rows
    ]
    for theirs, row in _pairs(told, ours):
        for name, value in theirs.items():
            yield verdict(file, case, name, value, _ours(name, row))


def _pairs(
    rows: list[dict[str, Any]], ours: list[dict[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The pairs that are most alike first; what remains stands beside an empty row."""
    theirs, left = dict(enumerate(rows)), dict(enumerate(ours))
    alike = {
        (at, to): sum(verdict("", "", name, value, _ours(name, one)).outcome == EQUAL for name, value in row.items())
        for at, row in theirs.items()
        for to, one in left.items()
    }
    for at, to in sorted(alike, key=lambda pair: -alike[pair]):
        if at in theirs and to in left:
            yield theirs.pop(at), left.pop(to)
    for row in theirs.values():
        yield row, {}


def _ours(name: str, row: Mapping[str, Any]) -> Any:
    field = RENAMED.get(name, name.lower())
    return [row.get("serial"), row.get("altserial")] if field == "serial" else row.get(field)


def of_linuxhw_dmi(data: Path, folder: Path) -> Iterator[Verdict]:
    """Every value of linuxhw/dmi/expected_dmi.json."""
    for told in json.loads((data / "linuxhw" / "dmi" / "expected_dmi.json").read_text()).values():
        root = folder / told["file"]
        _place_as(data / "linuxhw" / "dmi" / told["file"], root / "commands" / "dmidecode")
        expected = dict(told["expected"])
        modules = expected.pop("memory.module_list")
        ours = _linuxhw(inventory(root)["items"])
        for field, value in expected.items():
            yield verdict("linuxhw_dmi", told["file"], field, value, ours.get(field))
        yield from rows_beside("linuxhw_dmi", told["file"], modules, ours["modules"])


def _place_as(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read_bytes())


def _linuxhw(items: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Our items under the names of that list."""
    names = {"manufacturer": "maker", "vendor": "maker", "product_name": "model", "release_date": "date"}
    names |= {"sku_number": "sku", **{name: name for name in ("version", "family", "type")}}
    found: dict[str, Any] = {}
    for kind in ("bios", "system", "board", "chassis"):
        first = items.get(kind, [{}])[0]
        found |= {f"{kind}.{theirs}": first.get(ours) for theirs, ours in names.items()}
    modules, processors = items.get("memory", []), items.get("processor", [])
    found |= {
        "cpu.sockets_populated": len(processors),
        "cpu.version": processors[0].get("model") if processors else None,
        "cpu.cores_per_socket": processors[0].get("cores") if processors else None,
        "memory.slots": len(modules) + len(items.get("memory_slot", [])),
        "memory.modules": len(modules),
        "memory.total_mb": sum(module["size_bytes"] for module in modules) >> 20,
        "psu.count": len(items.get("power_supply", [])),
        "slots.count": len(items.get("slot", [])),
    }
    found["modules"] = [
        {
            "locator": module.get("slot"),
            "size": [f"{module['size_bytes'] >> 30} GB", f"{module['size_bytes'] >> 20} MB"],
            "type": module.get("type"),
            "speed": [f"{module.get('speed_transfers_per_second', 0) // 1_000_000} {unit}" for unit in ("MT/s", "MHz")],
            "manufacturer": [module.get("maker"), module.get("maker_code")],
            "part_number": [module.get("part"), module.get("part_code")],
        }
        for module in modules
    ]
    return found


def of_linuxhw_edid(data: Path, folder: Path) -> Iterator[Verdict]:
    """Every value of linuxhw/expected_edid.json."""
    for number, (case, told) in enumerate(json.loads((data / "linuxhw" / "expected_edid.json").read_text()).items()):
        edid = folder / f"edid-{number}" / "sys/class/drm/card0-DP-1/edid"
        edid.parent.mkdir(parents=True)
        edid.write_bytes(bytes.fromhex(told["hex"]))
        [monitor] = inventory(folder / f"edid-{number}")["items"]["monitor"]
        ours = {
            "manufacturer": monitor["maker_code"],
            "name": monitor.get("model"),
            "native": "x".join(monitor.get("native", "").split("x")),
            **{name: monitor.get(name) for name in ("product_code", "year", "week", "edid_version", "input")},
        }
        for field, value in told["expected"].items():
            if field == "size_cm":
                sizes = [monitor.get("width_millimetres", 0), monitor.get("height_millimetres", 0)]
                near = all(abs(10 * theirs - size) <= 10 for theirs, size in zip(value, sizes, strict=True))
                yield verdict("linuxhw_edid", case, field, str(value), str(value) if near else str(sizes))
            else:
                theirs = "x".join(map(str, value)) if isinstance(value, list) else value
                yield verdict("linuxhw_edid", case, field, theirs, ours[field])


def verdicts(data: Path, folder: Path) -> list[Verdict]:
    """All of them."""
    parts = (of_glpi, of_linuxhw_dmi, of_linuxhw_edid)
    return [each for part in parts for each in part(data, folder / part.__name__)]
