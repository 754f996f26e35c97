"""IP-MIB (RFC 4293, and its older table of RFC 1213) and IPV6-MIB (RFC 2465): the addresses of a device."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

OLD, NEW, OLD_V6 = "1.3.6.1.2.1.4.20.1", "1.3.6.1.2.1.4.34.1", "1.3.6.1.2.1.55.1.8.1"
WALKS = (OLD, NEW, f"{OLD_V6}.2")

OCTETS = {1: 4, 2: 16, 3: 4, 4: 16}  # InetAddressType: ipv4, ipv6, and both with a zone behind (RFC 4001)
V6_OCTETS = 16


def read(answers: Answers, parts: Parts) -> None:
    """Each address once, with its port and the length of its prefix, in order."""
    found: dict[str, Address] = {}
    for one in (*of_the_old_table(answers), *of_the_new_table(answers), *of_version_6(answers)):
        known = found.get(one.address)
        if known is None or known.prefix_length is None:
            found[one.address] = one
    parts.addresses += sorted(found.values(), key=lambda one: (":" in one.address, ip_address(one.address).packed))


def of_the_old_table(answers: Answers) -> Iterator[Address]:
    """One row of ipAddrTable an IPv4 address, which is its index."""
    masks = answers.texts(f"{OLD}.3")
    for row, port in answers.integers(f"{OLD}.2").items():
        address = _address(row.split("."), 4)
        if address is not None:
            yield Address(port=port, address=address, prefix_length=length_of_mask(masks.get(row)) or None)


def of_the_new_table(answers: Answers) -> Iterator[Address]:
    """One row of ipAddressTable an address: its index is the type, the number of octets, and the octets."""
    prefixes = answers.texts(f"{NEW}.5")
    for row, port in answers.integers(f"{NEW}.3").items():
        kind, _, rest = row.partition(".")
        _count, _, octets = rest.partition(".")
        address = _address(octets.split("."), OCTETS.get(int(kind), 0)) if kind.isdecimal() and len(kind) == 1 else None
        if address is not None:
            yield Address(port=port, address=address, prefix_length=_length_of_prefix(prefixes.get(row), address))


def of_version_6(answers: Answers) -> Iterator[Address]:
    """One row of ipv6AddrTable an address: its index is the port and the octets, some agents' with their number."""
    for row, length in answers.integers(f"{OLD_V6}.2").items():
        port, *octets = row.split(".")
        address = _address(octets[-V6_OCTETS:], V6_OCTETS)
        if address is not None and 0 <= length <= V6_OCTETS * 8:
            yield Address(port=int(port), address=address, prefix_length=length)


def _address(octets: list[str], count: int) -> str | None:
    """The address of so many octets; a zone may follow. None where it is none, or the unspecified one."""
    try:
        packed = bytes(int(octet) for octet in octets[:count])
    except ValueError:
        return None
    if not count or len(packed) != count or not any(packed):
        return None
    return str(IPv4Address(packed) if count == 4 else IPv6Address(packed))


def length_of_mask(mask: str | None) -> int | None:
    """How many bits of a mask such as 255.255.255.0 are set; None for what is none."""
    try:
        return ip_network(f"0.0.0.0/{mask}").prefixlen if mask else None
    except ValueError:
        return None


def _length_of_prefix(prefix: str | None, address: str) -> int | None:
    """The length is the last number of the name that ipAddressPrefix points to; 0.0 where it points nowhere."""
    last = (prefix or "").rpartition(".")[2]
    most = 128 if ":" in address else 32
    return int(last) if last.isdecimal() and len(last) <= 3 and 0 < int(last) <= most else None
