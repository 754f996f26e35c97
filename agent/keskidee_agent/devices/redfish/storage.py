"""Storage: controllers, drives, volumes (DSP0268: Storage, StorageController, Drive, Volume, SimpleStorage)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Space
from keskidee_agent.devices.redfish.found import Drive
from keskidee_agent.devices.redfish.systems import GIGA, label_of, name_of
from keskidee_agent.devices.redfish.tree import MOVING, SLOW
from keskidee_agent.inventory.smart import HDD, SSD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.node import Node
    from keskidee_agent.devices.redfish.tree import Tree

MEDIA = {"hdd": HDD, "ssd": SSD}
LEVELS = {
    "Mirrored": "raid1", "StripedWithParity": "raid5", "SpannedMirrors": "raid10", "SpannedStripesWithParity": "raid50",
}  # fmt: skip
"""What volumes were called before they told their `RAIDType`."""
DURABLE = ("naa", "eui", "fc_wwn")


def read_storage(tree: Tree, system: Node, chassis: Iterable[Node], found: Found) -> None:
    """All of it. Drives that no controller names hang at a chassis; SimpleStorage is what old boards have instead."""
    drives: dict[str, Node] = {}
    parents: dict[str, str] = {}
    for storage in tree.members(system.link("Storage"), MOVING):
        name = _controllers(tree, storage, found)
        _volumes(tree, storage, name, found)
        links = storage.links("Drives")
        own = [*tree.all_at(links, SLOW)] if links else [*tree.members(storage.link("Drives"), SLOW)]
        for drive in own:
            drives.setdefault(drive.path, drive)
            parents.setdefault(drive.path, name)
    for box in chassis:
        for drive in (*tree.all_at(box.node("Links").links("Drives"), SLOW), *tree.members(box.link("Drives"), SLOW)):
            drives.setdefault(drive.path, drive)
    _add_drives([drive for drive in drives.values() if drive.is_there and found.is_new(drive)], parents, found)
    if not drives:
        for simple in tree.members(system.link("SimpleStorage"), SLOW):
            found.feels("storage", name_of(simple), simple)
            _add_drives([each for each in simple.nodes("Devices") if each.is_there], {}, found)


def _controllers(tree: Tree, storage: Node, found: Found) -> str:
    """The controllers of one storage; how that is called."""
    chips = list(storage.nodes("StorageControllers")) or list(tree.members(storage.link("Controllers"), SLOW))
    name = next((told for chip in chips if (told := chip.text("Name", "Model"))), None) or name_of(storage)
    found.feels("storage", name, storage, all_of_it=True)
    for chip in chips:
        place = chip.text("Name", "Model", "MemberId", "Id") or name
        found.feels("controller", place, chip)
        found.add(
            "component", place, **{"class": "storageController"},
            maker=chip.text("Manufacturer"), model=chip.text("Model"), serial=chip.serial(),
            part=chip.text("PartNumber"), firmware=chip.text("FirmwareVersion"),
        )  # fmt: skip
    return name


def _add_drives(drives: list[Node], parents: dict[str, str], found: Found) -> None:
    """Drives by their bays; those with one name by their `Id` beside."""
    labels = [label_of(drive) or name_of(drive) for drive in drives]
    times = Counter(labels)
    for drive, label in zip(drives, labels, strict=True):
        place = label if times[label] == 1 else f"{label} {drive.text('Id') or ''}".strip()
        size, life = drive.whole("CapacityBytes"), drive.number("PredictedMediaLifeLeftPercent")
        found.feels("drive", place, drive)
        left = life / 100 if life is not None and 0 <= life <= 100 else None
        found.drives.append(Drive(name=place, failure_predicted=drive.flag("FailurePredicted"), life_left_ratio=left))
        if size:
            found.parts.storage.append(Space(description=place, size_bytes=size, used_bytes=None))
        medium = (drive.text("MediaType") or "").lower()
        found.add(
            "disk", place,
            model=drive.text("Model"), maker=drive.text("Manufacturer"), serial=drive.serial(),
            firmware=drive.text("Revision", "FirmwareVersion"), part=drive.text("PartNumber"), size_bytes=size or None,
            protocol=drive.text("Protocol"), transport=drive.text("Protocol"), medium=MEDIA.get(medium),
            rotation_rpm=drive.whole("RotationSpeedRPM") or None, form_factor=drive.text("DriveFormFactor"),
            interface_speed_bits_per_second=drive.times(GIGA, "NegotiatedSpeedGbs", "CapableSpeedGbs") or None,
            logical_block_bytes=drive.whole("BlockSizeBytes") or None, wwn=_wwn(drive),
            parent=parents.get(drive.path),
        )  # fmt: skip


def _wwn(drive: Node) -> str | None:
    for each in drive.nodes("Identifiers"):
        if (each.text("DurableNameFormat") or "").lower() in DURABLE:
            return each.text("DurableName")
    return None


def _volumes(tree: Tree, storage: Node, parent: str, found: Found) -> None:
    """Volumes, as `raid` has them: their level, and whether one of their drives is missing."""
    for volume in tree.members(storage.link("Volumes"), SLOW):
        level = volume.text("RAIDType", "VolumeType")
        if not volume.is_there or level is None or level == "RawDevice":
            continue  # a drive without RAID is told as a volume too
        name = name_of(volume)
        found.feels("volume", name, volume)
        found.add(
            "raid", name,
            level=LEVELS.get(level, level.lower()), state=volume.state or None,
            size_bytes=volume.whole("CapacityBytes") or None,
            degraded=None if volume.health is None else volume.health != "ok", parent=parent,
        )  # fmt: skip
