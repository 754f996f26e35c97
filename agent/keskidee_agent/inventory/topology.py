"""Which processors are threads of one core, and cores of one chip, where /proc/cpuinfo does not say: sysfs' topology.

Sources: Linux, Documentation/ABI/stable/sysfs-devices-system-cpu and Documentation/admin-guide/cputopology.rst. A chip
of s390 has its number within its book and drawer. Where the kernel numbers no chips (-1: a logical partition of POWER),
all are one. On ARM the number is firmware's where there is ACPI (its table PPTT); device trees know clusters, which
kernels before 6.0 give as chips.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.cpuinfo import Package

FOLDER = "sys/devices/system/cpu"
ACPI = "sys/firmware/acpi"
CHIP = ("drawer_id", "book_id", "physical_package_id")
CORE = ("core_cpus_list", "thread_siblings_list")
"""The same under two names: the second is older than 5.3."""
ARM = "aarch64"


class Chip(NamedTuple):
    """How many cores and threads of a chip run."""

    cores: int
    threads: int


def placed(one: Package, machine: Machine) -> list[Package]:
    """What /proc/cpuinfo tells as one, all of whose processors are alike, a chip.

    What sysfs says of another number of processors than the kernel lists is not used.
    """
    if one.architecture == ARM and not machine.exists(ACPI):
        return [one]
    chips = chips_of(machine)
    if not chips or sum(chip.threads for chip in chips) != one.threads:
        return [one]
    return [one._replace(cores=chip.cores, threads=chip.threads) for chip in chips]


def chips_of(machine: Machine) -> list[Chip]:
    """The chips by their numbers; none where sysfs does not say. A processor that is switched off is in none."""
    threads: dict[tuple[int, ...], list[str]] = {}
    with suppress(NotHere, Denied):
        for name in machine.names(FOLDER):
            if name.startswith("cpu") and name[3:].isdecimal():
                place, core = _place(machine, f"{FOLDER}/{name}/topology")
                if core:
                    threads.setdefault(place, []).append(core)
    return [Chip(len(set(cores)), len(cores)) for _, cores in sorted(threads.items())]


def _place(machine: Machine, folder: str) -> tuple[tuple[int, ...], str]:
    """The chip's number and the list of the threads of its core; an empty list where it is switched off."""

    def told(names: Iterable[str]) -> str:
        for name in names:
            with suppress(NotHere, Denied, Malformed, OSError):
                return machine.text(f"{folder}/{name}")
        return ""

    texts = [told([name]) for name in CHIP]
    return tuple([int(text) if text.isdecimal() and len(text) < 10 else -1 for text in texts]), told(CORE)
