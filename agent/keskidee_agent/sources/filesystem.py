"""Space on each mounted file system, from mountinfo (proc(5)) and statvfs; mounts by psutil elsewhere. No privilege.

A mount that hangs (a dead server) costs itself only: it says device_error until it answers again.
"""

from __future__ import annotations

import os

from keskidee_agent.gather.columns import steady
from keskidee_agent.host.lines import complete_lines
from keskidee_agent.host.space import Space
from keskidee_report.model import Denied, Family, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True

MOUNT_POINTS_EXCLUDE = r"^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
TYPES_EXCLUDE = (
    r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    r"|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$"
)
EXCLUDED_FOLDERS = ("dev", "proc", "run", "sys", "mnt", "media")
EXCLUDED_BELOW = ("/var/lib/docker/", "/var/lib/containers/storage/")
EXCLUDED_TYPES = frozenset(TYPES_EXCLUDE[2:-2].replace("cgroup2?", "cgroup|cgroup2").split("|"))

LOCAL_TYPES = frozenset(
    [
        "apfs",
        "bcachefs",
        "btrfs",
        "erofs",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "f2fs",
        "hfs",
        "hfsplus",
        "jffs2",
        "jfs",
        "minix",
        "msdos",
        "nilfs2",
        "ntfs3",
        "ramfs",
        "reiserfs",
        "squashfs",
        "tmpfs",
        "ubifs",
        "udf",
        "vfat",
        "xfs",
        "zfs",
    ]
)
"""Their statvfs is answered from memory. Any other may wait for a server or a daemon, and is asked in a thread."""

REREAD_ROUNDS = 20
"""mountinfo is read when the kernel says that it changed; now and then also without, for kernels that do not say."""

SIZE = Family("node_filesystem_size_bytes", "gauge", "Size of the file system", digits=0)
FREE = Family("node_filesystem_free_bytes", "gauge", "Space that root may still use", digits=0)
AVAIL = Family("node_filesystem_avail_bytes", "gauge", "Space that everybody may still use", digits=0)
FILES = Family("node_filesystem_files", "gauge", "Files and folders it has room for", digits=0)
FILES_FREE = Family("node_filesystem_files_free", "gauge", "Files and folders it has room for still", digits=0)
READONLY = Family("node_filesystem_readonly", "gauge", "Whether it cannot be written to", digits=0)
ERROR = Family("node_filesystem_device_error", "gauge", "Whether it did not say how full it is", digits=0)
SPACE = (ERROR, READONLY, SIZE, FREE, AVAIL, FILES, FILES_FREE)
BLOCK_BITS = 12
IN_BLOCKS = tuple(Family(each.name, each.kind, each.help, digits=-BLOCK_BITS) for each in (SIZE, FREE, AVAIL))
"""The same where every file system counts in blocks of 4 KiB or more, as nearly all do: shorter on the wire."""
NODES = (FILES, FILES_FREE)
MOUNT = Family("node_filesystem_mount_info", "gauge", "1, labelled with the number of the mounted device", digits=0)


class Mount:
    """A line of mountinfo, with the names of its samples."""

    __slots__ = ("asked", "fstype", "in_blocks", "labels", "mountpoint", "names", "numbers", "readonly")

    def __init__(self, device: str, path: bytes, fstype: str, number: str, *, readonly: bool) -> None:
        self.asked = (path, fstype not in LOCAL_TYPES)
        self.fstype = fstype
        self.mountpoint = path.decode("utf-8", "replace")
        self.labels = {"device": device, "mountpoint": self.mountpoint, "fstype": fstype}
        major, _, minor = number.partition(":")
        self.numbers = {"device": device, "major": major, "minor": minor, "mountpoint": self.mountpoint}
        self.names = [*[(family, self.labels) for family in SPACE], (MOUNT, self.numbers)]
        self.in_blocks = [*self.names[:2], *[(family, self.labels) for family in IN_BLOCKS], *self.names[5:]]
        self.readonly = readonly


