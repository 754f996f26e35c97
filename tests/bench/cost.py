"""What a running process has cost: processor time in nanosecond steps, memory as the kernel counts it. Linux."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CPUCLOCK_SCHED = 2  # Linux, posix-timers: user and system time of all threads, those that have ended too
MIB = 1 << 20
EVERYBODYS = ("/libc.so", "/ld-linux", "/libm.so", "/libz.so", "/locale/", "/gconv/")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process since it began (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def waited_seconds(pid: int) -> float:
    """How long its threads were ready to run while something else had the processor (proc(5), schedstat)."""
    waits = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        waits += int((task / "schedstat").read_text().split()[1])
    return waits / 1e9


def lone_pss_bytes(pid: int) -> int:
    """Its memory as PSS would be on a machine where nobody else runs this program or its interpreter.

    Several Python programs run beside a benchmark and would share the interpreter's pages with the one that is
    measured. So the pages of its files count in full, but for the libraries that every program has mapped.
    """
    total, path = 0, ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        field, _, rest = line.partition(" ")
        if not field.endswith(":"):
            path = line.split(maxsplit=5)[5] if line.count(" ") > 5 and "/" in line else ""
        elif field == ("Pss:" if not path or any(name in path for name in EVERYBODYS) else "Rss:"):
            total += int(rest.split()[0]) * 1024
    return total


def rss_bytes(pid: int) -> int:
    """Its resident memory."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no Rss of process {pid}")


def pin(pid: int, cpu: int) -> None:
    """Lets a process and its threads run on one processor only."""
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {cpu})


@contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """This process on one processor only, for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
