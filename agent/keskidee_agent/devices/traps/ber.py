"""BER (ITU-T X.690) as SNMP uses it, read out of what anyone may have sent: definite lengths only, nothing recursive.

Values are those of `devices/engine.py`: `int`, `bytes`, `str` (dotted: OBJECT IDENTIFIER and IpAddress).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.engine import Value

INTEGER, OCTETS, OID, SEQUENCE = 0x02, 0x04, 0x06, 0x30
IP_ADDRESS, COUNTER, GAUGE, TICKS, OPAQUE, WIDE_COUNTER = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
SIGNED, UNSIGNED = frozenset({INTEGER}), frozenset({COUNTER, GAUGE, TICKS, WIDE_COUNTER})

LONG_FORM, HIGH_TAG, MORE = 0x80, 0x1F, 0x80
MOST_LENGTH_OCTETS, MOST_NUMBER_OCTETS = 4, 9
MOST_ARCS = 128  # RFC 2578, section 3.5
FIRST_ARCS = 40  # the first two arcs of an OID share an octet: 40 times the one and the other


class NotBer(ValueError):
    """The octets are no BER, lie about their length, or are cut short."""


class Element(NamedTuple):
    """Where the contents of one element stand."""

    tag: int
    begin: int
    end: int


def element(octets: bytes, at: int, end: int) -> Element:
    """The element that begins at an octet and ends by another. Raises NotBer."""
    if at + 2 > end:
        raise NotBer("cut short")
    tag, length = octets[at], octets[at + 1]
    if tag & HIGH_TAG == HIGH_TAG:
        raise NotBer(f"tag {tag:#x}")
    at += 2
    if length & LONG_FORM:
        count = length - LONG_FORM
        if not 0 < count <= MOST_LENGTH_OCTETS:
            raise NotBer("a length of no use")
        length = int.from_bytes(octets[at : at + count], "big")
        at += count
    if at + length > end:
        raise NotBer("a length beyond the end")
    return Element(tag, at, at + length)


def elements(octets: bytes, inside: Element) -> Iterator[Element]:
    """All that stands inside one. Raises NotBer."""
    at = inside.begin
    while at < inside.end:
        found = element(octets, at, inside.end)
        yield found
        at = found.end


def sequence(octets: bytes, inside: Element, tags: tuple[int, ...]) -> list[Element]:
    """What stands inside one, which must be of those tags in that order. Raises NotBer."""
    found = list(elements(octets, inside))
    if tuple(one.tag for one in found) != tags:
        raise NotBer(f"tags {[hex(one.tag) for one in found[:8]]}")
    return found


def whole_number(octets: bytes, of: Element) -> int:
    """An INTEGER, or one of SNMP's numbers without a sign. Raises NotBer."""
    if not 0 < of.end - of.begin <= MOST_NUMBER_OCTETS:
        raise NotBer("a number of no use")
    return int.from_bytes(octets[of.begin : of.end], "big", signed=of.tag in SIGNED)


def object_id(octets: bytes, of: Element) -> str:
    """An OBJECT IDENTIFIER, dotted. Raises NotBer."""
    arcs, arc = [], 0
    for octet in octets[of.begin : of.end]:
        arc = arc << 7 | octet & ~MORE
        if arc >> 32:
            raise NotBer("an arc beyond 32 bits")
        if not octet & MORE:
            arcs.append(arc)
            arc = 0
    if not arcs or octets[of.end - 1] & MORE or len(arcs) >= MOST_ARCS:
        raise NotBer("no object identifier")
    first = min(arcs[0] // FIRST_ARCS, 2)
    return ".".join(map(str, (first, arcs[0] - first * FIRST_ARCS, *arcs[1:])))


def value_of(octets: bytes, of: Element) -> Value | None:
    """The value of a variable; None for NULL, noSuchObject and what SNMP does not know. Raises NotBer."""
    if of.tag in SIGNED or of.tag in UNSIGNED:
        return whole_number(octets, of)
    if of.tag == OID:
        return object_id(octets, of)
    if of.tag == IP_ADDRESS and of.end - of.begin == 4:
        return ".".join(map(str, octets[of.begin : of.end]))
    return octets[of.begin : of.end] if of.tag in (OCTETS, OPAQUE) else None
