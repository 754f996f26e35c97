"""The portable engine: pysnmp, in Python alone, where gufo-snmp has no wheel (Windows). MIBs are never looked up."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any

from pyasn1.type.univ import Null, ObjectIdentifier  # type: ignore[import-untyped]  # neither library carries types
from pysnmp.hlapi.v3arch import asyncio as hlapi  # type: ignore[import-untyped]  # as above
from pysnmp.proto import errind, rfc1155, rfc1902, rfc1905  # type: ignore[import-untyped]  # as above

from keskidee_agent.devices.engine import V1, V3, Address, Credential, Garbled, NoAnswer, Refused, TooBig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from keskidee_agent.devices.engine import Row, Value

AUTH = {
    "MD5": hlapi.usmHMACMD5AuthProtocol,
    "SHA": hlapi.usmHMACSHAAuthProtocol,
    "SHA224": hlapi.usmHMAC128SHA224AuthProtocol,
    "SHA256": hlapi.usmHMAC192SHA256AuthProtocol,
    "SHA384": hlapi.usmHMAC256SHA384AuthProtocol,
    "SHA512": hlapi.usmHMAC384SHA512AuthProtocol,
}
PRIV = {
    "DES": hlapi.usmDESPrivProtocol,
    "AES": hlapi.usmAesCfb128Protocol,
    "AES192": hlapi.usmAesCfb192Protocol,
    "AES256": hlapi.usmAesCfb256Protocol,
}
TOO_BIG, NO_SUCH_NAME = 1, 2
OPAQUE_FLOAT = b"\x9f\x78\x04"  # the tag and length of a float in an Opaque


def _unsigned(class_: type[Any], bits: int) -> None:
    """Reads a number without sign also where the device forgot the zero that keeps it positive.

    The library would throw away the whole message.
    """
    inside = class_.prettyIn

    def pretty_in(self: Any, value: Any) -> Any:
        found = inside(self, value)
        return found % (1 << bits) if isinstance(found, int) and found < 0 else found

    class_.prettyIn = pretty_in


for _class in (rfc1902.Counter32, rfc1902.Gauge32, rfc1902.Unsigned32, rfc1902.TimeTicks):
    _unsigned(_class, 32)
for _class in (rfc1155.Counter, rfc1155.Gauge, rfc1155.TimeTicks):
    _unsigned(_class, 32)
_unsigned(rfc1902.Counter64, 64)


class NoCompiler:
    """No MIB is ever compiled: without this pysnmp makes a compiler ready at the first question (half a second)."""

    def compile(self, *modules: str, **options: object) -> dict[str, str]:
        return dict.fromkeys(modules, "missing")


class PysnmpEngine:
    """One device by pysnmp."""

    def __init__(self, address: Address, credential: Credential) -> None:
        self._engine = hlapi.SnmpEngine()
        self._engine.get_mib_builder().set_mib_compiler(NoCompiler(), "")
        self._address = address
        self._bulk = credential.version != V1
        self._secret = _secret(credential)
        self._target: Any = None

    async def get(self, oids: Sequence[str]) -> list[Row]:
        questions = [oids] if self._bulk else [[oid] for oid in oids]  # version 1 refuses all for one that is missing
        answers = [pair for asked in questions for pair in await self._ask(hlapi.get_cmd, asked)]
        return [(name, value) for name, value in answers if value is not None]

    async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        last, inside = oid, oid + "."
        while True:
            if self._bulk and repetitions > 1:
                rows = await self._ask(hlapi.bulk_cmd, [last], 0, repetitions)
            else:
                rows = await self._ask(hlapi.next_cmd, [last])
            for name, value in rows:
                if not name.startswith(inside) or (name == last and value is None):  # the end comes under the last name
                    return
                last = name
                if value is not None:
                    yield name, value
            if not rows:
                return

    async def _ask(self, command: Any, oids: Sequence[str], *sizes: int) -> list[tuple[str, Value | None]]:
        if self._target is None:
            self._target = await hlapi.UdpTransportTarget.create(
                (self._address.host, self._address.port), timeout=self._address.timeout_seconds, retries=0
            )
        asked = [hlapi.ObjectType(hlapi.ObjectIdentity(oid)) for oid in oids]
        indication, status, _at, answers = await command(
            self._engine, self._secret, self._target, hlapi.ContextData(), *sizes, *asked, lookupMib=False
        )
        if indication is not None:
            raise _error(indication)
        if int(status) == NO_SUCH_NAME:
            return []
        if int(status) == TOO_BIG:
            raise TooBig("the device gives no such answer at once")
        if int(status):
            raise Refused(f"the device answers {status.prettyPrint()}")
        if not answers:
            raise Garbled("an answer without variables")
        return [(str(name), plain_value(raw)) for name, raw in answers]

    def close(self) -> None:
        """The dispatcher goes after a datagram that the loop has yet to hand over: it would complain of it."""
        transport = self._target and self._target.transport
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._engine.close_dispatcher()
            return
        if transport:
            transport.transport.close()
        loop.call_soon(self._engine.close_dispatcher)


def _error(indication: Any) -> Exception:
    if isinstance(indication, errind.RequestTimedOut):
        return NoAnswer("no answer")
    if isinstance(
        indication, (errind.ParseError, errind.UnsupportedMsgProcessingModel, errind.DataMismatch, errind.EmptyResponse)
    ):
        return Garbled(str(indication)[:80])
    return Refused(f"the device refuses this user or key: {str(indication)[:80]}")


def plain_value(raw: Any) -> Value | None:
    """A value in the types of `engine.py`; None for what is not there."""
    if isinstance(raw, (rfc1905.NoSuchObject, rfc1905.NoSuchInstance, rfc1905.EndOfMibView, Null)):
        return None
    if isinstance(raw, rfc1902.IpAddress):
        return ".".join(str(byte) for byte in raw.asOctets())
    if isinstance(raw, rfc1902.Opaque):
        octets = bytes(raw.asOctets())
        return float(struct.unpack(">f", octets[3:7])[0]) if octets.startswith(OPAQUE_FLOAT) else octets
    if isinstance(raw, rfc1902.OctetString):
        return bytes(raw.asOctets())
    return str(raw) if isinstance(raw, ObjectIdentifier) else int(raw)


def _secret(credential: Credential) -> Any:
    if credential.version != V3:
        return hlapi.CommunityData(credential.community, mpModel=0 if credential.version == V1 else 1)
    keys: dict[str, Any] = {}
    if credential.auth:
        keys |= {"authProtocol": AUTH[credential.auth[0]], "authKey": credential.auth[1].decode("utf-8")}
    if credential.priv:
        keys |= {"privProtocol": PRIV[credential.priv[0]], "privKey": credential.priv[1].decode("utf-8")}
    return hlapi.UsmUserData(credential.user or "", **keys)  # noqa: S509 - the keys that were given
