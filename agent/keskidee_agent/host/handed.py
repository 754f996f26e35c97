"""What only root may read, handed to an agent without root's rights: copies in a folder that root's helper fills.

The helpers are `keskidee agent firmware`, run at boot by deploy/systemd, and `keskidee agent disks`, run by its timer.
The resident agent imports this module, so nothing heavy is imported.
"""

from __future__ import annotations

from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine

FOLDER = "run/keskidee-firmware"
DISKS = "run/keskidee-disks"
"""What smartctl says of each disk, `NAME.json`: left by `keskidee agent disks`."""
FILES = (
    "sys/class/dmi/id/product_serial",
    "sys/class/dmi/id/product_uuid",
    "sys/class/dmi/id/board_serial",
    "sys/class/dmi/id/chassis_serial",
    "sys/firmware/dmi/tables/smbios_entry_point",
    "sys/firmware/dmi/tables/DMI",
)
"""What the helper copies: the kernel gives these to root alone."""


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
