"""Interfaces bound together, from /sys/class/net/*/bonding (Documentation/networking/bonding.rst). No privilege."""

from __future__ import annotations

from keskidee_agent.host.sysfs import label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/net/bonding_masters",)
FOLDER = "sys/class/net"

SLAVES = Family("node_bonding_slaves", "gauge", "Interfaces that belong to the bond", digits=0)
ACTIVE = Family("node_bonding_active", "gauge", "Interfaces of the bond whose link is up", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """How many members each bond has and how many of them work, labelled `master`.

    Raises NotHere where the kernel has no bonding.
    """
    known: dict[str, dict[str, str]] = machine.memory("bonding")
    for master in words(machine.content(f"{FOLDER}/bonding_masters")).split():
        labels = known.setdefault(master, {"master": label(master)})
        folder = f"{FOLDER}/{master}"
        try:
            members = words(machine.content(f"{folder}/bonding/slaves")).split()
            if not members and (machine.names(folder, "lower_") or machine.names(folder, "slave_")):
                raise Malformed("a bond with members does not name them", master)
            states = [_state(machine, folder, member) for member in members]
        except NotHere:  # taken apart a moment ago
            continue
        yield (SLAVES, labels, len(members))
        yield (ACTIVE, labels, states.count("up"))


def _state(machine: Machine, folder: str, member: str) -> str:
    """What the bond's watch over its links says of a member: up, down, going down, going back."""
    try:
        content = machine.content(f"{folder}/lower_{member}/bonding_slave/mii_status")
    except NotHere:  # kernels before 3.14 link to the members by another name
        content = machine.content(f"{folder}/slave_{member}/bonding_slave/mii_status")
    if not content:
        raise Malformed("no state of a member", member)
    return words(content)
