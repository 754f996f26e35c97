"""Operations of each XFS file system, from /sys/fs/xfs/*/stats/stats (fs/xfs/xfs_stats.c). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_agent.host.sysfs import label
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NEEDS = ("sys/fs/xfs/*",)
FOLDER = "sys/fs/xfs"


def _counters(beginning: str, names: str, what: str) -> tuple[Family, ...]:
    return tuple(
        Family(f"node_xfs_{beginning}_{name}_total", "counter", f"{what}: {name.replace('_', ' ')}", digits=0)
        for name in names.split()
    )


_BTREE = "lookups compares records_inserted records_deleted"
_VNODE = "active allocate get hold release reclaim remove"
_MAPPING = "reads writes unmaps extent_list_insertions extent_list_deletions extent_list_lookups extent_list_compares"
_INODE = "attempts found recycled missed duplicates reclaims attribute_changes"
_EXTENT = "extents_allocated blocks_allocated extents_freed blocks_freed"

# first word of a line, and the families of the numbers behind it
LINES: dict[bytes, tuple[Family, ...]] = {
    b"extent_alloc": _counters("extent_allocation", _EXTENT, "Allocation of extents"),
    b"abt": _counters("allocation_btree", _BTREE, "Tree of allocations"),
    b"blk_map": _counters("block_mapping", _MAPPING, "Mapping of blocks"),
    b"bmbt": _counters("block_map_btree", _BTREE, "Tree of block maps"),
    b"dir": _counters("directory_operation", "lookup create remove getdents", "Operations on directories"),
    b"ig": _counters("inode_operation", _INODE, "Operations on inodes"),
    b"rw": (*_counters("write", "calls", "Writes"), *_counters("read", "calls", "Reads")),
    b"vnodes": _counters("vnode", _VNODE, "Vnodes"),
}


def read(machine: Machine) -> Iterator[Sample]:
    """Counts since the file system was mounted, labelled `device`."""
    known: dict[str, dict[str, str]] = machine.memory("xfs")
    for device in machine.names(FOLDER):
        if device == "stats":  # those of all file systems together
            continue
        try:
            content = machine.content(f"{FOLDER}/{device}/stats/stats")
        except NotHere:  # unmounted a moment ago
            continue
        yield from parse(content, known.setdefault(device, {"device": label(device)}))


def parse(content: bytes, labels: dict[str, str]) -> Iterator[Sample]:
    """The samples of one file system. Raises Malformed."""
    seen = set()
    for line in complete_lines(content):
        key, _, rest = line.partition(b" ")
        families = LINES.get(key)
        if families is None:
            continue
        counts = numbers(rest)
        if len(counts) < len(families) or key in seen:
            raise Malformed("not a line of the statistics of XFS", line)
        seen.add(key)
        for family, count in zip(families, counts, strict=False):  # vnodes have one more on newer kernels
            yield (family, labels, count)
    if not seen:
        raise Malformed("not the statistics of XFS", content)
