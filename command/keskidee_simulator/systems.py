"""The layouts: what a Linux, a Windows and a Mac machine of some model report, as our agent's sources emit it there.

Linux has node_exporter's families for the ten sources. Windows and macOS have what psutil knows there: no load
average on Windows, fewer modes of the processors, fewer columns of memory, disks and interfaces.
"""

from __future__ import annotations

from functools import cache

from keskidee_simulator import families as f
from keskidee_simulator.course import (
    BOOTED,
    COOL,
    CPU_BUSY,
    CPU_WORK,
    DISK_BUSY,
    DISK_WORK,
    FILL,
    HOT,
    IDLE_COOL,
    IDLE_HOT,
    MEMORY_USED,
    NET_WORK,
    NOW,
    ONE,
    SWAP_USED,
    UPTIME,
)
from keskidee_simulator.devices import device
from keskidee_simulator.hardware import heat, inventoried, power
from keskidee_simulator.layout import Source
from keskidee_simulator.models import GIB, Model, System
from keskidee_simulator.sites import HOUR

CPU_MODES = {
    "linux": {"user": 0.62, "nice": 0.01, "system": 0.27, "iowait": 0.07, "irq": 0.0, "softirq": 0.02, "steal": 0.01},
    "windows": {"user": 0.66, "system": 0.30, "irq": 0.02, "softirq": 0.02},
    "darwin": {"user": 0.68, "nice": 0.0, "system": 0.32},
}
"""How the busy time of a processor divides over its modes."""

MEMORY = {
    "linux": {
        "MemTotal": (1.0, 0.0), "MemFree": (0.45, -0.45), "MemAvailable": (1.0, -1.0), "Buffers": (0.02, 0.0),
        "Cached": (0.42, -0.40), "SwapCached": (0.0, 0.0), "Active": (0.10, 0.45), "Inactive": (0.08, 0.25),
        "Active(anon)": (0.0, 0.40), "Inactive(anon)": (0.0, 0.15), "Active(file)": (0.10, 0.05),
        "Inactive(file)": (0.08, 0.10), "Unevictable": (0.0, 0.0), "Mlocked": (0.0, 0.0), "Dirty": (0.0, 0.001),
        "Writeback": (0.0, 0.0), "AnonPages": (0.0, 0.55), "Mapped": (0.02, 0.08), "Shmem": (0.01, 0.02),
        "KReclaimable": (0.03, 0.0), "Slab": (0.05, 0.01), "SReclaimable": (0.03, 0.0), "SUnreclaim": (0.02, 0.01),
        "KernelStack": (0.001, 0.0005), "PageTables": (0.002, 0.004), "NFS_Unstable": (0.0, 0.0),
        "Bounce": (0.0, 0.0), "WritebackTmp": (0.0, 0.0), "CommitLimit": (0.75, 0.0), "Committed_AS": (0.2, 0.9),
        "VmallocTotal": (4096.0, 0.0), "VmallocUsed": (0.004, 0.0), "VmallocChunk": (0.0, 0.0),
        "Percpu": (0.0008, 0.0), "HardwareCorrupted": (0.0, 0.0), "AnonHugePages": (0.0, 0.1),
        "ShmemHugePages": (0.0, 0.0), "ShmemPmdMapped": (0.0, 0.0), "FileHugePages": (0.0, 0.0),
        "FilePmdMapped": (0.0, 0.0), "Hugepagesize": (0.0, 0.0), "Hugetlb": (0.0, 0.0), "DirectMap4k": (0.02, 0.0),
        "DirectMap2M": (0.6, 0.0), "DirectMap1G": (0.4, 0.0),
    },
    "windows": {"MemTotal": (1.0, 0.0), "MemFree": (1.0, -1.0), "MemAvailable": (1.0, -1.0)},
    "darwin": {
        "MemTotal": (1.0, 0.0), "MemFree": (0.4, -0.4), "MemAvailable": (1.0, -1.0), "Active": (0.1, 0.4),
        "Inactive": (0.1, 0.3),
    },
}  # fmt: skip
"""Each field as a share of the whole memory: what it has in any case, and what it gains with the memory in use."""

