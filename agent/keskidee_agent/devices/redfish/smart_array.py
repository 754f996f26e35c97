"""Smart Array controllers of HPE's iLO 4 and 5, whose drives `Storage` does not have: `SmartStorage` among the links of
their extension (HpSmartStorage, HpeSmartStorageDiskDrive and so on in HPE's Redfish references).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.redfish.node import Node
from keskidee_agent.devices.redfish.systems import MIB
from keskidee_agent.devices.redfish.tree import MOVING, SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.redfish.tree import Tree


def arrays_of(tree: Tree, system: Node) -> Iterator[Node]:
    """The array controllers, as `Controllers` of a Storage would have them."""
    smart = tree.at(system.oem_link("SmartStorage"), SLOW)
    for each in tree.members(smart.link("Links", "ArrayControllers"), MOVING) if smart is not None else ():
        told = {"PartNumber": each.text("ControllerPartNumber"), "FirmwareVersion": version_of(each)}
        yield Node(each.path, {**each.fields, "Name": each.text("Model", "Name"), **told})


def drives_of(tree: Tree, array: Node) -> Iterator[Node]:
    """The drives of one, as the schema of Drive would have them: places such as `1I:1:4` (port, box, bay)."""
    for each in tree.members(array.link("Links", "PhysicalDrives"), SLOW):
        worn = each.number("SSDEnduranceUtilizationPercentage")
        told = {
            "CapacityBytes": (each.whole("CapacityMiB") or 0) * MIB,
            "PhysicalLocation": {"PartLocation": {"ServiceLabel": each.text("Location")}},
            "PredictedMediaLifeLeftPercent": None if worn is None else 100 - worn,
            "Protocol": each.text("InterfaceType"),
            "Revision": version_of(each),
            "RotationSpeedRPM": each.whole("RotationalSpeedRpm"),
            "NegotiatedSpeedGbs": (each.number("InterfaceSpeedMbps") or 0) / 1000,
        }
        yield Node(each.path, {**each.fields, **told})


def volumes_of(tree: Tree, array: Node) -> Iterator[Node]:
    """Its logical drives, as Volumes."""
    for each in tree.members(array.link("Links", "LogicalDrives"), SLOW):
        level, number = (each.text("Raid") or "").lower().removeprefix("raid"), each.whole("LogicalDriveNumber")
        told = {
            "Name": each.text("LogicalDriveName") or f"Logical drive {each.text('Id') if number is None else number}",
            "RAIDType": f"RAID{level}" if level else None,
            "CapacityBytes": (each.whole("CapacityMiB") or 0) * MIB,
        }
        yield Node(each.path, {**each.fields, **told})


def version_of(node: Node) -> str | None:
    """The firmware in force, as HPE's own resources write it."""
    for name in ("FirmwareVersion", "Firmware"):
        if told := node.node(name, "Current").text("VersionString"):
            return told
    return node.text("FirmwareVersion")
