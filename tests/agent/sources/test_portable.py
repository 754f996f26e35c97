"""Windows and macOS: the same families where psutil knows the same, and nothing where it does not."""

from types import SimpleNamespace

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_report.model import ABSENT, OK
from tests.agent.recordings import SOURCES, reading_of, values
from tests.agent.tables import smbios_table


def record(names: str, *fields: object) -> SimpleNamespace:
    """One of the named tuples that psutil documents for each system."""
    return SimpleNamespace(**dict(zip(names.split(), fields, strict=True)))


WINDOWS_TIMES, MAC_TIMES = "user system idle interrupt dpc", "user nice system idle"
WINDOWS_MEMORY = "total available percent used free"
MAC_MEMORY = WINDOWS_MEMORY + " active inactive wired"
SWAP = "total used free percent sin sout"
DISK = "read_count write_count read_bytes write_bytes read_time write_time"
NETWORK = "bytes_sent bytes_recv packets_sent packets_recv errin errout dropin dropout"
PARTITION, USAGE = "device mountpoint fstype opts", "total used free percent"
COUNTS = "ctx_switches interrupts soft_interrupts syscalls"


def windows_usage(path: str) -> SimpleNamespace:
    if path == "E:\\":
        raise PermissionError(13, "The device is not ready")
    return record(USAGE, 1000, 600, 400, 60.0)


WINDOWS = SimpleNamespace(
    cpu_times=lambda percpu: [record(WINDOWS_TIMES, 10.123, 20.0, 100.0, 1.5, 0.5)] if percpu else None,
    cpu_stats=lambda: record(COUNTS, 5000, 6000, 0, 7000),
    boot_time=lambda: 1700000000.75,
    virtual_memory=lambda: record(WINDOWS_MEMORY, 8000, 3000, 62.5, 5000, 2900),
    swap_memory=lambda: record(SWAP, 4000, 1000, 3000, 25.0, 0, 0),
    disk_io_counters=lambda perdisk: {"PhysicalDrive0": record(DISK, 1, 2, 512, 1024, 30, 40)} if perdisk else None,
    net_io_counters=lambda pernic: (
        {"Ethernet": record(NETWORK, 1, 2, 3, 4, 5, 6, 7, 8), "Loopback Pseudo-Interface 1": record(NETWORK, *[0] * 8)}
        if pernic
        else None
    ),
    disk_partitions=lambda all: (  # noqa: A006 - psutil's name
        []
        if all
        else [
            record(PARTITION, "C:\\", "C:\\", "NTFS", "rw,fixed"),
            record(PARTITION, "D:\\", "D:\\", "", "cdrom"),
            record(PARTITION, "E:\\", "E:\\", "NTFS", "ro,removable"),
        ]
    ),
    disk_usage=windows_usage,
)
MAC = SimpleNamespace(
    disk_partitions=lambda all: [record(PARTITION, "/dev/disk3s1s1", "/", "apfs", "ro,local")],  # noqa: A006
    cpu_times=lambda percpu: [record(MAC_TIMES, 10.0, 1.0, 20.0, 100.0)] if percpu else None,
    getloadavg=lambda: (1.2345, 0.5, 0.25),
    virtual_memory=lambda: record(MAC_MEMORY, 8000, 3000, 62.5, 5000, 2900, 2000, 1500, 900),
    swap_memory=lambda: record(SWAP, 0, 0, 0, 0.0, 0, 0),
    net_io_counters=lambda pernic: {"lo0": record(NETWORK, *[9] * 8), "en0": record(NETWORK, 1, 2, 3, 4, 5, 6, 7, 8)},
)


def windows(source: str) -> dict[str, float]:
    """What a source gives on Windows, each series as it is written in text."""
    return written(source, Machine(platform="windows", psutil=WINDOWS))


def mac(source: str) -> dict[str, float]:
    return written(source, Machine(platform="darwin", psutil=MAC))


def written(source: str, machine: Machine) -> dict[str, float]:
    found = values(reading_of(source, machine))
    return {
        name + "".join(f" {key}={value}" for key, value in labels): value for (name, labels), value in found.items()
    }


