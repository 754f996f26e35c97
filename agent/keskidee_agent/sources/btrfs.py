"""Space, devices and commits of each Btrfs file system, from /sys/fs/btrfs (fs/btrfs/sysfs.c). No privilege.

Errors of devices are told by ioctl only, and to root alone: they are not read.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number, only_number
from keskidee_agent.host.sysfs import attribute, label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/fs/btrfs/*-",)
FOLDER = "sys/fs/btrfs"
SECTOR_BYTES = 512


def _gauge(name: str, what: str, *, digits: int | None = 0) -> Family:
    return Family(f"node_btrfs_{name}", "gauge", what, digits=digits)


INFO = _gauge("info", "1 for each file system, with its label")
RESERVE = _gauge("global_rsv_size_bytes", "Space kept back for the file system itself")
RESERVED = _gauge("reserved_bytes", "Space promised to writes under way")
USED = _gauge("used_bytes", "Space in use, by kind of block group and how it is spread over devices")
SIZE = _gauge("size_bytes", "Space allotted, by kind of block group and how it is spread over devices")
RATIO = _gauge("allocation_ratio", "Bytes on devices for one byte of data", digits=None)
DEVICE_SIZE = _gauge("device_size_bytes", "Size of a device of the file system")
# line of commit_stats, family, what its number is divided by
COMMITS: tuple[tuple[bytes, Family, int], ...] = (
    (b"commits", Family("node_btrfs_commits_total", "counter", "Commits since mounted", digits=0), 1),
    (b"last_commit_ms", _gauge("last_commit_seconds", "How long the last commit took", digits=3), 1000),
    (b"max_commit_ms", _gauge("max_commit_seconds", "How long the longest commit took", digits=3), 1000),
    (
        b"total_commit_ms",
        Family("node_btrfs_commit_seconds_total", "counter", "Time spent in commits since mounted", digits=3),
        1000,
    ),
)
COMMIT_LINES = frozenset({b"commits", b"cur_commit_ms", b"last_commit_ms", b"max_commit_ms", b"total_commit_ms"})

GROUPS = ("data", "metadata", "system")
COPIES = {"single": 1, "raid0": 1, "dup": 2, "raid1": 2, "raid10": 2, "raid1c3": 3, "raid1c4": 4}
PARITIES = {"raid5": 1, "raid6": 2}


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges and counters labelled `uuid`, and `block_group_type`, `mode` or `device`."""
    seen = set()
    for name in machine.names(FOLDER):
        if "-" not in name:  # features, debug
            continue
        folder = f"{FOLDER}/{name}"
        # the name is it on older kernels, and of a second snapshot of a disk, whose uuid inside is the first one's
        uuid = words(attribute(machine, f"{folder}/metadata_uuid"))
        if not uuid or uuid in seen:
            uuid = label(name)
        seen.add(uuid)
        try:
            yield from _file_system(machine, folder, uuid)
        except NotHere:  # unmounted a moment ago
            continue


def _file_system(machine: Machine, folder: str, uuid: str) -> Iterator[Sample]:
    by_uuid = {"uuid": uuid}
    devices = machine.names(f"{folder}/devices")
    yield INFO(1, uuid=uuid, label=words(machine.content(f"{folder}/label")))
    yield (RESERVE, by_uuid, only_number(machine.content(f"{folder}/allocation/global_rsv_size")))
    try:
        commits = parse_commits(machine.content(f"{folder}/commit_stats"))
    except NotHere:  # before 6.0
        commits = {}
    for line, family, divisor in COMMITS:
        if line in commits:
            yield (family, by_uuid, commits[line] / divisor if divisor > 1 else commits[line])
    for group in GROUPS:
        try:
            yield from _group(machine, f"{folder}/allocation/{group}", uuid, len(devices))
        except NotHere:  # file systems with mixed groups have neither data nor metadata
            continue
    for device in devices:
        content = attribute(machine, f"{folder}/devices/{device}/size")
        if content is not None:
            yield DEVICE_SIZE(only_number(content) * SECTOR_BYTES, uuid=uuid, device=label(device))


def _group(machine: Machine, folder: str, uuid: str, devices: int) -> Iterator[Sample]:
    names = machine.names(folder)
    group = folder.rpartition("/")[2]
    yield RESERVED(only_number(machine.content(f"{folder}/bytes_reserved")), uuid=uuid, block_group_type=group)
    for mode in names:
        if mode not in COPIES and mode not in PARITIES:
            continue
        labels = {"uuid": uuid, "block_group_type": group, "mode": mode}
        yield (USED, labels, only_number(machine.content(f"{folder}/{mode}/used_bytes")))
        yield (SIZE, labels, only_number(machine.content(f"{folder}/{mode}/total_bytes")))
        ratio = ratio_of(mode, devices)
        if ratio is not None:
            yield (RATIO, labels, ratio)


def ratio_of(mode: str, devices: int) -> float | None:
    """Bytes on devices for one of data; None where there are too few devices for the mode to tell."""
    if mode in COPIES:
        return COPIES[mode]
    with_data = devices - PARITIES[mode]
    return devices / with_data if with_data > 0 else None


def parse_commits(content: bytes) -> dict[bytes, int]:
    """The numbers of commit_stats by the first words of its lines. Raises Malformed.

    In node_exporter's recording the newline that ends the last line is missing: it is taken too.
    """
    if content[-1:] != b"\n" and content.rpartition(b"\n")[2].startswith(b"total_commit_ms "):
        content += b"\n"
    found: dict[bytes, int] = {}
    for line in complete_lines(content):
        key, _, value = line.partition(b" ")
        if key not in COMMIT_LINES or key in found:
            raise Malformed("not a line of commit_stats", line)
        found[key] = number(value)
    return found
