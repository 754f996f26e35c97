"""Time that tasks ran and waited on each processor, from /proc/schedstat (Documentation/scheduler/sched-stats.rst).

No privilege. Kernels built without CONFIG_SCHEDSTATS have no such file.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NEEDS = ("proc/schedstat",)
RUNNING = Family("node_schedstat_running_seconds_total", "counter", "Time that tasks ran on a processor", digits=9)
WAITING = Family("node_schedstat_waiting_seconds_total", "counter", "Time that tasks waited for a processor", digits=9)
TIMESLICES = Family("node_schedstat_timeslices_total", "counter", "Times that a task was run on a processor", digits=0)

OLDEST_VERSION = 15  # that of 2.6.30; before it, time was not counted in nanoseconds
FIELDS = 9
NANOSECONDS = 1_000_000_000


def read(machine: Machine) -> Iterator[Sample]:
    """Three counters a processor, labelled `cpu`."""
    return parse(machine.content("proc/schedstat"), machine.memory("schedstat"))


def parse(content: bytes, known: dict[bytes, dict[str, str]]) -> Iterator[Sample]:
    """The samples of a /proc/schedstat; `known` keeps the labels for the next. Raises Malformed."""
    lines = complete_lines(content)
    key, _, version = lines[0].partition(b" ")
    if key != b"version" or number(version) < OLDEST_VERSION:
        raise Malformed("not a version of schedstat that we know", lines[0])
    seen = set()
    for line in lines:
        if line[:3] != b"cpu":  # domain lines are many on large machines, and say nothing of a processor's time
            continue
        name, _, rest = line.partition(b" ")
        labels = known.get(name)
        if labels is None:
            labels = known[name] = {"cpu": str(number(name[3:]))}
        counts = numbers(rest)
        if len(counts) != FIELDS or name in seen:
            raise Malformed("not a line of one processor", line)
        seen.add(name)
        yield (RUNNING, labels, counts[6] / NANOSECONDS)
        yield (WAITING, labels, counts[7] / NANOSECONDS)
        yield (TIMESLICES, labels, counts[8])