def test_windows_processor_times_are_split_as_on_linux() -> None:
    assert windows("cpu") == {
        "node_cpu_seconds_total cpu=0 mode=user": 10.12,
        "node_cpu_seconds_total cpu=0 mode=system": 18.0,
        "node_cpu_seconds_total cpu=0 mode=idle": 100.0,
        "node_cpu_seconds_total cpu=0 mode=irq": 1.5,
        "node_cpu_seconds_total cpu=0 mode=softirq": 0.5,
    }


def test_mac_processor_times_have_nice_and_no_interrupts() -> None:
    assert mac("cpu") == {
        "node_cpu_seconds_total cpu=0 mode=user": 10.0,
        "node_cpu_seconds_total cpu=0 mode=system": 20.0,
        "node_cpu_seconds_total cpu=0 mode=idle": 100.0,
        "node_cpu_seconds_total cpu=0 mode=nice": 1.0,
    }


def test_windows_memory_has_totals_available_and_free() -> None:
    assert windows("meminfo") == {
        "node_memory_MemTotal_bytes": 8000,
        "node_memory_MemAvailable_bytes": 3000,
        "node_memory_MemFree_bytes": 2900,
        "node_memory_SwapTotal_bytes": 4000,
        "node_memory_SwapFree_bytes": 3000,
    }


def test_mac_memory_has_active_and_inactive_too() -> None:
    assert mac("meminfo") == {
        "node_memory_MemTotal_bytes": 8000,
        "node_memory_MemAvailable_bytes": 3000,
        "node_memory_MemFree_bytes": 2900,
        "node_memory_Active_bytes": 2000,
        "node_memory_Inactive_bytes": 1500,
        "node_memory_SwapTotal_bytes": 0,
        "node_memory_SwapFree_bytes": 0,
    }


def test_windows_counts_since_boot() -> None:
    assert windows("stat") == {
        "node_boot_time_seconds": 1700000000,
        "node_context_switches_total": 5000,
        "node_intr_total": 6000,
    }


def test_windows_disks() -> None:
    assert windows("diskstats") == {
        "node_disk_reads_completed_total device=PhysicalDrive0": 1,
        "node_disk_read_bytes_total device=PhysicalDrive0": 512,
        "node_disk_read_time_seconds_total device=PhysicalDrive0": 0.03,
        "node_disk_writes_completed_total device=PhysicalDrive0": 2,
        "node_disk_written_bytes_total device=PhysicalDrive0": 1024,
        "node_disk_write_time_seconds_total device=PhysicalDrive0": 0.04,
    }


def test_windows_drives_are_named_without_backslash_and_a_locked_one_says_so() -> None:
    c_drive = "device=C: fstype=NTFS mountpoint=C:"
    e_drive = "device=E: device_error=permission denied fstype=NTFS mountpoint=E:"
    assert windows("filesystem") == {
        f"node_filesystem_device_error {c_drive}": 0,
        f"node_filesystem_readonly {c_drive}": 0,
        f"node_filesystem_size_bytes {c_drive}": 1000,
        f"node_filesystem_free_bytes {c_drive}": 400,
        f"node_filesystem_avail_bytes {c_drive}": 400,
        f"node_filesystem_device_error {e_drive}": 1,
        f"node_filesystem_readonly {e_drive}": 1,
    }


def test_mac_file_systems_are_asked_by_statvfs() -> None:
    names = [name for name in mac("filesystem") if name.endswith("mountpoint=/")]
    assert sorted(name.partition(" ")[0] for name in names) == [
        "node_filesystem_avail_bytes",
        "node_filesystem_device_error",
        "node_filesystem_files",
        "node_filesystem_files_free",
        "node_filesystem_free_bytes",
        "node_filesystem_readonly",
        "node_filesystem_size_bytes",
    ]


def test_windows_without_performance_counters_has_memory_but_no_swap() -> None:
    def no_counters() -> None:
        raise RuntimeError("PdhAddEnglishCounterW failed. Performance counters may be disabled.")

    psutil = SimpleNamespace(**{**vars(WINDOWS), "swap_memory": no_counters})
    found = written("meminfo", Machine(platform="windows", psutil=psutil))
    assert sorted(found) == [
        "node_memory_MemAvailable_bytes",
        "node_memory_MemFree_bytes",
        "node_memory_MemTotal_bytes",
    ]


