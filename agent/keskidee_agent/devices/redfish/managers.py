"""The board's own: its firmware and addresses, and what firmware is in the machine (DSP0268: Manager,
SoftwareInventory).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.redfish.systems import addresses_of, mac_of, name_of, place_of
from keskidee_agent.devices.redfish.tree import STILL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.node import Node
    from keskidee_agent.devices.redfish.tree import Tree

NOT_RUNNING = ("previous", "available")
"""How Dell begins the `Id` of firmware that lies ready or was there before."""


def read_managers(tree: Tree, managers: Iterable[Node], found: Found) -> None:
    """Managers, and the interfaces at which they listen."""
    for number, manager in enumerate(managers, 1):
        name = name_of(manager)
        found.feels("manager", name, manager)
        found.add(
            "firmware", name,
            name=name, version=manager.text("FirmwareVersion"), model=manager.text("Model"),
            maker=manager.text("Manufacturer"),
        )  # fmt: skip
        for port in tree.members(manager.link("EthernetInterfaces"), STILL):
            addresses = addresses_of(port, number)
            found.parts.addresses += addresses
            told = tuple(
                each.address if each.prefix_length is None else f"{each.address}/{each.prefix_length}"
                for each in addresses
            )
            place = f"{name} {place_of(port, 'interface')}"
            found.add("network", place, type="ethernet", name=port.text("Name"), mac=mac_of(port), addresses=told)


def read_firmware(tree: Tree, service: Node | None, found: Found) -> None:
    """Firmware that is in force, by what it is for."""
    inventory = service.link("FirmwareInventory") if service is not None else None
    for image in tree.members(inventory, STILL):
        if image.is_there and not (image.text("Id") or "").lower().startswith(NOT_RUNNING):
            found.add(
                "firmware", name_of(image),
                name=image.text("Name"), version=image.text("Version"), id=image.text("SoftwareId"),
                maker=image.text("Manufacturer"), date=(image.text("ReleaseDate") or "")[:10] or None,
            )  # fmt: skip
