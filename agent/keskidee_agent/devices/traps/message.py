"""SNMP messages of version 1 and 2c as read from the wire (RFC 1157, RFC 3416): who speaks, and the variables told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_agent.devices.traps.ber import (
    INTEGER,
    IP_ADDRESS,
    OCTETS,
    OID,
    SEQUENCE,
    TICKS,
    Element,
    NotBer,
    element,
    elements,
    object_id,
    sequence,
    value_of,
    whole_number,
)

if TYPE_CHECKING:
    from keskidee_agent.devices.engine import Value

V1, V2C, V3 = 0, 1, 3
GET, GET_NEXT, RESPONSE, TRAP_OF_V1, GET_BULK, INFORM, TRAP = 0xA0, 0xA1, 0xA2, 0xA4, 0xA5, 0xA6, 0xA7
PDU = (INTEGER, INTEGER, INTEGER, SEQUENCE)
MOST_VARIABLES = 200  # a notification has a handful; the rest of a longer list is not read

GENERIC_TRAPS = "1.3.6.1.6.3.1.1.5"  # coldStart is .1, whose number in version 1 is 0 (RFC 3584, section 3.1)
ENTERPRISE_SPECIFIC = 6
UPTIME, TRAP_ID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of version 1 or 2c that is no trap of version 1.

    `numbers` are the request id, the error status (or non-repeaters) and the error index (or repetitions). A value is
    None where the message holds none.
    """

    version: int
    community: bytes
    kind: int
    numbers: tuple[int, int, int]
    rows: tuple[tuple[str, Value | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a notification says: which trap, the hundredths of a second since its agent started, and variables."""

    trap: str
    ticks: int | None
    rows: tuple[tuple[str, Value | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The outside of a message: its version, for versions 1 and 2c the community, and where the inside stands.

    `kind_at` is the octet that says what kind of message it is: the tag of the inside.
    """

    version: int
    community: bytes
    inside: Element
    kind_at: int


def opened(octets: bytes) -> Envelope:
    """The outside of a datagram; for version 3 `inside` is all of it. Raises NotBer."""
    whole = element(octets, 0, len(octets))
    parts = elements(octets, whole)
    first = next(parts, None)
    if whole.tag != SEQUENCE or first is None or first.tag != INTEGER:
        raise NotBer("no SNMP message")
    version = whole_number(octets, first)
    if version == V3:
        return Envelope(version=V3, community=b"", inside=whole, kind_at=0)
    rest = list(parts)
    if version not in (V1, V2C) or len(rest) != 2 or rest[0].tag != OCTETS:
        raise NotBer(f"no message of version 1, 2c or 3: {version}")
    community, inside = rest
    return Envelope(
        version=version, community=octets[community.begin : community.end], inside=inside, kind_at=community.end
    )


def read_message(octets: bytes, envelope: Envelope) -> Message:
    """Any PDU but the trap of version 1. Raises NotBer."""
    inside = envelope.inside
    *three, last = sequence(octets, inside, PDU)
    request, status, index = (whole_number(octets, one) for one in three)
    return Message(
        version=envelope.version,
        community=envelope.community,
        kind=inside.tag,
        numbers=(request, status, index),
        rows=_rows(octets, last),
    )


def rows_of_pdu(octets: bytes, pdu: Element) -> tuple[tuple[str, Value | None], ...]:
    """The variables of any PDU but the trap of version 1. Raises NotBer."""
    return _rows(octets, sequence(octets, pdu, PDU)[3])


def read_trap_of_v1(octets: bytes, envelope: Envelope) -> Told:
    """A trap of version 1, under the name it has since version 2 (RFC 3584, section 3.1). Raises NotBer."""
    tags = (OID, IP_ADDRESS, INTEGER, INTEGER, TICKS, SEQUENCE)
    enterprise, _agent, generic, specific, ticks, last = sequence(octets, envelope.inside, tags)
    number = whole_number(octets, generic)
    if 0 <= number < ENTERPRISE_SPECIFIC:
        trap = f"{GENERIC_TRAPS}.{number + 1}"
    else:
        trap = f"{object_id(octets, enterprise)}.0.{whole_number(octets, specific)}"
    return Told(trap=trap, ticks=whole_number(octets, ticks), rows=_rows(octets, last))


def told_by(rows: tuple[tuple[str, Value | None], ...]) -> Told:
    """A notification of version 2c or 3, whose first variables are sysUpTime.0 and snmpTrapOID.0. Raises NotBer."""
    first = dict(rows[:2])
    trap, ticks = first.get(TRAP_ID), first.get(UPTIME)
    if not isinstance(trap, str):
        raise NotBer("a notification that does not say which")
    rest = tuple(row for row in rows if row[0] not in (TRAP_ID, UPTIME))
    return Told(trap=trap, ticks=ticks if isinstance(ticks, int) else None, rows=rest)


def _rows(octets: bytes, variables: Element) -> tuple[tuple[str, Value | None], ...]:
    rows = []
    for variable in elements(octets, variables):
        parts = list(elements(octets, variable))
        if variable.tag != SEQUENCE or len(parts) != 2 or parts[0].tag != OID:
            raise NotBer("no variable")
        rows.append((object_id(octets, parts[0]), value_of(octets, parts[1])))
        if len(rows) == MOST_VARIABLES:
            break
    return tuple(rows)
