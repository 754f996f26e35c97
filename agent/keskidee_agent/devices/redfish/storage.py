"""Storage: controllers, drives, volumes (DSP0268: Storage, StorageController, Drive, Volume, SimpleStorage)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Space
from keskidee_agent.devices.redfish.found import Drive
from keskidee_agent.devices.redfish.smart_array import arrays_of, drives_of, volumes_of
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
        chips = list(storage.nodes("StorageControllers")) or list(tree.members(storage.link("Controllers"), SLOW))
        name = next((told for chip in chips if (told := chip.text("Name", "Model"))), None) or name_of(storage)
        found.feels("storage", name, storage, all_of_it=True)
        _add_controllers(chips, name, found)
        _add_volumes(tree.members(storage.link("Volumes"), SLOW), name, found)
        links = storage.links("Drives")
        own = [*tree.all_at(links, SLOW)] if links else [*tree.members(storage.link("Drives"), SLOW)]
        for drive in own:
            drives.setdefault(drive.path, drive)
            parents.setdefault(drive.path, name)
    for box in chassis:
        for drive in (*tree.all_at(box.node("Links").links("Drives"), SLOW), *tree.members(box.link("Drives"), SLOW)):
            drives.setdefault(drive.path, drive)
    _read_arrays(tree, system, drives, parents, found)
    real = [drive for drive in drives.values() if _is_drive(drive)]
    _add_drives([drive for drive in real if found.is_new(drive)], parents, found)
    if not real:
        for simple in tree.members(system.link("SimpleStorage"), SLOW):
            found.feels("storage", name_of(simple), simple)
            _add_drives([each for each in simple.nodes("Devices") if _is_drive(each)], {}, found)


def _read_arrays(tree: Tree, system: Node, drives: dict[str, Node], parents: dict[str, str], found: Found) -> None:
    """Smart Arrays; what `Storage` has told of them already, by its serial number, is not told again."""
    known = {serial for drive in drives.values() if (serial := drive.serial())}
    chips = {str(each.fields["serial"]) for each in found.items if each.kind == "component" and "serial" in each.fields}
    for array in arrays_of(tree, system):
        name = name_of(array)
        own = [drive for drive in drives_of(tree, array) if drive.serial() not in known]
        drives.update((drive.path, drive) for drive in own)
        parents.update((drive.path, name) for drive in own)
        if array.serial() not in chips:
            _add_controllers([array], name, found)
            _add_volumes(volumes_of(tree, array), name, found)


def _add_controllers(chips: list[Node], name: str, found: Found) -> None:
    """The controllers of one storage, which is called `name`."""
    for chip in chips:
        place = chip.text("Name", "Model", "MemberId", "Id") or name
        found.feels("controller", place, chip)
        found.add(
            "component", place, **{"class": "storageController"},
            maker=chip.text("Manufacturer"), model=chip.text("Model"), serial=chip.serial(),
            part=chip.text("PartNumber"), firmware=chip.text("FirmwareVersion"),
        )  # fmt: skip


def _is_drive(drive: Node) -> bool:
    """Whether there is one: Cisco's card slots, HPE's bays and AMI's virtual media say nothing but their names."""
    says = drive.whole("CapacityBytes") or drive.serial() or drive.text("Model")
    return drive.is_there and (bool(says) or drive.health in ("warning", "critical"))


def _add_drives(drives: list[Node], parents: dict[str, str], found: Found) -> None:
    """Drives by their bays; those with one name by their `Id` beside."""
    labels = [label_of(drive) or name_of(drive) for drive in drives]
    times = Counter(labels)
    for drive, label in zip(drives, labels, strict=True):
        place = label if times[label] == 1 else f"{label} {drive.text('Id') or ''}".strip()
        size, life = drive.whole("CapacityBytes"), drive.number("PredictedMediaLifeLeftPercent")
        found.feels("drive", place, drive)
        medium = (drive.text("MediaType") or "").lower()
        left = life / 100 if life is not None and 0 <= life <= 100 and medium != "hdd" else None
        found.drives.append(Drive(name=place, failure_predicted=drive.flag("FailurePredicted"), life_left_ratio=left))
        if size:
            found.parts.storage.append(Space(description=place, size_bytes=size, used_bytes=None))
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


def _add_volumes(volumes: Iterable[Node], parent: str, found: Found) -> None:
    """Volumes, as `raid` has them: their level, and whether one of their drives is missing."""
    for volume in volumes:
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
