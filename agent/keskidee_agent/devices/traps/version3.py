"""Notifications of version 3 (RFC 3414), by pysnmp, which checks, decrypts and answers.

What pysnmp leaves open is closed here, before it costs anything: a user whom nobody knows, a message with less security
than its user has (pysnmp takes an unsigned trap of a user that has a key), engines without end, and messages without
end. A trap's keys belong to its sender's engine, so an engine is learned from its first trap, and forgotten again
where that was not signed with the user's key.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME  # type: ignore[import-untyped]  # it carries no types
from pysnmp.carrier.base import AbstractTransportDispatcher  # type: ignore[import-untyped]  # as above
from pysnmp.entity import config, engine  # type: ignore[import-untyped]  # as above
from pysnmp.entity.rfc3413 import ntfrcv  # type: ignore[import-untyped]  # as above
from pysnmp.proto.rfc1902 import OctetString  # type: ignore[import-untyped]  # as above

from keskidee_agent.devices.pysnmp_engine import AUTH, PRIV, NoCompiler, plain_value
from keskidee_agent.devices.traps.ber import INTEGER, OCTETS, SEQUENCE, NotBer, element, elements, sequence
from keskidee_agent.devices.traps.message import MOST_VARIABLES, Told, told_by
from keskidee_agent.devices.traps.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keskidee_agent.devices.engine import Credential

    Sender = tuple[str, int]

AUTHENTICATED, ENCRYPTED, REPORTABLE = 1, 2, 4
MOST_ENGINES = 2_000
MOST_FAILURES = 2_000  # pysnmp keeps something of each message that it refuses: then it begins anew
MOST_A_SECOND, MOST_AT_ONCE = 50, 200
HASHED_OCTETS = 1 << 20  # RFC 3414, section A.2: of the passphrase, over and over
HASHES = {"MD5": "md5", "SHA": "sha1", "SHA224": "sha224", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
ENTERPRISE = bytes.fromhex("80000000")
RANDOM_OCTETS_FORMAT = b"\x05"
COUNTED_FROM = 1_577_836_800  # 2020: boots are the tens of seconds since, so that they grow without being written down


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in front of a message of version 3, in the clear: its security, its engine and its user."""

    flags: int
    engine_id: bytes
    user: str


def header_of(octets: bytes) -> Header:
    """Raises NotBer."""
    whole = element(octets, 0, len(octets))
    parts = list(elements(octets, whole))
    if len(parts) != 4 or (parts[1].tag, parts[2].tag) != (SEQUENCE, OCTETS):
        raise NotBer("no message of version 3")
    flags = sequence(octets, parts[1], (INTEGER, INTEGER, OCTETS, INTEGER))[2]
    inside = element(octets, parts[2].begin, parts[2].end)
    engine_id, _boots, _time, user, *_ = sequence(octets, inside, (OCTETS, INTEGER, INTEGER, OCTETS, OCTETS, OCTETS))
    if flags.end - flags.begin != 1:
        raise NotBer("flags of no use")
    return Header(
        octets[flags.begin], octets[engine_id.begin : engine_id.end], octets[user.begin : user.end].decode("latin-1")
    )


class Wire(AbstractTransportDispatcher):  # type: ignore[misc]  # as above
    """Where pysnmp sends its answers: our socket."""

    def __init__(self, answer: Callable[[bytes, Sender], None]) -> None:
        super().__init__()
        self._answer = answer

    def send_message(self, message: bytes, domain: object, address: Sender) -> None:
        self._answer(message, address)