def read(machine: Machine) -> Iterable[Sample]:
    """Sizes labelled `device`, `mountpoint`, `fstype`; a mount in trouble only says so, and why in `device_error`."""
    if machine.platform == "linux":
        return _linux(machine)
    return _portable(machine)


def _linux(machine: Machine) -> Iterable[Sample]:
    mounts = _mounts(machine)
    answers = machine.spaces([mount.asked for mount in mounts])
    names: list[tuple[Family, dict[str, str]]] = []
    counts: list[int] = []
    bits = BLOCK_BITS if not any(map(_splits_blocks, answers)) else 0
    for mount, answer in zip(_with_flags(machine, mounts, answers), answers, strict=True):
        if not isinstance(answer, Exception):
            names += mount.in_blocks if bits else mount.names
            counts += _amounts(answer, readonly=mount.readonly, bits=bits)
            counts.append(1)
        elif not isinstance(answer, NotHere):  # a recording may lack this mount
            labels = _labels_in_trouble(mount.labels, answer)
            names += [(ERROR, labels), (READONLY, labels)]
            counts += [1, int(mount.readonly)]
    if not names:
        raise NotHere("no file system to report")
    return steady(machine.memory("filesystem names"), names, counts)


def _with_flags(machine: Machine, mounts: list[Mount], answers: list[Space | Exception]) -> list[Mount]:
    """The mounts, of mountinfo as it is now where statvfs and it disagree on whether one of them is read-only.

    Either that has changed (of an error on its disk the kernel tells nobody), or it is the agent that may not write, or
    a recording does not tell flags: mountinfo is right.
    """
    for mount, answer in zip(mounts, answers, strict=True):
        if not isinstance(answer, Exception) and answer.readonly != mount.readonly:
            now = _mounts(machine, anew=True)
            if now is mounts:
                break
            by_place = {mount.mountpoint: mount for mount in now}
            return [by_place.get(mount.mountpoint, mount) for mount in mounts]
    return mounts


def _splits_blocks(answer: Space | Exception) -> bool:
    """Whether some of it is no whole number of blocks."""
    if isinstance(answer, Exception):
        return False
    return bool((answer.size_bytes | answer.free_bytes | answer.avail_bytes) & ((1 << BLOCK_BITS) - 1))


def _amounts(space: Space, *, readonly: bool, bits: int = 0) -> list[int]:
    """The counts of the families in SPACE, those of bytes in units of 2**bits."""
    sizes = [space.size_bytes >> bits, space.free_bytes >> bits, space.avail_bytes >> bits]
    return [0, int(readonly), *sizes, space.files, space.files_free]


def _labels_in_trouble(labels: dict[str, str], error: Exception) -> dict[str, str]:
    if isinstance(error, TimedOut):
        why = "mountpoint timeout"
    elif isinstance(error, OSError) and error.errno:
        why = os.strerror(error.errno).lower()
    else:
        why = str(error)
    return {**labels, "device_error": why}


def _mounts(machine: Machine, *, anew: bool = False) -> list[Mount]:
    """The mounts to report. Those of process 1, so that the agent's own sandbox does not hide any."""
    remembered = machine.memory("filesystem")
    path = remembered.get("path", "")
    remembered["rounds"] = rounds = remembered.get("rounds", 0) + (not anew)
    if path and not anew and rounds % REREAD_ROUNDS and not machine.changed(path):
        return remembered["mounts"]  # type: ignore[no-any-return]
    try:
        content = machine.content("proc/1/mountinfo")
        path = "proc/1/mountinfo"
    except (NotHere, Denied):
        path = "proc/self/mountinfo"
        content = machine.content(path)
    if remembered.get("content") != content:
        unwanted_point = machine.excluded(
            "filesystem.mount_points_exclude", MOUNT_POINTS_EXCLUDE, is_excluded_mount_point
        )
        unwanted_type = machine.excluded("filesystem.types_exclude", TYPES_EXCLUDE, EXCLUDED_TYPES.__contains__)
        remembered["mounts"] = [
            mount
            for mount in parse(content, own=path.startswith("proc/self/"))
            if not unwanted_point(mount.mountpoint) and not unwanted_type(mount.fstype)
        ]
        remembered["content"] = content
    remembered["path"] = path
    return remembered["mounts"]  # type: ignore[no-any-return]


