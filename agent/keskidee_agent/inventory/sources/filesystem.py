"""Mounted file systems of Linux, what they lie on (RAID, LVM, encryption), from mountinfo, mdstat, /sys and udev.

No privilege; the sizes by statvfs, which a server that does not answer costs itself.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from keskidee_agent.sources.diskstats import parse_udev
from keskidee_agent.sources.filesystem import EXCLUDED_TYPES, is_excluded_mount_point, parse
from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.host.space import Space
    from keskidee_agent.sources.filesystem import Mount
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux",)
KINDS = ("filesystem", "raid", "logical_volume", "volume_group", "encryption")
MOVING = ("free_bytes",)
MOUNTS = ("proc/1/mountinfo", "proc/self/mountinfo")  # the agent's own sandbox hides some
BLOCK = "sys/block"
PASSING = frozenset({"tmpfs", "ramfs", "fuse.portal", "fuse.gvfsd-fuse", "fuse.lxcfs", "efivarfs", "squashfs", "nsfs"})
"""File systems of memory and of programs, which are no part of the machine."""
SECTOR_BYTES = 512
PIECES = ((0, 6), (6, 10), (10, 14), (14, 18), (18, 22), (22, 26), (26, 32))
LUKS, LVM = "CRYPT-", "LVM-"


class Layer(NamedTuple):
    """A block device that is made of others: its name in /sys, device mapper's name and UUID, those below, its size."""

    device: str
    name: str
    uuid: str
    below: tuple[str, ...]
    size_bytes: int | None


def read(machine: Machine) -> Iterator[Item]:
    """`filesystem` by mount point; `raid` by array; `logical_volume` by `group/volume`, `volume_group`; `encryption`.

    Raises NotHere where nothing of these is there.
    """
    layers = {layer.device: layer for layer in _layers(machine)}
    found = False
    for part in (_filesystems(machine, layers), _arrays(machine), _volumes(layers)):
        for each in part:
            found = True
            yield each
    if not found:
        raise NotHere("no file system is told of")


def _filesystems(machine: Machine, layers: dict[str, Layer]) -> Iterator[Item]:
    content = b""
    for path in MOUNTS:
        with suppress(NotHere, Denied):
            content = content or machine.content(path)
    devices = set()
    mounts = []
    for mount in parse(content) if content else ():
        device, kind = mount.labels["device"], mount.labels["fstype"]
        hidden = kind in EXCLUDED_TYPES | PASSING or is_excluded_mount_point(mount.mountpoint)
        if not hidden and (device not in devices or not device.startswith("/dev/")):  # bind mounts show it once more
            devices.add(device)
            mounts.append(mount)
    for mount, space in zip(mounts, machine.spaces([mount.asked for mount in mounts]), strict=True):
        yield _filesystem(machine, mount, space, layers)


def _filesystem(machine: Machine, mount: Mount, space: Space | Exception, layers: dict[str, Layer]) -> Item:
    device = mount.labels["device"]
    told: dict[str, str] = {}
    if device.startswith("/dev/"):
        numbers = mount.numbers
        with suppress(NotHere, Denied, Malformed):
            told = parse_udev(machine.content(f"run/udev/data/b{numbers['major']}:{numbers['minor']}"))
    known = None if isinstance(space, Exception) else space
    return item(
        "filesystem",
        mount.mountpoint,
        {
            "mount": mount.mountpoint,
            "device": device,
            "type": mount.labels["fstype"],
            "label": told.get("ID_FS_LABEL"),
            "uuid": told.get("ID_FS_UUID"),
            "size_bytes": known.size_bytes if known else None,
            "free_bytes": known.avail_bytes if known else None,
            "read_only": mount.readonly or None,
            "encrypted": _encrypted(device, layers) if device.startswith("/dev/") and layers else None,
        },
    )


