"""Pools of disks that are no block devices: ZFS (/proc/spl/kstat/zfs) and btrfs over several disks (/sys/fs/btrfs).

Linux; no privilege. Sources: OpenZFS, spa_stats.c (state); Linux, fs/btrfs/sysfs.c.
"""

from __future__ import annotations

from contextlib import suppress

from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("raid",)
ZFS, BTRFS = "proc/spl/kstat/zfs", "sys/fs/btrfs"
HEALTHY = "online"


def read(machine: Machine) -> Iterator[Item]:
    """`raid` as of mdstat: a pool of ZFS by its name with its state, a file system of btrfs by its label or UUID.

    Raises NotHere where there is neither, which is the rule.
    """
    found = False
    for part in (_zfs, _btrfs):
        for each in part(machine):
            found = True
            yield each
    if not found:
        raise NotHere("no pool of disks")


def _zfs(machine: Machine) -> Iterator[Item]:
    for name in _names(machine, ZFS):
        state = _text(machine, f"{ZFS}/{name}/state").lower()
        if state:  # the rest are files with counters
            yield item("raid", name, {"level": "zfs", "state": state, "degraded": state != HEALTHY})


def _btrfs(machine: Machine) -> Iterator[Item]:
    for name in _names(machine, BTRFS):
        folder = f"{BTRFS}/{name}"
        members = _names(machine, f"{folder}/devices")
        numbers = _names(machine, f"{folder}/devinfo")
        if len(members) < 2 and len(numbers) < 2:
            continue
        levels = [level for level in _names(machine, f"{folder}/allocation/data") if _is_level(level)]
        missing = [_text(machine, f"{folder}/devinfo/{number}/missing") for number in numbers]
        fields = {
            "level": " ".join(["btrfs", *levels]),
            "members": tuple(members),
            "degraded": "1" in missing if any(missing) else None,
        }
        yield item("raid", _text(machine, f"{folder}/label") or name, {**fields, "uuid": name})


def _is_level(name: str) -> bool:
    """Whether it is how data are spread, and no counter."""
    return name in ("single", "dup") or name.startswith("raid")


def _names(machine: Machine, folder: str) -> list[str]:
    with suppress(NotHere, Denied, OSError):
        return machine.names(folder)
    return []


def _text(machine: Machine, path: str) -> str:
    with suppress(NotHere, Denied, Malformed, OSError):
        return machine.text(path)
    return ""
