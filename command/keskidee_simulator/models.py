"""What the pretend machines are made of: makers, models, operating systems. All makers and models are invented."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An operating system: `os` as in the facts (linux, windows, darwin), its name for people, os-release's keys,
    and the day on which it is supported last (by its maker's pages).
    """

    os: str
    name: str
    kernel: str
    id: str
    product: str
    version: str
    version_id: str
    codename: str = ""
    like: str = ""
    support_ends_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model one can buy: chassis, processors, memory in bytes, disks and network interfaces by name."""

    maker: str
    name: str
    chassis: str
    cpus: int
    memory_bytes: int
    disk_bytes: int
    systems: tuple[System, ...]
    disks: int = 1


DEBIAN = System(
    os="linux", name="Debian GNU/Linux 12 (bookworm)", kernel="6.1.0-26-amd64", id="debian", product="Debian GNU/Linux",
    version="12 (bookworm)", version_id="12", codename="bookworm", support_ends_on="2028-06-30",
)  # fmt: skip
UBUNTU = System(
    os="linux", name="Ubuntu 22.04.5 LTS", kernel="5.15.0-122-generic", id="ubuntu", product="Ubuntu",
    version="22.04.5 LTS (Jammy Jellyfish)", version_id="22.04", codename="jammy", like="debian",
    support_ends_on="2027-04-01",
)  # fmt: skip
WINDOWS_10 = System(
    os="windows", name="Windows 10 Pro 22H2", kernel="10.0.19045", id="windows", product="Windows 10 Pro",
    version="22H2", version_id="10.0.19045", support_ends_on="2025-10-14",
)  # fmt: skip
WINDOWS_11 = System(
    os="windows", name="Windows 11 Pro 25H2", kernel="10.0.26200", id="windows", product="Windows 11 Pro",
    version="25H2", version_id="10.0.26200", support_ends_on="2027-10-12",
)  # fmt: skip
MACOS = System(
    os="darwin", name="macOS 14.6", kernel="23.6.0", id="macos", product="macOS", version="14.6", version_id="14.6",
)  # fmt: skip

SERVERS = (
    Model(
        maker="Frigatebird Systems",
        name="Rackmast R240",
        chassis="server",
        cpus=8,
        memory_bytes=32 * GIB,
        disk_bytes=480 * GIB,
        disks=2,
        systems=(DEBIAN,),
    ),
    Model(
        maker="Frigatebird Systems",
        name="Rackmast R120",
        chassis="server",
        cpus=4,
        memory_bytes=16 * GIB,
        disk_bytes=240 * GIB,
        disks=1,
        systems=(UBUNTU, DEBIAN),
    ),
    Model(
        maker="Pelican Virtual",
        name="Guest 4",
        chassis="virtual",
        cpus=4,
        memory_bytes=8 * GIB,
        disk_bytes=120 * GIB,
        disks=2,
        systems=(DEBIAN, UBUNTU),
    ),
)
DESKTOPS = (
    Model(
        maker="Anole Computers",
        name="Deskmate 310",
        chassis="desktop",
        cpus=4,
        memory_bytes=8 * GIB,
        disk_bytes=256 * GIB,
        systems=(WINDOWS_10,),
    ),
    Model(
        maker="Anole Computers",
        name="Deskmate 520",
        chassis="desktop",
        cpus=8,
        memory_bytes=16 * GIB,
        disk_bytes=512 * GIB,
        systems=(WINDOWS_11, WINDOWS_11, WINDOWS_11, UBUNTU),
    ),
    Model(
        maker="Tamarind",
        name="Studio One",
        chassis="desktop",
        cpus=8,
        memory_bytes=16 * GIB,
        disk_bytes=512 * GIB,
        systems=(MACOS,),
    ),
)
LAPTOPS = (
    Model(
        maker="Tradewind",
        name="Breeze 14",
        chassis="laptop",
        cpus=8,
        memory_bytes=16 * GIB,
        disk_bytes=512 * GIB,
        systems=(WINDOWS_11, WINDOWS_10, UBUNTU),
    ),
    Model(
        maker="Tradewind",
        name="Breeze 13",
        chassis="laptop",
        cpus=4,
        memory_bytes=8 * GIB,
        disk_bytes=256 * GIB,
        systems=(WINDOWS_11, WINDOWS_10),
    ),
    Model(
        maker="Tamarind",
        name="Book 13",
        chassis="laptop",
        cpus=8,
        memory_bytes=8 * GIB,
        disk_bytes=256 * GIB,
        systems=(MACOS,),
    ),
)


def _firmware(version: str) -> System:
    return System(os="", name=f"firmware {version}", kernel="", id="", product="", version=version, version_id="")


DEVICES = {
    "switch": Model(
        maker="Sandpiper Networks", name="Shoreline 24", chassis="switch", cpus=1, memory_bytes=GIB // 2, disk_bytes=0,
        systems=(_firmware("12.4"),), disks=0,
    ),
    "ups": Model(
        maker="Breadfruit Power", name="Keeper 3000", chassis="ups", cpus=0, memory_bytes=0, disk_bytes=0,
        systems=(_firmware("2.1"),), disks=0,
    ),
    "printer": Model(
        maker="Nutmeg Imaging", name="Leaf 400", chassis="printer", cpus=0, memory_bytes=0, disk_bytes=0,
        systems=(_firmware("7.0"),), disks=0,
    ),
}  # fmt: skip
"""What is polled and has no agent."""
