"""What only root may read, handed to an agent that runs without root's rights.

Two ways, both made by deploy/systemd: copies in a folder that root's helper fills (`keskidee agent firmware`), and the
mounts of process 1, which the service manager opened as standard input before it gave up its rights. The resident agent
imports this module, so nothing heavy is imported.
"""

from __future__ import annotations

import os

from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.machine import Machine

FOLDER = "run/keskidee-firmware"
FILES = (
    "sys/class/dmi/id/product_serial",
    "sys/class/dmi/id/product_uuid",
    "sys/class/dmi/id/board_serial",
    "sys/class/dmi/id/chassis_serial",
    "sys/firmware/dmi/tables/smbios_entry_point",
    "sys/firmware/dmi/tables/DMI",
)
"""What the helper copies: the kernel gives these to root alone."""
MOUNTS = "proc/1/mountinfo"
STDIN = 0


def copy_of(path: str) -> str:
    """Where the copy of one of FILES lies: in FOLDER under its last name."""
    return f"{FOLDER}/{path.rpartition('/')[2]}"


def content(machine: Machine, path: str) -> bytes:
    """One of FILES: itself where it may be read, otherwise its copy. Raises as `Machine.content` does of itself."""
    try:
        return machine.content(path)
    except Denied:
        try:
            return machine.content(copy_of(path))
        except (NotHere, Denied):
            pass
        raise


def take_mounts(machine: Machine) -> None:
    """Reads the mounts of process 1 from standard input, where that is what it is.

    A sandbox has mounts of its own, and the kernel shows those of process 1 to root alone. But it asks who opens the
    file, not who reads it, and an open one goes on telling of changes.
    """
    try:
        opened = os.readlink(f"/proc/self/fd/{STDIN}")
    except OSError:
        return
    if opened.endswith("/1/mountinfo"):
        machine.keep_open(MOUNTS, STDIN)
