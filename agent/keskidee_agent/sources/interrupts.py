"""Interrupts by kind and processor, from /proc/interrupts (proc(5)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # a series a processor and interrupt: 12,000 on a server with 64 processors

INTERRUPTS = Family("node_interrupts_total", "counter", "Interrupts since boot, by kind and processor", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """A counter an interrupt and processor, labelled `cpu`, `type`, `info` and `devices`."""
    return parse(machine.content("proc/interrupts"), machine.memory("interrupts"))


def parse(content: bytes, known: dict[tuple[bytes, bytes, bytes], list[dict[str, str]]]) -> Iterator[Sample]:
    """The samples of a /proc/interrupts; `known` keeps the labels for the next. Raises Malformed.

    Lines with one number for all processors (ERR, MIS) are left out.
    """
    header, *rows = complete_lines(content)
    processors = header.split()
    if not processors or not rows or any(processor[:3] != b"CPU" for processor in processors):
        raise Malformed("not a list of processors", header)
    if len(known) > 2 * len(rows) + 64:  # devices come and go
        known.clear()
    for row in rows:
        name, colon, rest = row.partition(b":")
        fields = rest.split(None, len(processors))
        if not colon or not fields:
            raise Malformed("not a line of interrupts", row)
        if len(fields) < len(processors):
            number(rest)
            continue
        what = fields[len(processors)] if len(fields) > len(processors) else b""
        labels = known.get((header, name, what))
        if labels is None:
            labels = known[header, name, what] = _labels(processors, name, what)
        for label, count in zip(labels, numbers(b" ".join(fields[: len(processors)])), strict=True):
            yield (INTERRUPTS, label, count)


def _labels(processors: list[bytes], name: bytes, what: bytes) -> list[dict[str, str]]:
    kind = name.strip().decode("utf-8", "replace")
    words = what.decode("utf-8", "replace").split()
    of_device = kind.isdigit()  # the others belong to the processors themselves
    info = " ".join(words[:1] if of_device else words)
    devices = " ".join(words[1:]) if of_device else ""
    return [
        {"cpu": str(number(processor[3:])), "type": kind, "info": info, "devices": devices} for processor in processors
    ]
