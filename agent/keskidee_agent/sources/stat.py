"""Kernel activity since boot, from /proc/stat (proc(5)); boot time by psutil elsewhere. No privilege."""

from __future__ import annotations

from keskidee_agent.gather.columns import steady
from keskidee_agent.host.lines import complete_lines, number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Columns, Sample

PROMPT = True

BOOT_TIME = Family("node_boot_time_seconds", "gauge", "When the machine was started, in seconds since 1970", digits=0)
INTERRUPTS = Family("node_intr_total", "counter", "Interrupts serviced since boot", digits=0)
CONTEXT_SWITCHES = Family("node_context_switches_total", "counter", "Context switches since boot", digits=0)
SOFTIRQS = Family("node_softirqs_total", "counter", "Software interrupts since boot, by kind", digits=0)

NO_LABELS: dict[str, str] = {}
INTERRUPTS_ROW = (INTERRUPTS, NO_LABELS)
SINGLE = {
    b"ctxt": (CONTEXT_SWITCHES, NO_LABELS),
    b"btime": (BOOT_TIME, NO_LABELS),
    b"processes": (
        Family("node_forks_total", "counter", "Processes and threads started since boot", digits=0),
        NO_LABELS,
    ),
    b"procs_running": (Family("node_procs_running", "gauge", "Tasks that could run now", digits=0), NO_LABELS),
    b"procs_blocked": (Family("node_procs_blocked", "gauge", "Tasks that wait for a disk now", digits=0), NO_LABELS),
}
WAVERING_SECONDS = 2
NEEDED = 4  # intr, ctxt, btime, processes: in every kernel since 2.4

VECTORS = ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")
SOFTIRQ_ROWS = [(SOFTIRQS, {"vector": vector}) for vector in VECTORS]


def read(machine: Machine) -> Iterable[Sample]:
    """Counts without labels, and node_softirqs_total labelled `vector`. Elsewhere what psutil knows of them."""
    if machine.platform == "linux":
        return parse(machine.shared("proc/stat"), machine.memory("stat"))
    return _portable(machine)


def parse(content: bytes, memory: dict[str, Any]) -> Columns:
    """The samples of /proc/stat but for its `cpu` lines. Raises Malformed."""
    names: list[tuple[Family, dict[str, str]]] = []
    counts: list[int] = []
    needed = 0
    for line in complete_lines(content):
        key, _, rest = line.partition(b" ")
        if key in SINGLE:
            needed += not key.startswith(b"procs_")
            names.append(SINGLE[key])
            counts.append(number(rest))
        elif key == b"intr":  # the first number is the total, and thousands may follow
            needed += 1
            names.append(INTERRUPTS_ROW)
            counts.append(number(rest.partition(b" ")[0]))
        elif key == b"softirq":
            kinds = numbers(rest)[1 : 1 + len(VECTORS)]
            if len(kinds) < len(VECTORS):
                raise Malformed("too few kinds of softirq", line)
            names += SOFTIRQ_ROWS
            counts += kinds
    if needed < NEEDED:
        raise Malformed("lines are missing")
    return steady(memory, names, counts)


def _portable(machine: Machine) -> Iterator[Sample]:
    # psutil works it out from the uptime on Windows, so that it wavers by a second, as if the machine had booted
    remembered = machine.memory("stat")
    booted = int(machine.ask("boot_time"))
    if abs(booted - remembered.get("booted", 0)) > WAVERING_SECONDS:
        remembered["booted"] = booted
    yield BOOT_TIME(remembered["booted"])
    counts = machine.ask("cpu_stats")
    yield CONTEXT_SWITCHES(counts.ctx_switches)
    yield INTERRUPTS(counts.interrupts)
