"""Software interrupts of each processor by kind, from /proc/softirqs (proc(5)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # ten series a processor; the sums over all are in `stat`

FUNCTIONS = Family("node_softirqs_functions_total", "counter", "Software interrupts, by kind and processor", digits=0)
KINDS = frozenset(
    {"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "BLOCK_IOPOLL", "TASKLET", "SCHED", "HRTIMER", "RCU"}
)


def read(machine: Machine) -> Iterator[Sample]:
    """A counter a processor and kind, labelled `cpu` and `type`."""
    return parse(machine.content("proc/softirqs"), machine.memory("softirqs"))


def parse(content: bytes, known: dict[tuple[bytes, bytes], list[dict[str, str]]]) -> Iterator[Sample]:
    """The samples of a /proc/softirqs; `known` keeps the labels for the next. Raises Malformed."""
    header, *rows = complete_lines(content)
    if not rows:
        raise Malformed("not a table", header)
    for row in rows:
        name, _, rest = row.partition(b":")
        labels = known.get((header, name))
        if labels is None:
            known[header, name] = labels = _labels(header, name)
        counts = numbers(rest)
        if len(counts) != len(labels):
            raise Malformed("more or fewer numbers than processors", row)
        for label, count in zip(labels, counts, strict=True):
            yield (FUNCTIONS, label, count)


def _labels(header: bytes, name: bytes) -> list[dict[str, str]]:
    processors = header.split()
    kind = name.strip().decode("ascii", "replace")
    if not processors or kind not in KINDS:
        raise Malformed("not a kind of software interrupt", name)
    for processor in processors:
        if processor[:3] != b"CPU":
            raise Malformed("not a list of processors", header)
    return [{"cpu": str(number(processor[3:])), "type": kind} for processor in processors]
