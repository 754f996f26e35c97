"""SNMP messages as octets, also wrong ones: what tests send to readers and engines."""

from collections.abc import Iterable

from keskidee_agent.devices.traps.ber import INTEGER, OCTETS, OID, SEQUENCE

NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = b"\x80\0", b"\x81\0", b"\x82\0"
V1, V2C = 0, 1


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element."""
    joined = b"".join(contents)
    return bytes([tag]) + length(len(joined)) + joined


def length(number: int) -> bytes:
    """A length, in as few octets as there can be."""
    if number < 0x80:
        return bytes([number])
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([0x80 + len(octets)]) + octets


def number(value: int, tag: int = INTEGER) -> bytes:
    """An INTEGER, or a number of another tag in the same octets."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def text(value: bytes) -> bytes:
    return tlv(OCTETS, value)


def object_id(dotted: str) -> bytes:
    first, second, *arcs = map(int, dotted.split("."))
    return tlv(OID, *map(_arc, (first * 40 + second, *arcs)))


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))


def variables(rows: Iterable[tuple[str, bytes]]) -> bytes:
    """The list of variables, whose values are elements already."""
    return tlv(SEQUENCE, *(tlv(SEQUENCE, object_id(oid), value) for oid, value in rows))


def pdu(tag: int, request: int, rows: Iterable[tuple[str, bytes]], *, status: int = 0, index: int = 0) -> bytes:
    return tlv(tag, number(request), number(status), number(index), variables(rows))


def message(version: int, community: bytes, body: bytes) -> bytes:
    return tlv(SEQUENCE, number(version), text(community), body)
