"""Tape drives, from /sys/class/scsi_tape/st*/stats (Documentation/scsi/st.rst). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import attribute, ended
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/scsi_tape/st*",)
FOLDER = "sys/class/scsi_tape"
NANOSECONDS = 1_000_000_000


def _counter(name: str, what: str, digits: int = 0) -> Family:
    return Family(f"node_tape_{name}_total", "counter", what, digits=digits)


FAMILIES = {
    "in_flight": Family("node_tape_io_now", "gauge", "Requests on their way", digits=0),
    "io_ns": _counter("io_time_seconds", "Seconds that all requests waited", 9),
    "other_cnt": _counter("io_others", "Requests other than reads and writes"),
    "read_byte_cnt": _counter("read_bytes", "Bytes read"),
    "read_cnt": _counter("reads_completed", "Reads"),
    "read_ns": _counter("read_time_seconds", "Seconds that reads waited", 9),
    "resid_cnt": _counter("residual", "Reads and writes that moved less than was asked for"),
    "write_byte_cnt": _counter("written_bytes", "Bytes written"),
    "write_cnt": _counter("writes_completed", "Writes"),
    "write_ns": _counter("write_time_seconds", "Seconds that writes waited", 9),
}


def read(machine: Machine) -> Iterator[Sample]:
    """Counts since the drive was found, labelled `device`. A drive's other names (nst0, st0a) are the same drive."""
    known: dict[str, dict[str, str]] = machine.memory("tapestats")
    drives = [name for name in machine.names(FOLDER, "st") if name.isascii() and name[2:].isdigit()]
    if not drives:
        raise NotHere("no tape drives")
    for drive in drives:
        labels = known.setdefault(drive, {"device": drive})
        contents = {name: attribute(machine, f"{FOLDER}/{drive}/stats/{name}") for name in FAMILIES}
        yield from describe(labels, {name: content for name, content in contents.items() if content is not None})


def describe(labels: dict[str, str], contents: dict[str, bytes]) -> list[Sample]:
    """The samples of a drive with these attributes. Raises Malformed."""
    contents = ended(contents)
    samples: list[Sample] = []
    for name, family in FAMILIES.items():
        if name in contents:
            count = only_number(contents[name])
            samples.append((family, labels, count / NANOSECONDS if family.digits else count))
    return samples
