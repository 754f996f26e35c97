"""Counts of ZFS, its pools and their data sets, from /proc/spl/kstat/zfs (OpenZFS, module/os/linux/spl/spl-kstat.c).

No privilege.
"""

from __future__ import annotations

from keskidee_agent.host.lines import LARGEST, complete_lines, numbers
from keskidee_agent.host.sysfs import label
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("proc/spl/kstat/zfs",)
FOLDER = "proc/spl/kstat/zfs"

# file, and what follows node_zfs_ in the families of its counts
FILES = (
    ("abdstats", "abd"),
    ("arcstats", "arc"),
    ("dbufstats", "dbuf"),
    ("dmu_tx", "dmu_tx"),
    ("dnodestats", "dnode"),
    ("fm", "fm"),
    ("vdev_cache_stats", "vdev_cache"),
    ("vdev_mirror_stats", "vdev_mirror"),
    ("xuio_stats", "xuio"),
    ("zfetchstats", "zfetch"),
    ("zil", "zil"),
)
HEADER = [b"name", b"type", b"data"]
INT64, UINT64, STRING = b"3", b"4", b"7"  # types of kstat; the others are not counts
NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
POOL_FIELDS = 12
OBJSET_END = b"nunlinked "  # the last line of a data set, until OpenZFS 2.2

STATE = Family("node_zfs_zpool_state", "gauge", "1 for the state a pool is in, 0 for the others", digits=0)
STATES = ("online", "degraded", "faulted", "offline", "removed", "unavail", "suspended")
_BY_STATE = {state.upper().encode(): state for state in STATES}


class Table:
    """Which words of a kstat file are counts, and what they are: worked out once, as long as the names stay."""

    __slots__ = ("dataset", "families", "names", "positions", "words")

    def __init__(self, content: bytes, prefix: str, types: tuple[bytes, ...], families: dict[str, Family]) -> None:
        lines = complete_lines(content)[1:]
        if not lines or lines[0].split() != HEADER:
            raise Malformed("not the header of a kstat", content)
        self.dataset = ""
        self.words = 0
        self.positions: list[int] = []
        self.families: list[Family] = []
        for line in lines[1:]:
            words = line.split(None, 2)
            if len(words) != 3 or not NAME_CHARACTERS.issuperset(words[0]):
                raise Malformed("not a line of a kstat", line)
            if words[0] == b"dataset_name":
                self.dataset = words[2].strip().decode("utf-8", "replace")
            elif words[1] in types:
                self.positions.append(self.words + 2)
                self.families.append(_family(prefix, words[0].decode(), families))
            self.words += len(line.split())
        self.names = skeleton(content)

    def counts(self, content: bytes) -> list[int]:
        """The counts in the order of `families`. Raises Malformed."""
        words = content.partition(b"data\n")[2].split()
        if len(words) != self.words:
            raise Malformed("a number is missing", content)
        wanted = [words[position] for position in self.positions]
        if b"".join(wanted).translate(None, b"0123456789-"):
            raise Malformed("not a number", content)
        try:
            counts = list(map(int, wanted))
        except ValueError:
            raise Malformed("not a number", content) from None
        if counts and (max(counts) >= LARGEST or min(counts) <= -LARGEST):
            raise Malformed("number too large", content)
        return counts


def _family(prefix: str, name: str, families: dict[str, Family]) -> Family:
    key = f"node_zfs_{prefix}_{name.replace('-', '_')}"
    family = families.get(key)
    if family is None:  # data sets share theirs
        what = f"{name} of ZFS ({prefix.replace('_', ' ')}), as it counts it"
        family = families[key] = Family(key, "untyped", what, digits=0)
    return family


def skeleton(content: bytes) -> bytes:
    """What stays when the numbers change. The first line holds only times and sizes."""
    return content.partition(b"\n")[2].translate(None, b"0123456789 ")


def read(machine: Machine) -> Iterator[Sample]:
    """Untyped counts: of ZFS without labels, of pools labelled `zpool`, of data sets `zpool` and `dataset`.

    Also the state of each pool, labelled `zpool` and `state`. Raises NotHere where ZFS is not loaded.
    """
    names = machine.names(FOLDER)
    remembered = machine.memory("zfs")
    for file, prefix in FILES:
        if file in names:
            content = machine.content(f"{FOLDER}/{file}")
            yield from parse(content, prefix, (UINT64, INT64), remembered, {}, file)
    known = {file for file, _ in FILES}
    for pool in names:
        if pool not in known:
            try:
                files = machine.names(f"{FOLDER}/{pool}")
            except NotHere:  # a file of counts that are not read; or a pool that was exported a moment ago
                continue
            yield from _pool(machine, pool, files, remembered)


def _pool(machine: Machine, pool: str, files: list[str], remembered: dict[Any, Any]) -> Iterator[Sample]:
    labels = remembered.setdefault(("pool", pool), {"zpool": label(pool)})
    for file in files:
        path = f"{FOLDER}/{pool}/{file}"
        try:
            if file == "io":
                yield from parse_io(machine.content(path), labels, remembered)
            elif file == "state":
                for state, value in zip(STATES, parse_state(machine.content(path)), strict=True):
                    yield STATE(value, zpool=labels["zpool"], state=state)
            elif file.startswith("objset-"):
                content = machine.content(path)
                if content.rpartition(b"\n")[2].startswith(OBJSET_END):  # so in node_exporter's recording
                    content += b"\n"
                yield from parse(content, "zpool_dataset", (UINT64,), remembered, labels, (pool, file))
        except NotHere:
            continue


def parse(
    content: bytes,
    prefix: str,
    types: tuple[bytes, ...],
    remembered: dict[Any, Any],
    labels: dict[str, str],
    key: object,
) -> Iterator[Sample]:
    """The samples of a file of counts; `remembered` keeps its layout under `key`. Raises Malformed."""
    if content[-1:] != b"\n":
        raise Malformed("cut short" if content else "empty", content[-80:])
    table, its_labels = remembered.get(key, (None, labels))
    if table is None or table.names != skeleton(content):
        table = Table(content, prefix, types, remembered.setdefault("families", {}))
        its_labels = {**labels, "dataset": table.dataset} if table.dataset else labels
        remembered[key] = table, its_labels
    for family, count in zip(table.families, table.counts(content), strict=True):
        yield (family, its_labels, count)


def parse_io(content: bytes, labels: dict[str, str], remembered: dict[Any, Any]) -> Iterator[Sample]:
    """The samples of a pool's `io`: a line of names and one of numbers. Raises Malformed."""
    lines = complete_lines(content)
    names = lines[1].split() if len(lines) == 3 else []
    if len(names) < POOL_FIELDS or names[0] != b"nread" or not NAME_CHARACTERS.issuperset(b"".join(names)):
        raise Malformed("not the counts of a pool", content)
    counts = numbers(lines[2])
    if len(counts) != len(names):
        raise Malformed("more or fewer numbers than names", lines[2])
    families = remembered.setdefault("families", {})
    for name, count in zip(names, counts, strict=True):
        yield (_family("zpool", name.decode(), families), labels, count)


def parse_state(content: bytes) -> list[int]:
    """1 for the state of a pool, 0 for the others, in the order of STATES. Raises Malformed."""
    state = b"\n".join(complete_lines(content))
    if state not in _BY_STATE:
        raise Malformed("not the state of a pool", content)
    return [int(_BY_STATE[state] == other) for other in STATES]
