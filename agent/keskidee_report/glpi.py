"""An inventory in the form of GLPI (inventory_format of glpi-project, its JSON schema): `as_glpi` of our own document.

A section is a table from our fields to theirs with their units; a kind without a table is left out. The agent's
`--format glpi` and the collector's export share it. Facts of the schema only; standard library only.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from keskidee_report.glpi_networks import network_hardware, networks
from keskidee_report.glpi_parts import board_of, hardware, sounds
from keskidee_report.glpi_systems import system_sections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Fields = Mapping[str, Any]
    Columns = Mapping[str, tuple[str, Callable[[Any], Any]]]

CLIENT = "keskidee"
MEGA, MIB = 1_000_000, 1 << 20
ARCHITECTURES = {"sun4u": "sparc64", "ppc": "powerpc", "ppc64": "powerpc64", "ppc64le": "powerpc64"}
KNOWN_ARCHITECTURE = re.compile(
    r"(?:mips|mips64|alpha|sparc|sparc64|m68k|i\d86|x86_64|powerpc|powerpc64|arm.*|aarch64)$"
)


def _mib(value: int) -> int:
    return value // MIB


def _mega(value: int) -> int:
    return value // MEGA


def _same(value: Any) -> Any:
    return value


def _base64(digits: str) -> str:
    return b64encode(bytes.fromhex(digits)).decode()


def _slot(value: str) -> str:
    return value.removeprefix("0000:")


def _architecture(value: str) -> str:
    """Theirs of a name of uname's; empty where their schema knows none (s390x, riscv64), and would refuse all."""
    value = ARCHITECTURES.get(value, value)
    return value if KNOWN_ARCHITECTURE.match(value) else ""


def _secure_boot(value: bool) -> str:
    return "enabled" if value else "disabled"


# kind: section, and for each of their names the field of ours and what makes theirs of it
LISTS: dict[str, tuple[str, Columns]] = {
    "processor": (
        "cpus",
        {
            "name": ("model", str),
            "description": ("description", str),
            "manufacturer": ("maker", str),
            "core": ("cores_enabled", _same),
            "corecount": ("cores", _same),
            "thread": ("threads_per_core", _same),
            "speed": ("speed_hertz", _mega),
            "external_clock": ("external_clock_hertz", _mega),
            "familyname": ("family", str),
            "familynumber": ("family_number", str),
            "model": ("model_number", str),
            "stepping": ("stepping", lambda value: int(value) if value.isdecimal() else None),
            "id": ("id", str),
            "serial": ("serial", str),
            "arch": ("architecture", _architecture),
        },
    ),
    "memory": (
        "memories",
        {
            "capacity": ("size_bytes", _mib),
            "caption": ("slot", str),
            "description": ("form_factor", str),
            "formfactor": ("form_factor", str),
            "type": ("type", str),
            "speed": ("speed_transfers_per_second", lambda value: str(_mega(value))),
            "manufacturer": ("maker", str),
            "model": ("part", str),
            "serialnumber": ("serial", str),
            "memorycorrection": ("error_correction", str),
        },
    ),
    "memory_slot": (
        "memories",
        {
            "caption": ("slot", str),
            "description": ("form_factor", str),
            "type": ("type", str),
            "manufacturer": ("maker", str),
            "memorycorrection": ("error_correction", str),
        },
    ),
    "battery": (
        "batteries",
        {
            "name": ("model", str),
            "manufacturer": ("maker", str),
            "serial": ("serial", str),
            "chemistry": ("chemistry", str),
            "capacity": ("design_milliwatt_hours", _same),
            "real_capacity": ("full_milliwatt_hours", _same),
            "voltage": ("design_millivolts", _same),
            "date": ("date", str),
        },
    ),
    "power_supply": (
        "powersupplies",
        {
            "name": ("model", str),
            "manufacturer": ("maker", str),
            "serialnumber": ("serial", str),
            "partnum": ("part", str),
            "location": ("slot", str),
            "power_max": ("maximum_watts", _same),
            "status": ("status", str),
            "plugged": ("plugged", _same),
            "hotreplaceable": ("hot_replaceable", _same),
        },
    ),
    "slot": (
        "slots",
        {
            "name": ("name", str),
            "description": ("type", str),
            "designation": ("number", str),
            "status": ("used", lambda value: "used" if value else "free"),
        },
    ),
    "port": (
        "ports",
        {
            "name": ("name", str),
            "caption": ("external_name", str),
        },
    ),
    "monitor": (
        "monitors",
        {
            "caption": ("model", str),
            "manufacturer": ("maker", str),
            "serial": ("serial", str),
            "altserial": ("serial_other", str),
            "port": ("connector", str),
            "base64": ("edid", _base64),
        },
    ),
    "graphics": (
        "videos",
        {
            "chipset": ("chip", str),
            "memory": ("memory_bytes", _mib),
            "resolution": ("resolution", str),
            "pcislot": ("address", _slot),
        },
    ),
    "pci": (
        "controllers",
        {
            "name": ("model", str),
            "caption": ("model", str),
            "manufacturer": ("maker", str),
            "type": ("class", str),
            "driver": ("driver", str),
            "pciclass": ("class_code", str),
            "pcislot": ("address", _slot),
            "vendorid": ("vendor_id", str),
            "productid": ("device_id", str),
            "rev": ("revision", str),
        },
    ),
    "usb": (
        "usbdevices",
        {
            "name": ("model", str),
            "caption": ("model", str),
            "manufacturer": ("maker", str),
            "serial": ("serial", str),
            "vendorid": ("vendor_id", str),
            "productid": ("product_id", str),
            "class": ("class_code", str),
        },
    ),
}
ONCE: dict[str, dict[str, Columns]] = {
    "bios": {
        "bios": {"bmanufacturer": ("maker", str), "bversion": ("version", str), "bdate": ("date", str)},
        "system": {
            "smanufacturer": ("maker", str),
            "smodel": ("model", str),
            "ssn": ("serial", str),
            "skunumber": ("sku", str),
        },
        "board": {"mmanufacturer": ("maker", str), "mmodel": ("model", str), "msn": ("serial", str)},
        "chassis": {"assettag": ("asset_tag", str), "enclosureserial": ("serial", str)},
        "boot": {"secure_boot": ("secure_boot", _secure_boot)},
    },
    "hardware": {
        "system": {"uuid": ("uuid", str.upper)},
        "chassis": {"chassis_type": ("type", str)},
        "platform": {"vmsystem": ("hypervisor", str)},
        "domain": {"workgroup": ("key", str)},
        "last_user": {"lastloggeduser": ("name", str)},
        "operating_system": {"winprodid": ("product_id", str)},
    },
}
"""Sections that are one object, made of the first item of each kind."""


