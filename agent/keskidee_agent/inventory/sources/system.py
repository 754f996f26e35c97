"""The machine as its makers name it: system, board, chassis and firmware, from SMBIOS (DSP0134, 7.1 to 7.4).

Where the table may not be read, /sys/class/dmi/id tells all but the serial numbers; boards without SMBIOS (ARM, POWER)
have a device tree (Documentation/devicetree/usage-model.rst).
"""

from __future__ import annotations

from keskidee_agent.host.handed import content
from keskidee_agent.host.placeholders import said, said_uuid
from keskidee_agent.inventory import words
from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.layout import BIOS, BOARD, CHASSIS, FIELDS, SYSTEM
from keskidee_agent.inventory.quantities import iso_date
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux", "windows")
NAMES = {SYSTEM: "system", BOARD: "board", CHASSIS: "chassis", BIOS: "bios"}
KINDS = tuple(NAMES.values())
DMI = "sys/class/dmi/id"
FILES = {
    SYSTEM: {
        "sys_vendor": "maker",
        "product_name": "model",
        "product_version": "version",
        "product_serial": "serial",
        "product_uuid": "uuid",
        "product_sku": "sku",
        "product_family": "family",
    },
    BOARD: {
        "board_vendor": "maker",
        "board_name": "model",
        "board_version": "version",
        "board_serial": "serial",
        "board_asset_tag": "asset_tag",
    },
    CHASSIS: {
        "chassis_vendor": "maker",
        "chassis_type": "type",
        "chassis_version": "version",
        "chassis_serial": "serial",
        "chassis_asset_tag": "asset_tag",
    },
    BIOS: {
        "bios_vendor": "maker",
        "bios_version": "version",
        "bios_date": "date",
        "bios_release": "release",
        "ec_firmware_release": "controller_release",
    },
}
DEVICE_TREE = "proc/device-tree"


def read(machine: Machine) -> Iterator[Item]:
    """One item each, of what is filled in; blades and multi-node machines have several boards.

    Raises NotHere without firmware tables, Denied where the serial numbers need root or its helper.
    """
    try:
        firmware = firmware_of(machine)
    except (NotHere, Denied):
        yield from _without_table(machine)
        return
    for kind, name in NAMES.items():
        for record in firmware.of(kind):
            fields = {field.name: record.text(field.name) for field in FIELDS[kind]}
            yield from _named(name, fields)
    firmware.check()


def _named(name: str, fields: Mapping[str, str]) -> Iterator[Item]:
    fields = dict(fields)
    if "uuid" in fields:
        fields["uuid"] = said_uuid(fields["uuid"])
    made = item(name, name, fields)
    if made.fields:
        yield made


def _without_table(machine: Machine) -> Iterator[Item]:
    try:
        present = machine.names(DMI)
    except NotHere:
        yield _device_tree(machine)
        return
    denied = []
    for kind, files in FILES.items():
        fields = {}
        for file, field in files.items():
            if file in present:
                try:
                    fields[field] = said(content(machine, f"{DMI}/{file}").decode("utf-8", "replace"))
                except Denied:
                    denied.append(file)
        yield from _named(NAMES[kind], {field: _meant(field, text) for field, text in fields.items()})
    if denied:
        raise Denied(f"{', '.join(denied)} in /{DMI}: only root may read them")


def _meant(field: str, text: str) -> str:
    if field == "date":
        return iso_date(text) or ""
    if field == "type":
        return words.CHASSIS.get(int(text), "") if text.isdecimal() and len(text) < 4 else ""
    return text


def _device_tree(machine: Machine) -> Item:
    fields = {"model": machine.content(f"{DEVICE_TREE}/model").decode("utf-8", "replace").strip("\0 ")}
    if machine.exists(f"{DEVICE_TREE}/serial-number"):
        serial = machine.content(f"{DEVICE_TREE}/serial-number").decode("utf-8", "replace")
        fields["serial"] = said(serial.strip("\0 "))
    return item("system", "system", fields)
