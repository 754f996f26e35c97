"""Time that tasks lost waiting for a resource, from /proc/pressure (Documentation/accounting/psi.rst). No privilege."""

from __future__ import annotations

import errno

from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NO_LABELS: dict[str, str] = {}


def _counter(name: str, what: str) -> Family:
    return Family(f"node_pressure_{name}_seconds_total", "counter", what, digits=6)


# what the kernel says beyond it, "full" of cpu and "some" of irq, has no meaning for the machine as a whole
RESOURCES: tuple[tuple[str, tuple[tuple[bytes, Family], ...]], ...] = (
    ("cpu", ((b"some", _counter("cpu_waiting", "Time in which some task waited for a processor")),)),
    (
        "io",
        (
            (b"some", _counter("io_waiting", "Time in which some task waited for a disk")),
            (b"full", _counter("io_stalled", "Time in which all tasks waited for a disk")),
        ),
    ),
    (
        "memory",
        (
            (b"some", _counter("memory_waiting", "Time in which some task waited for memory")),
            (b"full", _counter("memory_stalled", "Time in which all tasks waited for memory")),
        ),
    ),
    ("irq", ((b"full", _counter("irq_stalled", "Time in which interrupts kept all tasks waiting")),)),
)
AVERAGES = (b"avg10=", b"avg60=", b"avg300=")


def read(machine: Machine) -> Iterator[Sample]:
    """Seconds since boot, without labels. What the kernel has no line of is left out (irq before 6.1).

    Raises NotHere where the kernel does not measure it, or was told not to.
    """
    found = False
    for resource, families in RESOURCES:
        try:
            totals = machine.parsed(f"proc/pressure/{resource}", parse)
        except NotHere:
            continue
        except OSError as error:
            if error.errno == errno.EOPNOTSUPP:
                raise NotHere("pressure is measured only when the kernel is started with psi=1") from None
            raise
        found = True
        for kind, family in families:
            if kind in totals:
                # in two steps, as node_exporter: the last digit of the quotient is then the same
                yield (family, NO_LABELS, totals[kind] / 1000 / 1000)
    if not found:
        raise NotHere("no /proc/pressure")


def parse(content: bytes) -> dict[bytes, int]:
    """Microseconds by kind of lines such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`. Raises Malformed.

    node_exporter's recording of the only file with a single line, irq, has no newline at its end: it is taken too.
    """
    if content[:5] == b"full " and b"\n" not in content:
        content += b"\n"
    totals: dict[bytes, int] = {}
    for line in complete_lines(content):
        words = line.split(b" ")
        if len(words) != 5 or words[0] not in (b"some", b"full") or words[0] in totals or words[4][:6] != b"total=":
            raise Malformed("not a line of pressure", line)
        for word, average in zip(words[1:4], AVERAGES, strict=True):
            if not word.startswith(average):
                raise Malformed("not a line of pressure", line)
        totals[words[0]] = number(words[4][6:])
    return totals
