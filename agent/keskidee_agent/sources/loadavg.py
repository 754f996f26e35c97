"""Load averages, from /proc/loadavg (proc(5)). Linux and macOS; no privilege. Windows has no such thing."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, decimal
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux", "darwin")
PROMPT = True

FAMILIES = (
    Family("node_load1", "gauge", "Load average over 1 minute", digits=2),
    Family("node_load5", "gauge", "Load average over 5 minutes", digits=2),
    Family("node_load15", "gauge", "Load average over 15 minutes", digits=2),
)
FIELDS = 5
NO_LABELS: dict[str, str] = {}


def read(machine: Machine) -> Iterator[Sample]:
    """The mean number of runnable and blocked tasks over 1, 5 and 15 minutes; no labels."""
    if machine.platform == "linux":
        averages = parse(machine.content("proc/loadavg"))
    else:
        averages = [round(average, 2) for average in machine.ask("getloadavg")]
    for family, average in zip(FAMILIES, averages, strict=True):
        yield (family, NO_LABELS, average)


def parse(content: bytes) -> list[float]:
    """The three averages of a line such as `0.21 0.37 0.39 1/719 19737`."""
    line, *more = complete_lines(content)
    fields = line.split()
    if more or len(fields) != FIELDS:
        raise Malformed("not a line of load averages", line)
    return [decimal(field) for field in fields[:3]]
