"""What the pretend machines are made of: makers, models, operating systems. All makers and models are invented."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An operating system: `os` as in the facts (linux, windows, darwin), its name for people, kernel and release."""

    os: str
    name: str
    kernel: str
    id: str
    version: str
    codename: str = ""


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
    os="linux",
    name="Debian GNU/Linux 12 (bookworm)",
    kernel="6.1.0-26-amd64",
    id="debian",
    version="12",
    codename="bookworm",
)
UBUNTU = System(
    os="linux", name="Ubuntu 22.04.5 LTS", kernel="5.15.0-122-generic", id="ubuntu", version="22.04", codename="jammy"
)
WINDOWS_10 = System(
    os="windows", name="Microsoft Windows 10 Pro", kernel="10.0.19045", id="windows", version="10.0.19045"
)
WINDOWS_11 = System(
    os="windows", name="Microsoft Windows 11 Pro", kernel="10.0.22631", id="windows", version="10.0.22631"
)
MACOS = System(os="darwin", name="macOS 14.6", kernel="23.6.0", id="macos", version="14.6")

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
        systems=(WINDOWS_11,),
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
