"""Which disks are built into this machine, as marks: evidence for the collector that a copy of it is another machine.

Linux; no privilege. A mark is a hash of a serial number or a world-wide name (Documentation/ABI/testing/sysfs-block).
Disks on USB come and go, and virtual ones (loop, device mapper, RAID) are made of others: neither is evidence.
"""

from __future__ import annotations

from keskidee_agent.host.placeholders import said
from keskidee_report.identity import mark
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine

BLOCK = "sys/block/"
NAMES = ("serial", "device/serial", "wwid", "device/wwid")
"""virtio, NVMe and MMC, NVMe's namespaces, SCSI and ATA; the first that says something counts."""
DISKS_AT_MOST = 16
EMULATED = ("qemu harddisk", "qemu_harddisk", "vmware virtual", "virtual disk")
"""Every guest's first disk has the same number where nobody gave it one."""


def disk_marks(machine: Machine) -> str:
    """The marks of the disks inside, sorted, with spaces between; empty where none can be told."""
    try:
        names = machine.names(BLOCK)
    except (NotHere, Denied, Malformed, OSError):
        return ""
    serials = {serial for name in names if (serial := _serial(machine, BLOCK + name + "/"))}
    return " ".join(sorted(map(mark, serials))[:DISKS_AT_MOST])


def _serial(machine: Machine, folder: str) -> str:
    if not machine.exists(folder + "device") or "/usb" in machine.place(folder + "device"):
        return ""
    if _text(machine, folder + "removable") == "1":
        return ""
    found = next(filter(None, (said(_text(machine, folder + name)) for name in NAMES)), "")
    return "" if any(word in found.lower() for word in EMULATED) else found


def _text(machine: Machine, path: str) -> str:
    try:
        return machine.text(path)
    except (NotHere, Denied, Malformed, OSError):
        return ""
