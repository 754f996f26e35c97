"""Open files of the whole machine, from /proc/sys/fs/file-nr (proc(5)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NO_LABELS: dict[str, str] = {}
ALLOCATED = Family("node_filefd_allocated", "gauge", "Files open now", digits=0)
MAXIMUM = Family("node_filefd_maximum", "gauge", "Files that can be open at once", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """Two gauges without labels."""
    return parse(machine.content("proc/sys/fs/file-nr"))


def parse(content: bytes) -> Iterator[Sample]:
    """The samples of a line such as `1632 0 9223372036854775807`. Raises Malformed."""
    line, *more = complete_lines(content)
    counts = numbers(line)
    if more or len(counts) != 3:  # the second was that of free ones until 2.6
        raise Malformed("not a line of three numbers", content)
    yield (ALLOCATED, NO_LABELS, counts[0])
    yield (MAXIMUM, NO_LABELS, counts[2])
