"""What an X.509 certificate says of itself: subject, issuer, serial number and its time. Nothing is verified.

Source: RFC 5280, 4.1; DER by ITU-T X.690. Only what is read is decoded, so no library is needed on the machine.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from keskidee_report.model import Malformed

SEQUENCE, SET, INTEGER, OID, UTC_TIME, GENERALIZED_TIME, EXPLICIT_0 = 0x30, 0x31, 0x02, 0x06, 0x17, 0x18, 0xA0
TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
COMMON_NAME, ORGANIZATION = bytes.fromhex("550403"), bytes.fromhex("55040a")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]{1,65536}?)-----END CERTIFICATE-----")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Names as texts, the serial number in hexadecimal, days in ISO 8601."""

    subject: str
    issuer: str
    serial: str
    valid_from: str
    expires_on: str


def of_pem(content: bytes) -> Certificate:
    """The first certificate of a PEM file, which is the server's own. Raises Malformed."""
    found = _PEM.search(content)
    if found is None:
        raise Malformed("no certificate in the file", content[:40])
    try:
        return parse(binascii.a2b_base64(found[1]))
    except binascii.Error:
        raise Malformed("the certificate is no base64", content[:40]) from None


def parse(der: bytes) -> Certificate:
    """A certificate in DER. Raises Malformed where it is cut short or no certificate."""
    signed = _elements(_only(der, SEQUENCE))
    if not signed or signed[0][0] != SEQUENCE:
        raise Malformed("no certificate", der[:16])
    parts = _elements(signed[0][1])
    if parts and parts[0][0] == EXPLICIT_0:  # the version
        parts = parts[1:]
    kinds = [kind for kind, _ in parts[:5]]
    if kinds != [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE]:
        raise Malformed("no certificate", der[:16])
    (_, serial), _, (_, issuer), (_, validity), (_, subject) = parts[:5]
    times = [_day(kind, content) for kind, content in _elements(validity)]
    if len(times) != 2:
        raise Malformed("a certificate without its time", validity)
    return Certificate(_name(subject), _name(issuer), serial.lstrip(b"\0").hex(), times[0], times[1])


def _only(der: bytes, kind: int) -> bytes:
    found = _elements(der)
    if not found or found[0][0] != kind:
        raise Malformed("no DER", der[:16])
    return found[0][1]


def _elements(der: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element. Raises Malformed where one is longer than what is there."""
    found, at = [], 0
    while at < len(der):
        if at + 2 > len(der):
            raise Malformed("DER is cut short", der[:16])
        kind, length, start = der[at], der[at + 1], at + 2
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(der[start : start + octets], "big")
            start += octets
            if not 0 < octets <= 4:
                raise Malformed("DER without a length", der[:16])
        if start + length > len(der):
            raise Malformed("DER is cut short", der[:16])
        found.append((kind, der[start : start + length]))
        at = start + length
    return found


def _day(kind: int, content: bytes) -> str:
    """UTCTime has two digits for the year, of which 50 and more are in the last century."""
    digits = content.decode("ascii", "replace")
    if kind == UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    elif kind != GENERALIZED_TIME:
        raise Malformed("no time", content)
    try:
        return datetime.strptime(digits[:8], "%Y%m%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        raise Malformed("no time", content) from None


def _name(der: bytes) -> str:
    """The common name; where there is none, the organization."""
    told: dict[bytes, str] = {}
    for _, relative in _elements(der):
        for _, pair in _elements(relative):
            parts = _elements(pair)
            if len(parts) == 2 and parts[0][0] == OID:
                kind, content = parts[1]
                told.setdefault(parts[0][1], content.decode(TEXTS.get(kind, "latin-1"), "replace"))
    return told.get(COMMON_NAME) or told.get(ORGANIZATION, "")