DISK_RATES = {
    "reads_completed": 40.0, "reads_merged": 6.0, "read_bytes": 1.2e6, "read_time_seconds": 0.05,
    "writes_completed": 90.0, "writes_merged": 60.0, "written_bytes": 2.4e6, "write_time_seconds": 0.12,
    "io_time_seconds": 0.2, "io_time_weighted_seconds": 0.25, "discards_completed": 0.3, "discards_merged": 0.0,
    "discarded_sectors": 900.0, "discard_time_seconds": 0.0002, "flush_requests": 5.0,
    "flush_requests_time_seconds": 0.004,
}  # fmt: skip
"""What a disk does in each second of work."""
DISK_PORTABLE = (
    "reads_completed", "read_bytes", "read_time_seconds", "writes_completed", "written_bytes", "write_time_seconds",
)  # fmt: skip
"""What psutil knows of a disk."""
SOFTIRQ_RATES = {
    "hi": 0.0, "timer": 900.0, "net_tx": 2.0, "net_rx": 300.0, "block": 80.0, "block_iopoll": 0.0, "tasklet": 1.0,
    "sched": 700.0, "hrtimer": 0.0, "rcu": 850.0,
}  # fmt: skip
"""Software interrupts in each second of work."""

NET_RATES = {
    "receive_bytes": 3.1e5, "receive_packets": 400.0, "receive_errs": 0.0, "receive_drop": 0.02, "receive_fifo": 0.0,
    "receive_frame": 0.0, "receive_compressed": 0.0, "receive_multicast": 0.4, "receive_nohandler": 0.0,
    "transmit_bytes": 9.0e4, "transmit_packets": 240.0, "transmit_errs": 0.0, "transmit_drop": 0.0,
    "transmit_fifo": 0.0, "transmit_colls": 0.0, "transmit_carrier": 0.0, "transmit_compressed": 0.0,
}  # fmt: skip
"""What an interface moves in each second of work."""
NET_PORTABLE = tuple(
    f"{way}_{what}" for way in ("receive", "transmit") for what in ("bytes", "packets", "errs", "drop")
)


ZONES = {-3 * HOUR: "-03", -4 * HOUR: "AST", -5 * HOUR: "EST", -6 * HOUR: "CST"}


@cache
def layout(model: Model, system: System, utc_offset_seconds: int) -> tuple[Source, ...]:
    """What every machine of this model, system and time zone has in common, in the order of a report."""
    if not system.os:
        return device(model)
    sources = [
        _agent(), _cpu(model, system), _diskstats(model, system), _filesystem(model, system), _loadavg(model, system),
        _meminfo(model, system), _netdev(model, system), _os(system), _stat(system), _time(system, utc_offset_seconds),
        heat(model, system), inventoried(model, system, disks_of(model, system)), power(model, system),
    ]  # fmt: skip
    return tuple(source for source in sources if source.rows)


def _cpu(model: Model, system: System) -> Source:
    source = Source(name="cpu", seconds=0.00021)
    if system.os == "linux":
        for cpu in range(model.cpus):
            for mode in ("user", "nice"):
                source.add(f.CPU_GUEST, CPU_WORK, 0.0, cpu=str(cpu), mode=mode)
    for cpu in range(model.cpus):
        idle, share = ((IDLE_COOL, COOL), (IDLE_HOT, HOT))[cpu % 2]
        source.add(f.CPU, idle, 1.0, cpu=str(cpu), mode="idle")
        for mode, part in CPU_MODES[system.os].items():
            source.add(f.CPU, CPU_WORK, part * share, cpu=str(cpu), mode=mode)
    return source


