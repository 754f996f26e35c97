"""Hears notifications of SNMP: traps of versions 1, 2c and 3, and informs of 2c and 3, which it answers.

Nothing a sender sends can make it fail or grow: what is no BER, of a stranger, of a community or user that nobody gave
it, is counted by its reason and dropped. Version 3 goes to `version3.py` and costs more; so many a second are heard.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from keskidee_agent.devices.traps.ber import NotBer
from keskidee_agent.devices.traps.message import (
    INFORM,
    RESPONSE,
    TRAP,
    TRAP_OF_V1,
    V1,
    V3,
    opened,
    read_message,
    read_trap_of_v1,
    told_by,
)
from keskidee_agent.devices.traps.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keskidee_agent.devices.engine import Credential
    from keskidee_agent.devices.traps.ledger import Ledger
    from keskidee_agent.devices.traps.message import Envelope, Told
    from keskidee_agent.devices.traps.version3 import Version3

ENTERPRISE, OCTETS_FORMAT = bytes.fromhex("80000000"), b"\x05"
MAPPED = "::ffff:"  # an IPv4 address, as a socket of IPv6 has it (RFC 4291)
RECEIVE_BUFFER_BYTES = 4 << 20  # a storm of some thousand datagrams waits here rather than being lost
SO_RCVBUFFORCE, SO_MEMINFO = 33, 55  # of Linux (asm-generic/socket.h); Python has no names for them
MEMINFO_OCTETS, DROPS_AT = 36, 32  # nine numbers of 32 bits, the last of which counts what was lost


def engine_id_of(octets: bytes) -> bytes:
    """Eight octets as an id of our own making (RFC 3411, SnmpEngineID)."""
    return ENTERPRISE + OCTETS_FORMAT + octets[:8]


class Sender(NamedTuple):
    """A device that is polled, and what opens it; no credential: it is heard by what `Trusted` names for all."""

    device: str
    credential: Credential | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Whose notifications are taken: by community or user, and, where `devices` is given, from their addresses alone.

    `engine_id` is ours, by which senders of informs of version 3 know us.
    """

    communities: frozenset[bytes] = frozenset()
    users: tuple[Credential, ...] = ()
    devices: Mapping[str, Sender] | None = None
    engine_id: bytes = field(default_factory=lambda: engine_id_of(os.urandom(8)))

    @property
    def all_users(self) -> tuple[Credential, ...]:
        """Those of all and of single devices, each name once."""
        senders = (self.devices or {}).values()
        own = [one.credential for one in senders if one.credential is not None and one.credential.user is not None]
        return tuple({user.user: user for user in (*reversed(own), *self.users)}.values())


class Receiver(asyncio.DatagramProtocol):
    """One socket that hears."""

    def __init__(self, trusted: Trusted, ledger: Ledger) -> None:
        self._trusted, self._ledger = trusted, ledger
        self._transport: asyncio.DatagramTransport | None = None
        self._version_3: Version3 | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is UDP
        self._transport = transport
        self._hear_users(self._trusted.all_users)

    def trust(self, trusted: Trusted) -> None:
        """Hears others from now on."""
        before, self._trusted = self._trusted.all_users, trusted
        if trusted.all_users != before:
            self._hear_users(trusted.all_users)

    def _hear_users(self, users: tuple[Credential, ...]) -> None:
        self._version_3 = None
        if users and self._transport is not None:
            from keskidee_agent.devices.traps.version3 import Version3  # pysnmp: only where somebody speaks version 3

            self._version_3 = Version3(
                users, engine_id=self._trusted.engine_id, answer=self._transport.sendto, clock=_clock()
            )

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._ledger.received += 1
        sender = self._sender(addr[0])
        if sender is None:
            self._ledger.refuse("stranger")
            return
        try:
            told = self._read(data, addr, sender)
        except NotBer:
            self._ledger.refuse("garbled", sender.device)
        except Refused as reason:
            self._ledger.refuse(str(reason), sender.device)
        else:
            if told is not None:
                self._ledger.note(sender.device, told)

    def _sender(self, host: str) -> Sender | None:
        """The device of an address; None: nobody's."""
        address = host.removeprefix(MAPPED).partition("%")[0]
        return Sender(address) if self._trusted.devices is None else self._trusted.devices.get(address)

    def _read(self, data: bytes, addr: tuple[str, int], sender: Sender) -> Told | None:
        """What was told; None for what is only talk between engines. Raises NotBer, Refused."""
        envelope, own = opened(data), sender.credential
        if envelope.version == V3:
            if self._version_3 is None:
                raise Refused("user")
            users = self._trusted.users if own is None or own.user is None else (*self._trusted.users, own)
            return self._version_3.heard(data, addr, users)
        known = set(self._trusted.communities)
        if own is not None and own.user is None:
            known.add(own.community.encode())
        if not any(hmac.compare_digest(envelope.community, community) for community in known):
            raise Refused("community")
        if envelope.version == V1:
            if envelope.inside.tag != TRAP_OF_V1:
                raise Refused("no notification")
            return read_trap_of_v1(data, envelope)
        return self._of_version_2(data, envelope, addr)

    def _of_version_2(self, data: bytes, envelope: Envelope, addr: tuple[str, int]) -> Told:
        if envelope.inside.tag not in (TRAP, INFORM):
            raise Refused("no notification")
        told = told_by(read_message(data, envelope).rows)
        if envelope.inside.tag == INFORM and self._transport is not None:
            # the answer to an inform is the inform itself, as a response (RFC 3416, section 4.2.7)
            self._transport.sendto(data[: envelope.kind_at] + bytes([RESPONSE]) + data[envelope.kind_at + 1 :], addr)
        return told


def _clock() -> Callable[[], float]:
    return asyncio.get_running_loop().time


async def listen(host: str, port: int, trusted: Trusted, ledger: Ledger) -> asyncio.DatagramTransport:
    """Hears on that address until the transport is closed. Raises OSError where it is taken or not allowed."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Receiver(trusted, ledger), local_addr=(host, port))
    sock = transport.get_extra_info("socket")
    _widen(sock)
    ledger.lost = lambda: lost_by(sock)
    return transport


def _widen(sock: socket.socket) -> None:
    """More room for a storm: past the system's limit where this process may."""
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF) if sys.platform == "linux" else (socket.SO_RCVBUF,):
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER_BYTES)
            return


def lost_by(sock: socket.socket) -> int | None:
    """How many datagrams found no room in the socket, by the kernel's count (SK_MEMINFO_DROPS); None: it has none."""
    if sys.platform != "linux":
        return None
    try:
        counts = sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO_OCTETS)
    except OSError:
        return None
    return int.from_bytes(counts[DROPS_AT : DROPS_AT + 4], sys.byteorder) if len(counts) == MEMINFO_OCTETS else None