def as_glpi(document: Mapping[str, Any]) -> dict[str, Any]:
    """The inventory `{"machine", "items", ...}` as GLPI takes it: `deviceid`, `itemtype`, `content`."""
    items: Mapping[str, list[Fields]] = document["items"]
    machine: Mapping[str, str] = document["machine"]
    content: dict[str, Any] = {"versionclient": CLIENT}
    for section, kinds in ONCE.items():
        row: dict[str, Any] = {}
        for kind, columns in kinds.items():
            row.update(_row(items[kind][0], columns) if items.get(kind) else {})
        content[section] = row
    hostname = machine.get("hostname", "")
    if hostname:
        content["hardware"]["name"] = hostname
    for kind, (section, columns) in LISTS.items():
        content.setdefault(section, []).extend(_row(fields, columns) for fields in items.get(kind, ()))
    for fields, row in zip(items.get("graphics", ()), content["videos"], strict=True):
        row.update(_graphics(fields))
    for fields, row in zip(items.get("monitor", ()), content["monitors"], strict=True):
        row.update(_made(fields))
    for fields, row in zip(items.get("port", ()), content["ports"], strict=True):
        row.update(_port(fields))
    for number, row in enumerate(content["memories"], 1):
        row["numslots"] = number
    content["hardware"].update(hardware(items) | network_hardware(items))
    content["networks"] = networks(items)
    content["sounds"] = sounds(items)
    for fields, row in zip(items.get("pci", ()), content["controllers"], strict=True):
        row.update(board_of(fields))
    content.update(system_sections(items))
    identity = machine.get("machine_id_hash") or hostname or "unknown"
    kept = {section: rows for section, rows in content.items() if rows}
    return {"deviceid": identity, "itemtype": "Computer", "action": "inventory", "content": kept}


def _row(fields: Fields, columns: Columns) -> dict[str, Any]:
    row = {theirs: convert(fields[ours]) for theirs, (ours, convert) in columns.items() if ours in fields}
    return {name: value for name, value in row.items() if value not in (None, "")}


def _graphics(fields: Fields) -> dict[str, str]:
    """The name a card is sold under stands behind the maker of the card; without one, the chip's name and maker."""
    maker = (fields.get("board_maker") if "chip" in fields else None) or fields.get("maker", "")
    chipset = f"{fields.get('maker', '')} {fields['chip']}" if "chip" in fields else fields.get("class", "")
    row = {"name": f"{maker} {fields.get('model', '')}".strip(), "chipset": chipset.strip()}
    return {name: value for name, value in row.items() if value}


def _port(fields: Fields) -> dict[str, str]:
    """The connector on the board goes before the one outside, as theirs; the schema demands a type."""
    connector = fields.get("internal_connector") or fields.get("connector", "")
    row = {"name": fields.get("name") or fields.get("external_name", ""), "description": connector}
    row["type"] = fields.get("type") or "None"
    return {name: value for name, value in row.items() if value}


def _made(fields: Fields) -> dict[str, str]:
    year, week = fields.get("year"), fields.get("week")
    return {"description": f"{week}/{year}" if week else str(year)} if year else {}
