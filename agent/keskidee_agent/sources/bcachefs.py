"""Each bcachefs file system and its devices, from /sys/fs/bcachefs (fs/bcachefs/sysfs.c). No privilege.

Read once a minute: a file system has some hundred and fifty files.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, decimal, number
from keskidee_agent.host.sysfs import attribute, label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

    Labels: TypeAlias = dict[str, str]

PLATFORMS = ("linux",)
NEEDS = ("sys/fs/bcachefs/*-",)
EVERY_SECONDS = 60
FOLDER = "sys/fs/bcachefs"


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_bcachefs_{name}", "gauge", what, digits=0)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_bcachefs_{name}_total", "counter", what, digits=0)


INFO = _gauge("info", "1 for each file system")
CACHE = _gauge("btree_cache_size_bytes", "Memory that the trees take")
COMPRESSED = _gauge("compression_compressed_bytes", "Data compressed so, as they are on the devices")
UNCOMPRESSED = _gauge("compression_uncompressed_bytes", "The same data as programs see them")
ERRORS = _counter("errors", "Faults found in the file system, by kind")
WRITES = _counter("btree_writes", "Nodes of the trees written, by reason")
WRITE_SIZE = _gauge("btree_write_average_size_bytes", "Mean size of such a write")
DEVICE = _gauge("device_info", "1 for each device, with its label and the states it can be in, its own in brackets")
BUCKET = _gauge("device_bucket_size_bytes", "Size of a bucket of the device")
BUCKETS = _gauge("device_buckets", "Buckets of the device")
DURABILITY = _gauge("device_durability", "Copies that one on this device counts for")
DONE = _counter("device_io_done_bytes", "Bytes read and written, by kind of data")
FAILED = _counter("device_io_errors", "Reads and writes that failed since the file system was made")

FACTORS = {letter: 1 << 10 * (power + 1) for power, letter in enumerate(b"kMGTPE")}
SINCE_CREATION = b"since filesystem creation:"
OF_CREATION = b"IO errors since filesystem creation"
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges and counters labelled `uuid`; of devices `device` too. What a kernel does not show is left out."""
    families: dict[str, Family] = machine.memory("bcachefs")
    for name in machine.names(FOLDER):
        folder = f"{FOLDER}/{name}"
        try:
            members = machine.names(folder)
        except NotHere:  # unmounted a moment ago
            continue
        labels = {"uuid": label(name)}
        yield (INFO, labels, 1)
        yield from _file_system(machine, folder, labels)
        yield from _counters(machine, f"{folder}/counters", labels, families)
        for member in members:
            if member.startswith("dev-"):
                device = {**labels, "device": label(member.removeprefix("dev-"))}
                yield from _device(machine, f"{folder}/{member}/", device)


def _file_system(machine: Machine, folder: str, labels: Labels) -> Iterator[Sample]:
    size = attribute(machine, folder + "/btree_cache_size")
    if size is not None:
        yield (CACHE, labels, only_amount(size))
    for key, columns in table(attribute(machine, folder + "/compression_stats"), 2):
        yield COMPRESSED(amount_of(columns[0]), **labels, algorithm=key)
        yield UNCOMPRESSED(amount_of(columns[1]), **labels, algorithm=key)
    for key, columns in table(attribute(machine, folder + "/btree_write_stats"), 2):
        yield WRITES(number(columns[0]), **labels, type=key)
        yield WRITE_SIZE(amount_of(columns[1]), **labels, type=key)
    # a count so large that the time follows it without a blank is one number with it, in node_exporter too
    for key, columns in table(attribute(machine, folder + "/errors"), 1, headed=False):
        yield ERRORS(number(columns[0]), **labels, error_type=key)


def _counters(machine: Machine, folder: str, labels: Labels, families: dict[str, Family]) -> Iterator[Sample]:
    try:
        names = machine.names(folder)
    except NotHere:
        return
    for name in names:
        content = attribute(machine, f"{folder}/{name}")
        if content is None or not NAME_CHARACTERS.issuperset(name):
            continue
        if name not in families:
            families[name] = _counter(name, f"{name.replace('_', ' ')} since the file system was made")
        yield (families[name], labels, since_creation(content))


def _device(machine: Machine, folder: str, labels: Labels) -> Iterator[Sample]:
    said, state = (words(attribute(machine, folder + name)) for name in ("label", "state"))
    yield DEVICE(1, **labels, label=said, state=state)
    for name, family in (("bucket_size", BUCKET), ("nbuckets", BUCKETS), ("durability", DURABILITY)):
        content = attribute(machine, folder + name)
        if content is not None:
            yield (family, labels, only_amount(content))
    for operation, kind, count in done(attribute(machine, folder + "io_done")):
        yield DONE(count, **labels, operation=operation, data_type=kind)
    for kind, count in errors(attribute(machine, folder + "io_errors")):
        yield FAILED(count, **labels, type=kind)


def amount_of(text: bytes) -> int:
    """A number as bcachefs writes it for people: 720, 2.05G. Raises Malformed."""
    factor = FACTORS.get(text[-1], 1) if text else 1
    return int(decimal(text[:-1]) * factor) if factor > 1 else number(text)


def only_amount(content: bytes) -> int:
    """The amount that is all a file holds. Raises Malformed."""
    return amount_of(b" ".join(complete_lines(content)).strip())


def since_creation(content: bytes) -> int:
    """The second amount of a counter, which says it since it was mounted before. Raises Malformed."""
    for line in complete_lines(content):
        if line.startswith(SINCE_CREATION):
            return amount_of(line.removeprefix(SINCE_CREATION).strip())
    raise Malformed("not a counter of bcachefs", content)


def table(content: bytes | None, columns: int, *, headed: bool = True) -> Iterator[tuple[str, list[bytes]]]:
    """Each line's first word and at least so many others, but for the line of names above them. Raises Malformed."""
    for line in complete_lines(content)[headed:] if content else []:
        found = line.split()
        if len(found) <= columns:
            raise Malformed("too few columns", line)
        yield found[0].removesuffix(b":").decode("utf-8", "replace"), found[1:]


def done(content: bytes | None) -> Iterator[tuple[str, str, int]]:
    """Operation (read, write), kind of data and bytes of an io_done. Raises Malformed."""
    operation = ""
    for line in complete_lines(content) if content else []:
        key, colon, count = line.partition(b":")
        kind = key.strip().decode("utf-8", "replace")
        if not (colon and kind and (operation or not count)):
            raise Malformed("not a line of io_done", line)
        if count.strip():
            yield operation, kind, number(count)
        else:
            operation = kind


def errors(content: bytes | None) -> Iterator[tuple[str, int]]:
    """Kind and number of errors since the file system was made, not since they were reset. Raises Malformed."""
    counts = False
    for line in complete_lines(content) if content else []:
        key, colon, count = line.partition(b":")
        if not colon:
            counts = line == OF_CREATION
        elif counts:
            yield key.strip().decode("utf-8", "replace"), number(count)
