"""Kernel activity since boot, from /proc/stat (proc(5)); boot time by psutil elsewhere. No privilege."""

from __future__ import annotations

from keskidee_agent.lines import complete_lines, number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

BOOT_TIME = Family("node_boot_time_seconds", "gauge", "When the machine was started, in seconds since 1970", digits=0)
INTERRUPTS = Family("node_intr_total", "counter", "Interrupts serviced since boot", digits=0)
CONTEXT_SWITCHES = Family("node_context_switches_total", "counter", "Context switches since boot", digits=0)
SOFTIRQS = Family("node_softirqs_total", "counter", "Software interrupts since boot, by kind", digits=0)

SINGLE = {
    b"ctxt": CONTEXT_SWITCHES,
    b"btime": BOOT_TIME,
    b"processes": Family("node_forks_total", "counter", "Processes and threads started since boot", digits=0),
    b"procs_running": Family("node_procs_running", "gauge", "Tasks that could run now", digits=0),
    b"procs_blocked": Family("node_procs_blocked", "gauge", "Tasks that wait for a disk now", digits=0),
}
WAVERING_SECONDS = 2
NO_LABELS: dict[str, str] = {}
NEEDED = 4  # intr, ctxt, btime, processes: in every kernel since 2.4

VECTORS = ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")
_VECTOR_LABELS = tuple({"vector": vector} for vector in VECTORS)


def read(machine: Machine) -> Iterator[Sample]:
    """Counts without labels, and node_softirqs_total labelled `vector`. Elsewhere what psutil knows of them."""
    if machine.platform == "linux":
        return parse(machine.shared("proc/stat"))
    return _portable(machine)


def parse(content: bytes) -> Iterator[Sample]:
    """The samples of /proc/stat but for its `cpu` lines. Raises Malformed."""
    needed = 0
    for line in complete_lines(content):
        key, _, rest = line.partition(b" ")
        family = SINGLE.get(key)
        if family is not None:
            needed += not key.startswith(b"procs_")
            yield (family, NO_LABELS, number(rest))
        elif key == b"intr":  # the first number is the total, and thousands may follow
            needed += 1
            yield (INTERRUPTS, NO_LABELS, number(rest.partition(b" ")[0]))
        elif key == b"softirq":
            counts = numbers(rest)[1:]
            if len(counts) < len(VECTORS):
                raise Malformed("too few kinds of softirq", line)
            for labels, count in zip(_VECTOR_LABELS, counts, strict=False):
                yield (SOFTIRQS, labels, count)
    if needed < NEEDED:
        raise Malformed("lines are missing")


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