def is_excluded_mount_point(path: str) -> bool:
    """What MOUNT_POINTS_EXCLUDE matches."""
    if path.split("/", 2)[1:2] and path.startswith("/") and path.split("/", 2)[1] in EXCLUDED_FOLDERS:
        return True
    return any(path.startswith(folder) and len(path) > len(folder) for folder in EXCLUDED_BELOW)


def parse(content: bytes, *, own: bool = False) -> list[Mount]:
    """The mounts that can be reached: one mounted over another hides it. Raises Malformed.

    In the agent's own mountinfo a sandbox may have made a mount read-only, but never the file system itself.
    """
    mounts: dict[bytes, Mount] = {}
    for line in complete_lines(content):
        before, separator, after = line.partition(b" - ")
        fields, ends = before.split(b" "), after.split(b" ", 2)  # in options of WSL there are blanks
        if not separator or len(fields) < 6 or len(ends) != 3 or b":" not in fields[2]:
            raise Malformed("not a line of mountinfo", line)
        fstype, device, super_options = ends
        point = unescaped(fields[4])
        readonly = b"ro" in super_options.split(b",") or (not own and b"ro" in fields[5].split(b","))
        mounts.pop(point, None)
        mounts[point] = Mount(
            unescaped(device).decode("utf-8", "replace"),
            point,
            unescaped(fstype).decode("utf-8", "replace"),
            fields[2].decode("utf-8", "replace"),
            readonly=readonly,
        )
    return list(mounts.values())


def unescaped(text: bytes) -> bytes:
    r"""A field of mountinfo without its octal escapes, such as \040 for a space (seq_path in fs/seq_file.c)."""
    if b"\\" not in text:
        return text
    first, *pieces = text.split(b"\\")
    plain = [first]
    for piece in pieces:
        digits = piece[:3]
        if len(digits) == 3 and not digits.strip(b"01234567") and digits <= b"377":
            plain.append(bytes((int(digits, 8),)) + piece[3:])
        else:
            plain.append(b"\\" + piece)
    return b"".join(plain)


def _portable(machine: Machine) -> Iterable[Sample]:
    unwanted_point = machine.excluded("filesystem.mount_points_exclude", MOUNT_POINTS_EXCLUDE, is_excluded_mount_point)
    unwanted_type = machine.excluded("filesystem.types_exclude", TYPES_EXCLUDE, EXCLUDED_TYPES.__contains__)
    for partition in machine.ask("disk_partitions", all=False):
        options = partition.opts.split(",")
        unwanted = unwanted_point(partition.mountpoint) or unwanted_type(partition.fstype)
        if unwanted or "cdrom" in options or not partition.fstype:
            continue
        # C:\ as C:, since a backslash in a label is a nuisance in every query
        device, mountpoint = partition.device.rstrip("\\"), partition.mountpoint.rstrip("\\") or partition.mountpoint
        labels = {"device": device or partition.device, "mountpoint": mountpoint, "fstype": partition.fstype}
        readonly = "ro" in options
        answer = _asked(machine, partition.mountpoint, partition.fstype, readonly=readonly)
        if isinstance(answer, Exception):
            labels = _labels_in_trouble(labels, answer)
            yield ERROR(1, **labels)
            yield READONLY(int(readonly), **labels)
            continue
        for family, amount in zip(SPACE, _amounts(answer, readonly=answer.readonly), strict=True):
            if answer.files or family not in NODES:  # Windows has no file nodes to count
                yield family(amount, **labels)


def _asked(machine: Machine, mountpoint: str, fstype: str, *, readonly: bool) -> Space | Exception:
    if machine.platform != "windows":
        return machine.spaces([(os.fsencode(mountpoint), fstype not in LOCAL_TYPES)])[0]
    try:
        usage = machine.psutil.disk_usage(mountpoint)
    except OSError as error:  # locked by BitLocker, or a card reader without a card
        return error
    return Space(usage.total, usage.free, usage.free, 0, 0, readonly=readonly)
