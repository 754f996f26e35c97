"""Chassis: what one holds in hand, where it stands, and its network adapters (DSP0268: Chassis, NetworkAdapter)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.redfish.node import Node
from keskidee_agent.devices.redfish.smart_array import version_of
from keskidee_agent.devices.redfish.systems import name_of, place_of, serial_of
from keskidee_agent.devices.redfish.tree import SLOW, STILL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.tree import Tree

NO_BOXES = ("component", "module", "zone", "card")
"""Types of chassis that only group sensors, or are a part of a server."""
CONDITIONS = {"ok": "OK", "degraded": "Warning", "failed": "Critical"}
"""HPE's words; of any other nobody knows what it means."""
PLACE = (("Room", "{}"), ("Row", "row {}"), ("Rack", "rack {}"))


def read_chassis(chassis: Iterable[Node], found: Found, vendor: str | None) -> None:
    """Each chassis that has a maker, a model or a serial number of its own."""
    for box in chassis:
        name = name_of(box)
        kind = (box.text("ChassisType") or "").lower()
        found.feels("chassis", name, box, all_of_it=True)
        if box.rollup is not None and kind not in NO_BOXES:
            found.overall.append(box.rollup)
        if not box.is_there or not box.text("SerialNumber", "Model", "PartNumber"):
            continue
        found.add(
            "component" if kind in NO_BOXES else "chassis", name,
            type=box.text("ChassisType"), maker=box.text("Manufacturer"), model=box.text("Model"),
            serial=serial_of(box, vendor), sku=box.text("SKU"), part=box.text("PartNumber"),
            asset_tag=box.text("AssetTag"),
        )  # fmt: skip


def read_boards(systems: Iterable[Node], chassis: Iterable[Node], found: Found) -> None:
    """What only makers' extensions have: Supermicro the board's serial number, HPE the battery of the arrays."""
    for box in chassis:
        if (serial := box.oem_text("BoardSerialNumber")) and not any(each.kind == "board" for each in found.items):
            found.add("board", "board", maker=box.text("Manufacturer"), serial=serial)
    for of in (*systems, *chassis):
        for maker in of.makers():
            for battery in (*maker.nodes("SmartStorageBattery"), *maker.nodes("Battery")):
                _battery(battery, found)


def _battery(battery: Node, found: Found) -> None:
    """One of a chassis (iLO 5), or as an iLO 4 tells it of the system: with a condition in place of a status."""
    if not battery.is_there or (battery.text("Present") or "").lower() == "no":
        return
    name, condition = battery.text("ProductName") or "battery", battery.text("Condition") or ""
    told = Node("", {"Status": {"Health": CONDITIONS.get(condition.lower())}})
    found.feels("battery", name, told if condition else battery)
    found.add(
        "component", name, **{"class": "battery"},
        model=battery.text("Model"), serial=battery.serial(), part=battery.text("SparePartNumber", "Spare"),
        firmware=battery.text("FirmwareVersion"),
    )  # fmt: skip


def location_of(chassis: Iterable[Node]) -> str | None:
    """Where people wrote that it stands: room, row, rack, and the height unit."""
    for box in chassis:
        place = box.node("Location", "Placement")
        words = [form.format(told) for name, form in PLACE if (told := place.text(name))]
        if (unit := place.whole("RackOffset")) and words:
            words.append(f"unit {unit}")
        if words:
            return ", ".join(words)
        if street := box.node("Location", "PostalAddress").text("Location", "Building", "Street", "City"):
            return street
    return None


def read_adapters(tree: Tree, chassis: Iterable[Node], systems: Iterable[Node], found: Found) -> None:
    """Network adapters, whose numbers `EthernetInterfaces` do not have."""
    for adapter in _adapters(tree, chassis, systems).values():
        if not adapter.is_there:
            continue
        place = adapter.text("StructuredName") or place_of(adapter, "adapter")
        packages = (each.text("FirmwarePackageVersion") for each in adapter.nodes("Controllers"))
        found.feels("adapter", place, adapter, all_of_it=True)
        found.add(
            "network", place,
            type="ethernet", name=adapter.text("Name"), maker=adapter.text("Manufacturer"), model=adapter.text("Model"),
            serial=adapter.serial(), part=adapter.text("PartNumber"), sku=adapter.text("SKU"),
            firmware=next(filter(None, packages), None) or version_of(adapter),
        )  # fmt: skip


def _adapters(tree: Tree, chassis: Iterable[Node], systems: Iterable[Node]) -> dict[str, Node]:
    seen: dict[str, Node] = {}
    for box in chassis:
        for adapter in tree.members(box.link("NetworkAdapters"), SLOW):
            seen.setdefault(adapter.path, adapter)
    for system in systems:
        for interface in tree.members(system.link("NetworkInterfaces"), SLOW):
            if (linked := tree.at(interface.link("Links", "NetworkAdapter"), SLOW)) is not None:
                seen.setdefault(linked.path, linked)
    known = {adapter.serial() for adapter in seen.values()}
    for system in systems:  # HPE's own list, which has those too that do not speak to the board
        for adapter in tree.members(system.oem_link("NetworkAdapters"), STILL):
            if not known or adapter.serial() not in known | {None}:
                seen[adapter.path] = adapter
    return seen
