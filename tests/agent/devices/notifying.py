"""Notifications as devices send them, a receiver without a socket that hears them, and what came of it."""

from keskidee_agent.devices.engine import V3, Credential
from keskidee_agent.devices.traps.ber import IP_ADDRESS, TICKS
from keskidee_agent.devices.traps.ledger import Ledger
from keskidee_agent.devices.traps.message import TRAP, TRAP_OF_V1
from keskidee_agent.devices.traps.receiver import Receiver, Trusted
from tests.agent.devices.encoding import V1, V2C, message, number, object_id, pdu, tlv, variables

DEVICE = ("192.0.2.7", 40_000)
LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
UPTIME, TRAP_ID = ("1.3.6.1.2.1.1.3.0", number(4711, TICKS)), "1.3.6.1.6.3.1.1.4.1.0"
PORT_7 = ("1.3.6.1.2.1.2.2.1.1.7", number(7))
USER = Credential(version=V3, user="monitor", auth=("SHA", b"a passphrase"), priv=("AES", b"another one"))
KEYS = ["-a", "SHA", "-A", "a passphrase", "-x", "AES", "-X", "another one"]
ENGINE = ["-e", "0x8000000001020304"]
"""What net-snmp's tools are told of this user's keys, and whose engine sends."""

# a linkDown of port 7 by net-snmp 5.9: authPriv with SHA and AES, of the engine 80000000 01020304 of the user above
SIGNED = bytes.fromhex(
    "3081a002010330110204400e9650020300ffe3040103020103043530330408800000000102030402010102032eaa9504076d"
    "6f6e69746f72040cd305263d91aef9b37fbb51470408833f04340b17464b0451cae945cf821ea110085a26470c2a8a3654f8"
    "78f18050a94f9488d87d16be02864db92c4b092f95ab0db52918df6b00ceb47f264dd71ae284c4039726355772d2cdbf6f9a"
    "aef23750bf4ea240ac92e591d5"
)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def counts_of(ledger: Ledger, device: str) -> dict[str, float]:
    """What was taken, without the series that are there from the start."""
    told = [(labels.get("trap", ""), value) for _, labels, value in ledger.samples_of(device)]
    return {kind: value for kind, value in told if kind and value}


class Heard:
    """A receiver without a socket, and what came of it."""

    def __init__(self, trusted: Trusted = Trusted(communities=frozenset({b"public"}))) -> None:  # noqa: B008 - frozen
        self.clock, self.polls, self.answers = Clock(), [], []
        self.ledger = Ledger(self.clock, self.polls.append)
        self.receiver = Receiver(trusted, self.ledger)
        self.receiver.connection_made(self)  # type: ignore[arg-type]  # what it needs of a transport

    polls: list[str]
    answers: list[bytes]

    def sendto(self, data: bytes, _address: object) -> None:
        self.answers.append(data)

    def hear(self, *datagrams: bytes) -> "Heard":
        for octets in datagrams:
            self.receiver.datagram_received(octets, DEVICE)
        return self

    @property
    def counts(self) -> dict[str, float]:
        return counts_of(self.ledger, DEVICE[0])


def trap(oid: str, *rows: tuple[str, bytes], kind: int = TRAP, community: bytes = b"public") -> bytes:
    return message(V2C, community, pdu(kind, 5, [UPTIME, (TRAP_ID, object_id(oid)), *rows]))


def trap_of_v1(enterprise: str, generic: int, specific: int, *rows: tuple[str, bytes]) -> bytes:
    address = tlv(IP_ADDRESS, bytes(4))
    parts = (object_id(enterprise), address, number(generic), number(specific), number(4711, TICKS), variables(rows))
    return message(V1, b"public", tlv(TRAP_OF_V1, *parts))
