"""Caches of disks on faster ones, from /sys/fs/bcache (Documentation/admin-guide/bcache.rst). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines
from keskidee_agent.host.sysfs import label
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/fs/bcache/*-",)
FOLDER = "sys/fs/bcache"


def _gauge(name: str, what: str, *, digits: int | None = 0) -> Family:
    return Family(f"node_bcache_{name}", "gauge", what, digits=digits)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_bcache_{name}_total", "counter", what, digits=0)


READ_DURATION = _gauge("btree_read_average_duration_seconds", "Mean time of a read of the tree", digits=None)
# file and family
OF_SET = (
    ("average_key_size", _gauge("average_key_size_sectors", "Mean data of a key of the tree")),
    ("btree_cache_size", _gauge("btree_cache_size_bytes", "Memory that the tree takes")),
    ("cache_available_percent", _gauge("cache_available_percent", "Part of the cache without unwritten data")),
    ("congested", _gauge("congested", "How congested the cache is")),
    ("root_usage_percent", _gauge("root_usage_percent", "Part of the tree's root in use")),
    ("tree_depth", _gauge("tree_depth", "Depth of the tree")),
    ("internal/active_journal_entries", _gauge("active_journal_entries", "Entries of the journal newer than the tree")),
    ("internal/btree_nodes", _gauge("btree_nodes", "Nodes of the tree")),
    ("internal/btree_read_average_duration_us", READ_DURATION),
    ("internal/cache_read_races", _counter("cache_read_races", "Reads whose data were replaced meanwhile")),
)
OF_BACKING = (
    ("dirty_data", _gauge("dirty_data_bytes", "Data in the cache that are not yet on the disk")),
    ("stats_total/bypassed", _counter("bypassed_bytes", "Data read and written past the cache")),
    ("stats_total/cache_hits", _counter("cache_hits", "Requests answered from the cache")),
    ("stats_total/cache_misses", _counter("cache_misses", "Requests not answered from the cache")),
    ("stats_total/cache_bypass_hits", _counter("cache_bypass_hits", "Requests past the cache that it could answer")),
    ("stats_total/cache_bypass_misses", _counter("cache_bypass_misses", "Requests past the cache it could not answer")),
    ("stats_total/cache_miss_collisions", _counter("cache_miss_collisions", "Insertions after a miss that came late")),
    ("stats_total/cache_readaheads", _counter("cache_readaheads", "Times that data were read ahead")),
)
WRITEBACK = (
    (b"rate", _gauge("writeback_rate", "Bytes a second that are written back")),
    (b"target", _gauge("dirty_target_bytes", "Unwritten data aimed at")),
    (b"proportional", _gauge("writeback_rate_proportional_term", "Proportional term of the rate of writing back")),
    (b"integral", _gauge("writeback_rate_integral_term", "Integral term of the rate of writing back")),
    (b"change", _gauge("writeback_change", "Last change of the rate of writing back")),
)
OF_CACHE = (
    ("io_errors", _gauge("io_errors", "Recent errors of the cache's disk")),
    ("metadata_written", _counter("metadata_written_bytes", "Data written about data")),
    ("written", _counter("written_bytes", "Data written to the cache")),
)
FACTORS = {letter: 1 << 10 * (power + 1) for power, letter in enumerate(b"kMGTPEZY")}


def read(machine: Machine) -> Iterator[Sample]:
    """Of each set of caches, labelled `uuid`; of its disks `backing_device`, of its caches `cache_device` too."""
    for name in machine.names(FOLDER):
        if "-" not in name:  # register, pendings_cleanup
            continue
        uuid = label(name)
        folder = f"{FOLDER}/{name}"
        try:
            members = machine.names(folder)
        except NotHere:  # stopped a moment ago
            continue
        yield from _files(machine, folder, OF_SET, {"uuid": uuid})
        for member in members:
            if _is_numbered(member, "bdev"):
                yield from _backing(machine, f"{folder}/{member}", {"uuid": uuid, "backing_device": member})
            elif _is_numbered(member, "cache"):
                yield from _files(machine, f"{folder}/{member}", OF_CACHE, {"uuid": uuid, "cache_device": member})


def _is_numbered(name: str, kind: str) -> bool:
    return name.startswith(kind) and name[len(kind) :].isdigit()


def _files(
    machine: Machine, folder: str, files: Sequence[tuple[str, Family]], labels: dict[str, str]
) -> Iterator[Sample]:
    for name, family in files:
        try:
            content = machine.content(f"{folder}/{name}")
        except NotHere:  # newer kernels do not read ahead
            continue
        amount = amount_of(b"\n".join(complete_lines(content)))
        # node_exporter takes the microseconds for nanoseconds; its users know the family so
        yield (family, labels, amount * 1e-9 if family is READ_DURATION else amount)


def _backing(machine: Machine, folder: str, labels: dict[str, str]) -> Iterator[Sample]:
    yield from _files(machine, folder, OF_BACKING, labels)
    try:
        found = parse_writeback(machine.content(f"{folder}/writeback_rate_debug"))
    except NotHere:
        return
    for key, family in WRITEBACK:
        if key in found:
            yield (family, labels, found[key])


def parse_writeback(content: bytes) -> dict[bytes, int]:
    """The amounts of writeback_rate_debug, lines such as `change: 321.5k/sec`, by their names. Raises Malformed."""
    found: dict[bytes, int] = {}
    wanted = {key for key, _ in WRITEBACK}
    for line in complete_lines(content):
        key, colon, value = line.partition(b":")
        if not colon or key in found:
            raise Malformed("not a line of writeback_rate_debug", line)
        if key in wanted:
            found[key] = amount_of(value.strip().removesuffix(b"/sec"))
    return found


def amount_of(text: bytes) -> int:
    """A number as the kernel writes it for people: 21, 1.1M, -427.5k. Raises Malformed.

    What follows the point counts in 1024ths of which it shows hundreds (bch_hprint in drivers/md/bcache/util.c).
    """
    bare = text.removeprefix(b"-")
    factor = FACTORS.get(bare[-1], 1) if bare else 1
    digits = bare if factor == 1 else bare[:-1]
    whole, point, hundreds = digits.partition(b".")
    if not whole.isdigit() or len(digits) > 20 or (point and (factor == 1 or not hundreds.isdigit())):
        raise Malformed("not an amount", text)
    amount = int((int(whole) + int(hundreds or b"0") / 10.24) * factor) if factor > 1 else int(whole)
    return -amount if bare != text else amount
