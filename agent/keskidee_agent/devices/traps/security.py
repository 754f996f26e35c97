"""The User-based Security Model (RFC 3414, RFC 7860) as a receiver needs it: who signed a message, and what it hides.

Keys belong to an engine: a trap is signed with those of its sender's, which is told in the clear beside the user's
name. Ciphers are pysnmp's; what is done with a message before anybody has signed it is little, and here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pysnmp.proto.rfc1902 import OctetString  # type: ignore[import-untyped]  # it carries no types
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel  # type: ignore[import-untyped]  # as above

from keskidee_agent.devices.pysnmp_engine import AUTH, PRIV
from keskidee_agent.devices.traps.ber import (
    INTEGER,
    OCTETS,
    SEQUENCE,
    Element,
    NotBer,
    element,
    elements,
    sequence,
    whole_number,
)

if TYPE_CHECKING:
    from keskidee_agent.devices.engine import Credential

AUTHENTICATED, ENCRYPTED, REPORTABLE = 1, 2, 4
HASHED_OCTETS = 1 << 20  # RFC 3414, section A.2: of the passphrase, over and over
HASHES = {
    "MD5": ("md5", 12), "SHA": ("sha1", 12), "SHA224": ("sha224", 16), "SHA256": ("sha256", 24),
    "SHA384": ("sha384", 32), "SHA512": ("sha512", 48),
}  # fmt: skip
MOST_ENGINES = 5_000
WINDOW_SECONDS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands in front of a message of version 3 in the clear, and where the rest is."""

    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: str
    signature: Element
    salt: bytes
    inside: Element


def header_of(octets: bytes) -> Header:
    """Raises NotBer."""
    parts = list(elements(octets, element(octets, 0, len(octets))))
    if len(parts) != 4 or (parts[1].tag, parts[2].tag) != (SEQUENCE, OCTETS) or parts[3].tag not in (SEQUENCE, OCTETS):
        raise NotBer("no message of version 3")
    flags = sequence(octets, parts[1], (INTEGER, INTEGER, OCTETS, INTEGER))[2]
    inside = element(octets, parts[2].begin, parts[2].end)
    tags = (OCTETS, INTEGER, INTEGER, OCTETS, OCTETS, OCTETS)
    engine_id, boots, time, user, signature, salt = sequence(octets, inside, tags)
    if flags.end - flags.begin != 1:
        raise NotBer("flags of no use")
    return Header(
        flags=octets[flags.begin],
        engine_id=octets[engine_id.begin : engine_id.end],
        boots=whole_number(octets, boots),
        time=whole_number(octets, time),
        user=octets[user.begin : user.end].decode("latin-1"),
        signature=signature,
        salt=octets[salt.begin : salt.end],
        inside=parts[3],
    )


@lru_cache(maxsize=8192)  # of as many devices as a poller may have
def master_key(protocol: str, passphrase: bytes) -> bytes:
    """A passphrase's key before it belongs to an engine; a million octets are hashed for it."""
    repeated = passphrase * (HASHED_OCTETS // len(passphrase) + 1)
    return hashlib.new(HASHES[protocol][0], repeated[:HASHED_OCTETS]).digest()


def signed(octets: bytes, header: Header, user: Credential) -> bool:
    """Whether the user signed it. One without a key signs nothing, and has nothing to be signed with."""
    if user.auth is None:
        return True
    protocol, passphrase = user.auth
    algorithm, length = HASHES[protocol]
    if header.signature.end - header.signature.begin != length:
        return False
    master = master_key(protocol, passphrase)
    key = hashlib.new(algorithm, master + header.engine_id + master).digest()
    unsigned = octets[: header.signature.begin] + bytes(length) + octets[header.signature.end :]
    expected = hmac.digest(key, unsigned, algorithm)[:length]
    return hmac.compare_digest(expected, octets[header.signature.begin : header.signature.end])


def scoped(octets: bytes, header: Header, user: Credential) -> bytes:
    """The scoped PDU without its own tag and length, decrypted where it was encrypted. Raises NotBer."""
    inside = octets[header.inside.begin : header.inside.end]
    if (header.inside.tag == OCTETS) != bool(header.flags & ENCRYPTED):
        raise NotBer("encrypted, and not said so")
    if user.auth is None or user.priv is None:
        return inside
    cipher: Any = SnmpUSMSecurityModel.PRIV_SERVICES[PRIV[user.priv[0]]]
    master = OctetString(master_key(user.auth[0], user.priv[1]))
    key = cipher.localize_key(AUTH[user.auth[0]], master, OctetString(header.engine_id))
    where = header.boots, header.time, OctetString(header.salt)
    try:
        plain = bytes(cipher.decrypt_data(key, where, OctetString(inside)))
    except Exception as error:  # the library's own kinds: a salt or a length of no use
        raise NotBer("not decrypted") from error
    whole = element(plain, 0, len(plain))  # padding may follow it
    return plain[whole.begin : whole.end]


class Clocks:
    """The clocks of other engines, by their signed messages: what comes much later than it was sent is a repeat."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[int, int, float]] = OrderedDict()

    def fits(self, header: Header, now: float) -> bool:
        """Whether a signed message is of now, by RFC 3414, section 3.2, 7b."""
        boots, latest, heard_at = self._known.get(header.engine_id, (0, 0, now))
        if header.boots < boots:
            return False
        if header.boots == boots and header.time < latest + (now - heard_at) - WINDOW_SECONDS:
            return False
        if (header.boots, header.time) > (boots, latest):
            self._known[header.engine_id] = header.boots, header.time, now
            self._known.move_to_end(header.engine_id)
            if len(self._known) > MOST_ENGINES:
                self._known.popitem(last=False)
        return True