def _stat(system: System) -> Source:
    source = Source(name="stat", seconds=0.00006)
    source.add(f.BOOT_TIME, BOOTED)
    source.add(f.CONTEXT_SWITCHES, CPU_WORK, 9400.0)
    source.add(f.INTERRUPTS, CPU_WORK, 5100.0)
    if system.os == "linux":
        source.add(f.FORKS, CPU_WORK, 11.0)
        source.add(f.PROCESSES_BLOCKED, DISK_BUSY, 2.2)
        source.add(f.PROCESSES_RUNNING, CPU_BUSY, 5.0, 1.0)
        for vector, rate in SOFTIRQ_RATES.items():
            source.add(f.SOFTIRQS, CPU_WORK, rate, vector=vector)
    return source


def _loadavg(model: Model, system: System) -> Source:
    source = Source(name="loadavg", seconds=0.00002)
    if system.os != "windows":
        for family, smooth in zip(f.LOADS, (1.1, 1.0, 0.95), strict=True):
            source.add(family, CPU_BUSY, smooth * model.cpus)
    return source


def _meminfo(model: Model, system: System) -> Source:
    source = Source(name="meminfo", seconds=0.00012)
    total = model.memory_bytes // 4096 * 4096 - 350 * (1 << 20)
    for name, (base, gain) in MEMORY[system.os].items():
        source.add(f.memory(name), MEMORY_USED, gain * total, base * total)
    source.add(f.memory("SwapTotal"), ONE, 2.0 * GIB)
    source.add(f.memory("SwapFree"), SWAP_USED, -2.0 * GIB, 2.0 * GIB)
    if system.os == "linux":
        for name in ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp"):
            source.add(f.memory(name, in_bytes=False), ONE, 0.0)
    return source


def disks_of(model: Model, system: System) -> list[str]:
    """Its disks by the system's names."""
    if system.os == "windows":
        return [f"PhysicalDrive{n}" for n in range(model.disks)]
    if system.os == "darwin":
        return [f"disk{n}" for n in range(model.disks)]
    return [f"vd{'ab'[n]}" if model.chassis == "virtual" else f"nvme{n}n1" for n in range(model.disks)]


def _diskstats(model: Model, system: System) -> Source:
    source = Source(name="diskstats", seconds=0.00018)
    disks = disks_of(model, system)
    for number, disk in enumerate(disks if system.os == "linux" else ()):
        virtual = model.chassis == "virtual"
        source.add(
            f.DISK_INFO, ONE, 1.0, device=disk, major="254" if virtual else "259", minor=str(number), rotational="0",
            path=f"pci-0000:0{1 + number}:00.0" + ("" if virtual else "-nvme-1"),
            model="" if virtual else "Coral NVMe (simulated)",
        )  # fmt: skip
    if system.os == "linux":
        for disk in disks:
            source.add(f.DISK_IO_NOW, DISK_BUSY, 4.0, device=disk)
    for name in DISK_RATES if system.os == "linux" else DISK_PORTABLE:
        for number, disk in enumerate(disks):
            source.add(f.DISK_COUNTERS[name], DISK_WORK, DISK_RATES[name] / (1 + number), device=disk)
    return source


def _filesystem(model: Model, system: System) -> Source:
    source = Source(name="filesystem", seconds=0.00025)
    mounts = mounts_of(model, system)
    for family, coefficient, constant in (
        (f.FILESYSTEM_SIZE, 0.0, 1.0), (f.FILESYSTEM_FREE, -1.0, 1.0), (f.FILESYSTEM_AVAIL, -1.0, 1.0),
    ):  # fmt: skip
        for labels, size in mounts:
            source.add(family, FILL, coefficient * size, constant * size, **labels)
    if system.os == "linux":
        for labels, size in mounts:
            source.add(f.FILESYSTEM_FILES, ONE, size / 16384, **labels)
        for labels, size in mounts:
            source.add(f.FILESYSTEM_FILES_FREE, FILL, -0.3 * size / 16384, size / 16384, **labels)
    for family in (f.FILESYSTEM_READONLY, f.FILESYSTEM_ERROR):
        for labels, _ in mounts:
            source.add(family, ONE, 0.0, **labels)
    for number, (labels, _) in enumerate(mounts if system.os == "linux" else ()):
        where = {"device": labels["device"], "mountpoint": labels["mountpoint"]}
        source.add(f.FILESYSTEM_MOUNT, ONE, 1.0, major="259", minor=str(1 + number), **where)
    return source


