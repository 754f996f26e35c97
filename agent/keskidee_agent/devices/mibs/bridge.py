"""BRIDGE-MIB (RFC 4188) and Q-BRIDGE-MIB (RFC 4363): VLANs, how many addresses each port has learned, spanning tree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Learned, Vlan
from keskidee_agent.devices.profile import Column, full
from keskidee_agent.devices.tables import sensors_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeVar

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.engine import Value
    from keskidee_agent.devices.parts import Parts

    Found = TypeVar("Found")

PORTS, LEARNED = "1.3.6.1.2.1.17.1.4.1.2", "1.3.6.1.2.1.17.4.3.1.2"
CURRENT, STATIC, LEARNED_BY_VLAN = "1.3.6.1.2.1.17.7.1.4.2.1", "1.3.6.1.2.1.17.7.1.4.3.1", "1.3.6.1.2.1.17.7.1.2.2.1.2"
TREE = "@17.2"
CURRENT_PORTS, CURRENT_UNTAGGED = f"{CURRENT}.4", f"{CURRENT}.5"
STATIC_NAME, STATIC_PORTS, STATIC_UNTAGGED = f"{STATIC}.1", f"{STATIC}.2", f"{STATIC}.4"
WALKS = (
    PORTS, LEARNED_BY_VLAN, LEARNED, CURRENT_PORTS, CURRENT_UNTAGGED, STATIC_NAME, STATIC_PORTS, STATIC_UNTAGGED,
    full(TREE) + ".4", full(TREE) + ".7",
)  # fmt: skip
MOST_LEARNED = 5_000  # of a core switch's tens of thousands: these are counted for ports at a desk, not for trunks
MOST_VLANS = 4_094

SPANNING_TREE = (
    Column(class_="count", oid=TREE + ".4", words="Spanning tree topology changes"),
    Column(class_="state", oid=TREE + ".7", words="Spanning tree root port"),
)


def read(answers: Answers, parts: Parts) -> None:
    """VLANs by their number, and counts of learned addresses by port."""
    parts.vlans += vlans(answers)
    parts.learned += learned(answers)
    for column in SPANNING_TREE:
        parts.sensors += sensors_of(column, answers)


def vlans(answers: Answers) -> Iterator[Vlan]:
    """Those that are configured, and those that are there now: the index of the latter is (time mark, number)."""
    names = _by_number(answers.texts(STATIC_NAME))
    member = _by_number(answers.column(STATIC_PORTS)) | _by_number(answers.column(CURRENT_PORTS))
    untagged = _by_number(answers.column(STATIC_UNTAGGED)) | _by_number(answers.column(CURRENT_UNTAGGED))
    for number in sorted(names.keys() | member.keys()):
        yield Vlan(
            number=number,
            name=names.get(number),
            ports=_ports(member.get(number)),
            untagged_ports=_ports(untagged.get(number)),
        )


def _by_number(column: dict[str, Found]) -> dict[int, Found]:
    found = {}
    for row, value in column.items():
        number = row.rpartition(".")[2]
        if number.isdecimal() and len(number) <= 4 and 0 < int(number) <= MOST_VLANS:
            found[int(number)] = value
    return found


def _ports(octets: Value | None) -> int | None:
    """How many ports a PortList has: a bit a port. Juniper writes their numbers, with commas between."""
    if not isinstance(octets, bytes):
        return None
    if octets and not octets.strip(b"0123456789, "):
        return sum(1 for number in octets.split(b",") if number.strip())
    return sum(octet.bit_count() for octet in octets)


def learned(answers: Answers) -> Iterator[Learned]:
    """One count a port, of the table with VLANs where it has rows, else of the one without.

    Tables name bridge ports; without a table that says which interface each is, they are taken for interfaces.
    """
    of_bridge = answers.integers(PORTS)
    counts: Counter[int] = Counter()
    for number in (answers.integers(LEARNED_BY_VLAN) or answers.integers(LEARNED)).values():
        port = of_bridge.get(str(number)) if of_bridge else number
        if port:  # 0: learned, and nobody knows where
            counts[port] += 1
    for port, count in sorted(counts.items()):
        yield Learned(port=port, addresses=count)
