"""Interfaces bound together, from /sys/class/net/*/bonding (Documentation/networking/bonding.rst). No privilege."""

from __future__ import annotations

from keskidee_agent.sysfs import label, words
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
FOLDER = "sys/class/net"
LINKS = ("lower", "slave")  # kernels before 3.14 link to the members by the second name

SLAVES = Family("node_bonding_slaves", "gauge", "Interfaces that belong to the bond", digits=0)
ACTIVE = Family("node_bonding_active", "gauge", "Interfaces of the bond whose link is up", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """How many members each bond has and how many of them work, labelled `master`.

    Raises NotHere where the kernel has no bonding.
    """
    known: dict[str, dict[str, str]] = machine.memory("bonding")
    masters = words(machine.content(f"{FOLDER}/bonding_masters")).split()
    for master in masters:
        labels = known.setdefault(master, {"master": label(master)})
        try:
            members = words(machine.content(f"{FOLDER}/{master}/bonding/slaves")).split()
            states = [_state(machine, master, member) for member in members]
        except NotHere:  # taken apart a moment ago
            continue
        yield (SLAVES, labels, len(members))
        yield (ACTIVE, labels, states.count("up"))


def _state(machine: Machine, master: str, member: str) -> str:
    """What the bond's watch over its links says of a member: up, down, going down, going back."""
    for link in LINKS[:-1]:
        try:
            return words(machine.content(f"{FOLDER}/{master}/{link}_{member}/bonding_slave/mii_status"))
        except NotHere:
            continue
    return words(machine.content(f"{FOLDER}/{master}/{LINKS[-1]}_{member}/bonding_slave/mii_status"))