class Version3:
    """The engine that hears version 3."""

    def __init__(
        self,
        users: Sequence[Credential],
        *,
        answer: Callable[[bytes, Sender], None],
        clock: Callable[[], float],
    ) -> None:
        self._users = {user.user or "": user for user in users}
        self._keys = {name: _master_keys(user) for name, user in self._users.items()}
        self._answer, self._clock = answer, clock
        self._room, self._filled_at = float(MOST_AT_ONCE), clock()
        self._engine_id = ENTERPRISE + RANDOM_OCTETS_FORMAT + os.urandom(8)
        self._begin()

    def _begin(self) -> None:
        self._engine = engine.SnmpEngine()  # told its id here, it would keep its boots in a file of /tmp
        builder = self._engine.get_mib_builder()
        builder.set_mib_compiler(NoCompiler(), "")
        id_, boots = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
        id_.syntax = self._engine.snmpEngineID = id_.syntax.clone(self._engine_id)
        boots.syntax = boots.syntax.clone(int(time.time() - COUNTED_FROM) // 10)
        self._wire = Wire(self._answer)
        self._engine.register_transport_dispatcher(self._wire)
        ntfrcv.NotificationReceiver(self._engine, self._notified)
        self._known: set[tuple[bytes, str]] = set()
        self._told: Told | None = None
        self._failures = 0
        for user in self._users:
            self._learn(self._engine_id, user)

    def heard(self, octets: bytes, sender: Sender) -> Told | None:
        """What a message tells; None where it only asked who we are. Raises Refused, NotBer."""
        header = header_of(octets)
        asks = not header.engine_id and bool(header.flags & REPORTABLE)
        user = self._users.get(header.user)
        if not asks:
            if user is None:
                raise Refused("user")
            if header.flags & (AUTHENTICATED | ENCRYPTED) != _security(user):
                raise Refused("security level")
        self._wait_no_longer()
        new = not asks and (header.engine_id, header.user) not in self._known
        if new:
            self._learn(header.engine_id, header.user)
        told = self._given(octets, sender)
        if told is None and not asks:
            if new:
                self._forget(header.engine_id, header.user)
            self._fail()
        return told

    def _given(self, octets: bytes, sender: Sender) -> Told | None:
        self._told = None
        self._wire.handle_timer_tick(self._clock())
        try:
            self._engine.message_dispatcher.receive_message(self._engine, DOMAIN_NAME, sender, octets)
        except Exception as error:
            raise NotBer(type(error).__name__) from error
        return self._told

    def _fail(self) -> None:
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            self._begin()
        raise Refused("key or clock")

    def _wait_no_longer(self) -> None:
        """A bucket of so many messages at once, filled at so many a second."""
        now = self._clock()
        self._room = min(MOST_AT_ONCE, self._room + (now - self._filled_at) * MOST_A_SECOND)
        self._filled_at = now
        if self._room < 1:
            raise Refused("too many")
        self._room -= 1

    def _learn(self, engine_id: bytes, name: str) -> None:
        if len(self._known) >= MOST_ENGINES:
            raise Refused("too many engines")
        user, (auth, priv) = self._users[name], self._keys[name]
        keys: dict[str, Any] = {}
        if user.auth:
            keys |= {"authProtocol": AUTH[user.auth[0]], "authKey": auth, "authKeyType": config.USM_KEY_TYPE_MASTER}
        if user.priv:
            keys |= {"privProtocol": PRIV[user.priv[0]], "privKey": priv, "privKeyType": config.USM_KEY_TYPE_MASTER}
        config.add_v3_user(self._engine, name, securityEngineId=OctetString(engine_id), **keys)
        self._known.add((engine_id, name))

    def _forget(self, engine_id: bytes, name: str) -> None:
        config.delete_v3_user(self._engine, name, securityEngineId=OctetString(engine_id))
        self._known.discard((engine_id, name))

    def _notified(self, *heard: Any) -> None:
        variables = heard[4]
        rows = tuple((str(name), plain_value(value)) for name, value in variables[:MOST_VARIABLES])
        self._told = told_by(rows)


def _security(user: Credential) -> int:
    return (AUTHENTICATED if user.auth else 0) | (ENCRYPTED if user.priv else 0)


def _master_keys(user: Credential) -> tuple[OctetString | None, OctetString | None]:
    """Both keys before they are localized, each made once: a million octets are hashed for it."""
    if user.auth is None:
        return None, None
    protocol = HASHES[user.auth[0]]
    return _master_key(protocol, user.auth[1]), _master_key(protocol, user.priv[1]) if user.priv else None


def _master_key(protocol: str, passphrase: bytes) -> OctetString:
    repeated = passphrase * (HASHED_OCTETS // len(passphrase) + 1)
    return OctetString(hashlib.new(protocol, repeated[:HASHED_OCTETS]).digest())