def _layers(machine: Machine) -> Iterator[Layer]:
    with suppress(NotHere, Denied):
        for device in machine.names(BLOCK):

            def say(path: str, device: str = device) -> str:
                with suppress(NotHere, Denied, Malformed, OSError):
                    return machine.text(f"{BLOCK}/{device}/{path}")
                return ""

            below: list[str] = []
            with suppress(NotHere, Denied):
                below = machine.names(f"{BLOCK}/{device}/slaves")
            size = say("size")
            size_bytes = int(size) * SECTOR_BYTES if size.isdecimal() and len(size) < 17 else None
            yield Layer(device, say("dm/name"), say("dm/uuid"), tuple(below), size_bytes)


def _encrypted(device: str, layers: dict[str, Layer]) -> bool:
    """Whether dm-crypt stands anywhere between the file system and the disks."""
    name = device.rpartition("/")[2]
    todo = [layer for layer in layers.values() if name in (layer.device, layer.name)]
    seen = set()
    while todo:
        layer = todo.pop()
        if layer.uuid.startswith(LUKS):
            return True
        if layer.device not in seen:
            seen.add(layer.device)
            todo += [layers[each] for each in layer.below if each in layers]
    return False


def _volumes(layers: dict[str, Layer]) -> Iterator[Item]:
    for layer in layers.values():
        fields: dict[str, Value | None] = {"device": layer.device, "on": layer.below, "size_bytes": layer.size_bytes}
        if layer.uuid.startswith(LUKS):
            fields["format"] = layer.uuid.split("-")[1]
            yield item("encryption", layer.name or layer.device, {**fields, "enabled": True})
        elif layer.uuid.startswith(LVM) and layer.name:
            group, volume = _names_of(layer)
            yield item("logical_volume", f"{group}/{volume}", {**fields, "uuid": _uuids(layer)[1]})
    yield from _groups([layer for layer in layers.values() if layer.uuid.startswith(LVM) and layer.name])


def _groups(volumes: list[Layer]) -> Iterator[Item]:
    """The groups of the volumes that are active; what else is in them, and what is free, LVM tells to root alone."""
    devices = {volume.device for volume in volumes}
    groups: dict[str, list[Layer]] = {}
    for volume in volumes:
        groups.setdefault(_names_of(volume)[0], []).append(volume)
    for name, members in groups.items():
        below = sorted({device for member in members for device in member.below if device not in devices})
        volumes_of = tuple(_names_of(member)[1] for member in members)
        yield item("volume_group", name, {"uuid": _uuids(members[0])[0], "volumes": volumes_of, "on": tuple(below)})


def _names_of(layer: Layer) -> tuple[str, str]:
    """Group and volume of device mapper's name, in which a `-` of either is doubled."""
    group, _, volume = layer.name.replace("--", "\0").partition("-")
    return group.replace("\0", "-"), volume.replace("\0", "-")


def _uuids(layer: Layer) -> tuple[str, str]:
    """Those of group and volume, 32 letters each, as LVM writes them; what is behind names a part of the volume."""
    told = layer.uuid.removeprefix(LVM)
    if len(told) < 64 or not told[:64].isalnum():
        return "", told
    group, volume = ("-".join(told[at + begin : at + end] for begin, end in PIECES) for at in (0, 32))
    return group, volume + told[64:]


def _arrays(machine: Machine) -> Iterator[Item]:
    """`md0 : active raid1 sdb1[1] sda1[0](F)`, and in the line below `[2/1] [U_]`."""
    text = ""
    with suppress(NotHere, Denied, Malformed):
        text = machine.content("proc/mdstat").decode("utf-8", "replace")
    lines = text.splitlines()
    for number, line in enumerate(lines):
        name, colon, told = line.partition(" : ")
        words = told.split()
        if not colon or not words or words[0] not in ("active", "inactive") or line.startswith(" "):
            continue
        shape = lines[number + 1] if number + 1 < len(lines) else ""
        members = [word.partition("[")[0] for word in words if "[" in word]
        level = next((word for word in words[1:] if "[" not in word and not word.startswith("(")), "")
        state = shape.rpartition("[")[2].partition("]")[0]
        yield item(
            "raid",
            name,
            {
                "level": level,
                "state": words[0],
                "members": tuple(members),
                "failed": tuple(word.partition("[")[0] for word in words if word.endswith("(F)")),
                "degraded": "_" in state if set(state) <= {"U", "_"} and state else None,
            },
        )
