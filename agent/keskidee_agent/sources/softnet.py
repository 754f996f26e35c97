"""Work of each processor for received packets, from /proc/net/softnet_stat (net/core/net-procfs.c). No privilege."""

from __future__ import annotations

from keskidee_agent.host.hexadecimal import hex_numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True


def _counter(name: str, what: str) -> Family:
    return Family(f"node_softnet_{name}_total", "counter", f"{what} by each processor", digits=0)


# column and family; older kernels have fewer columns
COLUMNS = (
    (0, _counter("processed", "Packets processed")),
    (1, _counter("dropped", "Packets dropped for a full backlog")),
    (2, _counter("times_squeezed", "Times the work was broken off for want of time")),
    (8, _counter("cpu_collision", "Times a device was found locked while sending")),
    (9, _counter("received_rps", "Interrupts from other processors to take packets")),
    (10, _counter("flow_limit_count", "Packets dropped for the limit of a flow")),
    (11, Family("node_softnet_backlog_len", "gauge", "Packets waiting in the backlog of each processor", digits=0)),
)
CPU = 12
FEWEST_COLUMNS = 9
DIGITS = 8


class Processor:
    """What the last round knew of a processor: its line and the samples of it."""

    __slots__ = ("cpu", "labels", "line", "samples")

    def __init__(self) -> None:
        self.cpu = -1
        self.labels: dict[str, str] = {}
        self.line = b""
        self.samples: list[Sample] = []


def read(machine: Machine) -> Iterable[Sample]:
    """Counts since boot and the backlog now, labelled `cpu`."""
    return parse(machine.content("proc/net/softnet_stat"), machine.memory("softnet").setdefault("known", []))


def parse(content: bytes, known: list[Processor]) -> Iterable[Sample]:
    """The samples of a softnet_stat; `known` keeps its lines for the next. Raises Malformed.

    Every line is as long as the first, so one that was cut short is known with a newline at its end or without.
    """
    lines = content.removesuffix(b"\n").split(b"\n")
    width = len(lines[0])
    if not width or (len(lines) == 1 and content[-1:] != b"\n"):
        raise Malformed("cut short" if width else "empty", content)
    samples: list[Sample] = []
    seen: set[int] = set()
    for position, line in enumerate(lines):
        if position == len(known):
            known.append(Processor())
        processor = known[position]
        if len(line) != width:
            raise Malformed("not as long as the line before", line)
        if processor.line != line:
            _update(processor, line, position)
        seen.add(processor.cpu)
        samples += processor.samples
    if len(seen) != len(lines):
        raise Malformed("two lines of one processor", content)
    return samples


def _update(processor: Processor, line: bytes, position: int) -> None:
    numbers = hex_numbers(line)
    if len(numbers) < FEWEST_COLUMNS or len(line) != len(numbers) * (DIGITS + 1) - 1:
        raise Malformed("not a line of softnet_stat", line)
    cpu = numbers[CPU] if len(numbers) > CPU else position  # before 5.10 a line did not say whose it is
    if cpu != processor.cpu:
        processor.cpu, processor.labels = cpu, {"cpu": str(cpu)}
    # what an older kernel does not count is 0, as in node_exporter
    counts = [numbers[column] if column < len(numbers) else 0 for column, _ in COLUMNS]
    processor.samples = [(family, processor.labels, count) for (_, family), count in zip(COLUMNS, counts, strict=True)]
    processor.line = line
