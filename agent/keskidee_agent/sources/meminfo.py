"""Memory, from /proc/meminfo (Documentation/filesystems/proc.rst); the totals by psutil elsewhere. No privilege."""

from __future__ import annotations

from keskidee_agent.lines import complete_lines
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

KIB = 1024
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()")


def read(machine: Machine) -> Iterator[Sample]:
    """One gauge a line of /proc/meminfo, in bytes where the kernel says kB and as it is otherwise; no labels.

    On Windows and macOS what means the same: total, available, free, and swap.
    """
    if machine.platform == "linux":
        return _meminfo(machine)
    return _totals(machine)


def _meminfo(machine: Machine) -> Iterator[Sample]:
    families = machine.memory("meminfo")
    found = False
    for line in complete_lines(machine.content("proc/meminfo")):
        name, _, amount = line.partition(b":")
        family_and_unit = families.get(name)
        if family_and_unit is None:
            family_and_unit = families[name] = (describe(name, amount.endswith(b" kB")), amount.endswith(b" kB"))
        family, kib = family_and_unit
        digits = amount[:-3].lstrip() if kib else amount.lstrip()
        if not digits.isdigit() or (kib and amount[-3:] != b" kB") or len(digits) > 16:
            raise Malformed("not a line of meminfo", line)
        found = found or name == b"MemTotal"
        yield (family, {}, int(digits) * KIB if kib else int(digits))
    if not found:
        raise Malformed("no MemTotal")


def describe(name: bytes, in_bytes: bool) -> Family:
    """The family of a line: `Active(anon)` in kB is node_memory_Active_anon_bytes. Raises Malformed for no name."""
    if not name or not _NAME_CHARACTERS.issuperset(name):
        raise Malformed("not a name in meminfo", name)
    clean = name.decode().replace("(", "_").replace(")", "")
    family = f"node_memory_{clean}_bytes" if in_bytes else f"node_memory_{clean}"
    return Family(family, "gauge", f"{name.decode()} of /proc/meminfo", digits=0)


def _totals(machine: Machine) -> Iterator[Sample]:
    memory: Any = machine.psutil.virtual_memory()
    swap: Any = machine.psutil.swap_memory()
    families = machine.memory("meminfo")
    for name, amount in (
        (b"MemTotal", memory.total),
        (b"MemAvailable", memory.available),
        (b"MemFree", memory.free),
        (b"Active", getattr(memory, "active", None)),
        (b"Inactive", getattr(memory, "inactive", None)),
        (b"SwapTotal", swap.total),
        (b"SwapFree", swap.free),
    ):
        if amount is not None:
            family = families.get(name)
            if family is None:
                family = families[name] = describe(name, in_bytes=True)
            yield (family, {}, amount)
    if not memory.total:
        raise NotHere("no memory total")
