"""Notifications of version 3. A trap is read here once its signature fits; an inform is for our own engine: pysnmp's.

Whoever receives an inform is the one whose engine counts (RFC 3414, section 1.5.1): it tells its id and clock to who
asks, and signs the answer. pysnmp does that, behind the same checks: it takes an unsigned message of a user that has a
key, and keeps something of each message, so it sees signed ones only, and begins anew now and then.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME  # type: ignore[import-untyped]  # it carries no types
from pysnmp.carrier.base import AbstractTransportDispatcher  # type: ignore[import-untyped]  # as above
from pysnmp.entity import config, engine  # type: ignore[import-untyped]  # as above
from pysnmp.entity.rfc3413 import ntfrcv  # type: ignore[import-untyped]  # as above
from pysnmp.proto.rfc1902 import OctetString  # type: ignore[import-untyped]  # as above

from keskidee_agent.devices.pysnmp_engine import AUTH, PRIV, NoCompiler, plain_value
from keskidee_agent.devices.traps.ber import SEQUENCE, Element, NotBer, elements
from keskidee_agent.devices.traps.message import MOST_VARIABLES, TRAP, Told, rows_of_pdu, told_by
from keskidee_agent.devices.traps.refusals import Refused
from keskidee_agent.devices.traps.security import (
    AUTHENTICATED,
    ENCRYPTED,
    REPORTABLE,
    Clocks,
    Header,
    header_of,
    master_key,
    scoped,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keskidee_agent.devices.engine import Credential

    Sender = tuple[str, int]

MOST_HEARD = 10_000  # by pysnmp, before it begins anew
MOST_A_SECOND, MOST_AT_ONCE = 50, 200  # of informs and of those who ask who we are
COUNTED_FROM = 1_577_836_800  # 2020: boots are the tens of seconds since, so that they grow without being written down


class Wire(AbstractTransportDispatcher):  # type: ignore[misc]  # as above
    """Where pysnmp sends its answers: our socket."""

    def __init__(self, answer: Callable[[bytes, Sender], None]) -> None:
        super().__init__()
        self._answer = answer

    def send_message(self, message: bytes, domain: object, address: Sender) -> None:
        self._answer(message, address)


class Version3:
    """What hears version 3."""

    def __init__(
        self,
        users: Sequence[Credential],
        *,
        engine_id: bytes,
        answer: Callable[[bytes, Sender], None],
        clock: Callable[[], float],
    ) -> None:
        self._users = {user.user or "": user for user in users}  # whom pysnmp knows: by a name there is one
        self._clocks = Clocks()
        self._answer, self._clock = answer, clock
        self._room, self._filled_at = float(MOST_AT_ONCE), clock()
        self._engine_id = engine_id
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
        for user in self._users.values():
            config.add_v3_user(self._engine, user.user, securityEngineId=OctetString(self._engine_id), **_keys(user))
        self._told: Told | None = None
        self._heard = 0

    def heard(self, octets: bytes, sender: Sender, users: Sequence[Credential]) -> Told | None:
        """What a message of one of these users tells; None where it only asked who we are. Raises Refused, NotBer."""
        header = header_of(octets)
        if not header.engine_id and header.flags & REPORTABLE:
            return self._asked(octets, sender)
        named = [user for user in users if user.user == header.user]
        if not named:
            raise Refused("user")
        named = [user for user in named if header.flags & (AUTHENTICATED | ENCRYPTED) == _security(user)]
        if not named:
            raise Refused("security level")
        user = next((user for user in named if signed(octets, header, user)), None)
        if user is None:
            raise Refused("key")
        if header.engine_id == self._engine_id:
            return self._asked(octets, sender)
        if user.auth and not self._clocks.fits(header, self._clock()):
            raise Refused("clock")
        return _trap(octets, header, user)

    def _asked(self, octets: bytes, sender: Sender) -> Told | None:
        """An inform, or the question before it, which pysnmp answers. Raises Refused, NotBer."""
        self._wait_no_longer()
        self._heard += 1
        if self._heard > MOST_HEARD:
            self._begin()
        self._told = None
        self._wire.handle_timer_tick(self._clock())
        try:
            self._engine.message_dispatcher.receive_message(self._engine, DOMAIN_NAME, sender, octets)
        except Exception as error:  # a library that reads what strangers send: whatever it is, it is their fault
            raise NotBer(type(error).__name__) from error
        return self._told

    def _wait_no_longer(self) -> None:
        """A bucket of so many messages at once, filled at so many a second."""
        now = self._clock()
        self._room = min(MOST_AT_ONCE, self._room + (now - self._filled_at) * MOST_A_SECOND)
        self._filled_at = now
        if self._room < 1:
            raise Refused("too many")
        self._room -= 1

    def _notified(self, *heard: Any) -> None:
        variables = heard[4]
        self._told = told_by(tuple((str(name), plain_value(value)) for name, value in variables[:MOST_VARIABLES]))


def _trap(octets: bytes, header: Header, user: Credential) -> Told:
    """A trap out of its scoped PDU: the engine and the name of the context, and the PDU. Raises Refused, NotBer."""
    plain = scoped(octets, header, user)
    parts = list(elements(plain, Element(SEQUENCE, 0, len(plain))))
    if len(parts) != 3:
        raise NotBer("no scoped PDU")
    if parts[2].tag != TRAP:
        raise Refused("no notification")
    return told_by(rows_of_pdu(plain, parts[2]))


def _security(user: Credential) -> int:
    return (AUTHENTICATED if user.auth else 0) | (ENCRYPTED if user.priv else 0)


def _keys(user: Credential) -> dict[str, Any]:
    """A user's keys in pysnmp's words."""
    if user.auth is None:
        return {}
    hash_, passphrase = user.auth
    key = OctetString(master_key(hash_, passphrase))
    keys = {"authProtocol": AUTH[hash_], "authKey": key, "authKeyType": config.USM_KEY_TYPE_MASTER}
    if user.priv is not None:
        key = OctetString(master_key(hash_, user.priv[1]))
        keys |= {"privProtocol": PRIV[user.priv[0]], "privKey": key, "privKeyType": config.USM_KEY_TYPE_MASTER}
    return keys
