"""Each device and file that memory is swapped to, from /proc/swaps (proc(5)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # off in node_exporter too; the sums over all are in `meminfo`
KIB = 1024

SIZE = Family("node_swap_size_bytes", "gauge", "Size of what is swapped to", digits=0)
USED = Family("node_swap_used_bytes", "gauge", "How much of it is in use", digits=0)
PRIORITY = Family("node_swap_priority", "gauge", "That of the highest priority is filled first", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """Three gauges a device, labelled `device` and `swap_type`. Raises NotHere where nothing is swapped to."""
    found = parse(machine.content("proc/swaps"))
    if not found:
        raise NotHere("nothing is swapped to")
    yield from found


def parse(content: bytes) -> list[Sample]:
    """The samples of a /proc/swaps. Raises Malformed."""
    header, *rows = complete_lines(content)
    if header.split() != [b"Filename", b"Type", b"Size", b"Used", b"Priority"]:
        raise Malformed("not the header of /proc/swaps", header)
    samples: list[Sample] = []
    for row in rows:
        columns = row.split()
        if len(columns) != 5:  # blanks in a name are escaped, as in mountinfo
            raise Malformed("not a line of /proc/swaps", row)
        labels = {"device": _text(columns[0]), "swap_type": _text(columns[1])}
        priority = columns[4]
        samples += [
            (SIZE, labels, number(columns[2]) * KIB),
            (USED, labels, number(columns[3]) * KIB),
            (PRIORITY, labels, -number(priority[1:]) if priority[:1] == b"-" else number(priority)),
        ]
    return samples


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