def test_a_boot_time_that_wavers_is_told_once() -> None:
    times = iter([1700000000.9, 1700000001.2, 1699999999.8, 1700009000.0])
    machine = Machine(platform="windows", psutil=SimpleNamespace(**{**vars(WINDOWS), "boot_time": lambda: next(times)}))
    told = [written("stat", machine)["node_boot_time_seconds"] for _ in range(4)]
    assert told == [1700000000, 1700000000, 1700000000, 1700009000]


@pytest.mark.parametrize(("platform", "device"), [("windows", "Ethernet"), ("darwin", "en0")])
def test_interfaces_without_loopback(platform: str, device: str) -> None:
    psutil = {"windows": WINDOWS, "darwin": MAC}[platform]
    assert written("netdev", Machine(platform=platform, psutil=psutil)) == {
        f"node_network_receive_bytes_total device={device}": 2,
        f"node_network_receive_packets_total device={device}": 4,
        f"node_network_receive_errs_total device={device}": 5,
        f"node_network_receive_drop_total device={device}": 7,
        f"node_network_transmit_bytes_total device={device}": 1,
        f"node_network_transmit_packets_total device={device}": 3,
        f"node_network_transmit_errs_total device={device}": 6,
        f"node_network_transmit_drop_total device={device}": 8,
    }


def test_mac_has_load_averages() -> None:
    assert mac("loadavg") == {"node_load1": 1.23, "node_load5": 0.5, "node_load15": 0.25}


def test_windows_has_no_load_average() -> None:
    assert SOURCES["loadavg"].platforms == ("linux", "darwin")


class WindowsMachine(Machine):
    """Windows where only its own calls answer."""

    def __init__(self) -> None:
        super().__init__(platform="windows", psutil=WINDOWS)

    def smbios(self) -> bytes:
        return smbios_table()

    def registry(self, key: str, name: str) -> str:
        return {"ProductName": "Windows 10 Pro", "CurrentBuild": "19045", "UBR": "3803", "DisplayVersion": "22H2"}.get(
            name, "10" if name == "CurrentMajorVersionNumber" else "0"
        )

    def uname(self) -> tuple[str, str, str, str, str]:
        return ("Windows", "PC-01", "10", "10.0.19045", "AMD64")


def test_windows_dmi_is_read_from_the_smbios_table() -> None:
    ((_, labels, value),) = reading_of("dmi", WindowsMachine()).samples
    assert (labels["system_vendor"], labels["product_serial"], labels["bios_release"], value) == (
        "Example Computers",
        "SER-0002",
        "5.17",
        1,
    )


def test_windows_names_itself_as_linux_does() -> None:
    assert written("uname", WindowsMachine()) == {
        "node_uname_info domainname= machine=AMD64 nodename=PC-01 release=10 sysname=Windows version=10.0.19045": 1
    }


def test_windows_version_is_that_of_the_registry() -> None:
    labels = next(iter(reading_of("os", WindowsMachine()).samples))[1]
    assert {key: value for key, value in labels.items() if value} == {
        "id": "windows",
        "name": "Windows 10 Pro",
        "pretty_name": "Windows 10 Pro 22H2",
        "version": "22H2",
        "version_id": "10.0.19045",
        "build_id": "19045.3803",
    }


def test_windows_has_a_clock_and_a_zone() -> None:
    names = [family.name for family, _, _ in reading_of("time", WindowsMachine()).samples]
    assert names == ["node_time_seconds", "node_time_zone_offset_seconds"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_system_without_psutil_is_absent_and_no_bug(source: str) -> None:
    class Bare(Machine):
        """A system of which nothing is known."""

        @property
        def psutil(self) -> object:
            from keskidee_report.model import NotHere

            raise NotHere("psutil is not installed")

    SOURCES[source].bug = ""
    reading = reading_of(source, Bare(platform="darwin"))
    assert (reading.outcome in (OK, ABSENT), SOURCES[source].bug) == (True, "")