def mounts_of(model: Model, system: System) -> list[tuple[dict[str, str], float]]:
    """The labels of each of its file systems, and how many bytes it has."""
    size = float(model.disk_bytes)
    if system.os == "windows":
        return [({"device": "C:", "fstype": "NTFS", "mountpoint": "C:"}, size)]
    if system.os == "darwin":
        names = {"/dev/disk3s1s1": "/", "/dev/disk3s5": "/System/Volumes/Data"}
        return [({"device": device, "fstype": "apfs", "mountpoint": mount}, size) for device, mount in names.items()]
    disks = disks_of(model, system)
    joint = "" if model.chassis == "virtual" else "p"
    mounts = [
        ({"device": f"/dev/{disks[0]}{joint}2", "fstype": "ext4", "mountpoint": "/"}, size * 0.9),
        ({"device": f"/dev/{disks[0]}{joint}1", "fstype": "vfat", "mountpoint": "/boot/efi"}, 0.5 * GIB),
    ]
    if len(disks) > 1:
        mounts.append(({"device": f"/dev/{disks[1]}{joint}1", "fstype": "ext4", "mountpoint": "/srv"}, size))
    return mounts


def interfaces_of(model: Model, system: System) -> tuple[str, ...]:
    """Its network interfaces by the system's names."""
    return {
        "windows": ("Ethernet", "Wi-Fi") if model.chassis == "laptop" else ("Ethernet",),
        "darwin": ("en0",),
        "linux": ("eno1", "eno2") if model.chassis == "server" else ("eth0",),
    }[system.os]


def _netdev(model: Model, system: System) -> Source:
    source = Source(name="netdev", seconds=0.0001)
    names = interfaces_of(model, system)
    for statistic in NET_RATES if system.os == "linux" else NET_PORTABLE:
        for number, name in enumerate(names):
            source.add(f.NETWORK[statistic], NET_WORK, NET_RATES[statistic] / (1 + number), device=name)
    return source


def _os(system: System) -> Source:
    source = Source(name="os", seconds=0.00003)
    labels = {"id": system.id, "name": system.product, "version": system.version, "version_id": system.version_id}
    source.add(
        f.OS_INFO, ONE, 1.0, pretty_name=system.name, version_codename=system.codename, id_like=system.like, **labels
    )
    major_minor = ".".join(system.version_id.split(".")[:2])
    source.add(f.OS_VERSION, ONE, float(major_minor), id=system.id, id_like=system.like, name=system.product)
    return source


def _time(system: System, utc_offset_seconds: int) -> Source:
    source = Source(name="time", seconds=0.00003)
    source.add(f.TIME, NOW)
    source.add(f.TIME_ZONE, ONE, float(utc_offset_seconds), time_zone=ZONES[utc_offset_seconds])
    if system.os == "linux":
        source.add(f.CLOCKSOURCE_AVAILABLE, ONE, 1.0, device="0", clocksource="tsc")
        source.add(f.CLOCKSOURCE_CURRENT, ONE, 1.0, device="0", clocksource="tsc")
    return source


def _agent() -> Source:
    source = Source(name="agent", seconds=0.00002)
    source.add(f.AGENT_INFO, ONE, 1.0, version="0.1.0")
    source.add(f.AGENT_SPOOL_BYTES, ONE, 0.0)
    source.add(f.AGENT_SPOOL_REPORTS, ONE, 0.0)
    source.add(f.AGENT_DROPPED, ONE, 0.0)
    source.add(f.AGENT_FAILURES, ONE, 0.0)
    source.add(f.AGENT_LINK, UPTIME, 60.0)
    source.add(f.AGENT_CPU, UPTIME, 0.0001)
    source.add(f.AGENT_MEMORY, ONE, 13_500_000.0)
    source.add(f.AGENT_START, BOOTED, 1.0, 21.0)
    return source
