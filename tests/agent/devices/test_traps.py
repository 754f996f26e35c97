"""Notifications: heard, answered, counted, put together, and refused, whoever sends them and whatever they hold."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.devices.engine import V3, Credential, Value
from keskidee_agent.devices.traps.ber import IP_ADDRESS, TICKS
from keskidee_agent.devices.traps.events import GROWN_SECONDS, MOST_EVENTS, MOST_OPEN, OTHERS, QUIET_SECONDS, Events
from keskidee_agent.devices.traps.ledger import (
    LEAST_SECONDS_BETWEEN_POLLS,
    MOST_DEVICES,
    MOST_KINDS,
    MOST_POLLS_AT_ONCE,
    Ledger,
)
from keskidee_agent.devices.traps.message import GET, INFORM, RESPONSE, TRAP, TRAP_OF_V1, Told
from keskidee_agent.devices.traps.receiver import Receiver, Sender, Trusted, listen
from keskidee_agent.devices.traps.security import Clocks, header_of
from tests.agent.devices.encoding import V1, V2C, message, number, object_id, pdu, tlv, variables

DEVICE = ("192.0.2.7", 40_000)
LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
UPTIME, TRAP_ID = ("1.3.6.1.2.1.1.3.0", number(4711, TICKS)), "1.3.6.1.6.3.1.1.4.1.0"
PORT_7 = ("1.3.6.1.2.1.2.2.1.1.7", number(7))
USER = Credential(version=V3, user="monitor", auth=("SHA", b"a passphrase"), priv=("AES", b"another one"))

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


@pytest.mark.parametrize(
    ("datagram", "kind"),
    [
        (trap("1.3.6.1.6.3.1.1.5.1"), "coldStart"),
        (trap(LINK_DOWN, PORT_7), "linkDown"),
        (trap_of_v1("1.3.6.1.4.1.9.1.1", 2, 0, PORT_7), "linkDown"),
        (trap_of_v1("1.3.6.1.4.1.9.1.1", 4, 0), "authenticationFailure"),
        (trap_of_v1("1.3.6.1.4.1.318", 6, 5), "upsOnBattery"),
        (trap("1.3.6.1.2.1.33.2.1"), "upsOnBattery"),
        (trap_of_v1("1.3.6.1.2.1.33.2", 6, 1), "upsOnBattery"),
        (
            trap("1.3.6.1.2.1.33.2.3", ("1.3.6.1.2.1.33.1.6.2.1.2.1", object_id("1.3.6.1.2.1.33.1.6.3.3"))),
            "upsAlarmAdded: battery low",
        ),
        (trap("1.3.6.1.2.1.43.18.2.0.1", ("1.3.6.1.2.1.43.18.1.1.7.1.4", number(808))), "paperOut"),
        (trap("1.3.6.1.2.1.43.18.2.0.1", ("1.3.6.1.2.1.43.18.1.1.7.1.4", number(1))), "printerAlert"),
        (trap("1.3.6.1.4.1.99999.0.1"), "1.3.6.1.4.1.99999.0.1"),
    ],
)
def test_a_trap_is_counted_by_what_it_tells(datagram: bytes, kind: str) -> None:
    heard = Heard().hear(datagram)
    assert (heard.counts, dict(heard.ledger.refused), heard.answers) == ({kind: 1}, {}, [])


def test_an_inform_is_answered_by_itself_as_a_response() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7, kind=INFORM))
    assert (heard.counts, heard.answers) == ({"linkDown": 1}, [trap(LINK_DOWN, PORT_7, kind=RESPONSE)])


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "garbled"),
        (b"\xff" * 40, "garbled"),
        (trap(LINK_DOWN)[:-1], "garbled"),
        (b"\x30\x84\x7f\xff\xff\xff" + trap(LINK_DOWN)[2:], "garbled"),
        (b"\x30\x80" + trap(LINK_DOWN)[2:], "garbled"),
        (b"\x30\x82\xff\xff" * 10_000, "garbled"),
        (message(7, b"public", pdu(TRAP, 5, [])), "garbled"),
        (message(V2C, b"public", pdu(TRAP, 5, [UPTIME])), "garbled"),
        (message(V2C, b"public", pdu(TRAP, 5, [("1.3.6.1", b"\2\x0a" + bytes(10))])), "garbled"),
        (message(V2C, b"public", tlv(TRAP, tlv(6, b"\xff" * 20))), "garbled"),
        (message(V2C, b"public", tlv(TRAP_OF_V1, number(1))), "no notification"),
        (trap(LINK_DOWN, kind=GET), "no notification"),
        (trap(LINK_DOWN, kind=INFORM, community=b"publi"), "community"),
        (trap_of_v1("1.3.6.1", 99, 2**31), ""),
        (message(3, b"public", pdu(TRAP, 5, [])), "user"),
    ],
)
def test_what_is_not_taken_is_counted_by_its_reason_and_not_answered(datagram: bytes, reason: str) -> None:
    heard = Heard().hear(datagram)
    assert (dict(heard.ledger.refused), heard.answers) == ({reason: 1} if reason else {}, [])


def test_where_devices_are_named_a_stranger_is_not_heard() -> None:
    trusted = Trusted(communities=frozenset({b"public"}), devices={"192.0.2.8": Sender("switch-1")})
    heard = Heard(trusted).hear(trap(LINK_DOWN), trap(LINK_DOWN))
    assert (heard.counts, dict(heard.ledger.refused), len(heard.ledger.events)) == ({}, {"stranger": 2}, 0)
    own = {(family.name, labels.get("reason")): value for family, labels, value in heard.ledger.own_samples()}
    assert (own["keskidee_traps_received_total", None], own["keskidee_traps_refused_total", "stranger"]) == (2, 2)


def test_a_device_is_heard_by_what_opens_it_and_what_it_says_otherwise_is_counted_with_it() -> None:
    own = Sender("switch-1", Credential(community="blue sky"))
    heard = Heard(Trusted(devices={DEVICE[0]: own}))
    heard.hear(trap(LINK_DOWN, community=b"blue sky"), trap(LINK_DOWN, community=b"public"), SIGNED)
    assert [(labels, value) for _, labels, value in heard.ledger.samples_of("switch-1") if value] == [
        ({"trap": "linkDown"}, 1), ({"reason": "community"}, 1), ({"reason": "user"}, 1),
    ]  # fmt: skip
    assert [family.name for family, labels, _ in heard.ledger.own_samples() if labels] == []


def test_a_user_of_one_device_is_no_user_of_another() -> None:
    async def made() -> Heard:
        switch, other = replace(USER, auth=("SHA", b"of a switch")), replace(USER, auth=("SHA", b"of another"))
        heard = Heard(Trusted(devices={DEVICE[0]: Sender("switch-1", switch), "192.0.2.8": Sender("other", other)}))
        heard.hear(SIGNED)
        heard.receiver.trust(Trusted(devices={DEVICE[0]: Sender("switch-1", USER)}))
        return heard.hear(SIGNED)

    ledger = asyncio.run(made()).ledger
    assert (counts_of(ledger, "switch-1"), dict(ledger.refused)) == ({"linkDown": 1}, {"key": 1})


def test_an_address_of_ipv4_is_the_same_on_a_socket_of_ipv6() -> None:
    heard = Heard(Trusted(devices={DEVICE[0]: Sender("switch-1", Credential())}))
    heard.receiver.datagram_received(trap(LINK_DOWN), ("::ffff:192.0.2.7", 40_000))
    assert counts_of(heard.ledger, "switch-1") == {"linkDown": 1}


@given(st.one_of(st.binary(max_size=80), st.tuples(st.integers(0, 60), st.binary(min_size=1, max_size=6))))
def test_no_octets_make_the_receiver_fail(octets: bytes | tuple[int, bytes]) -> None:
    if isinstance(octets, tuple):
        at, other = octets
        whole = trap(LINK_DOWN, PORT_7, kind=INFORM)
        octets = whole[:at] + other + whole[at + len(other) :]
    heard = Heard().hear(octets)
    assert sum(heard.counts.values()) + heard.ledger.refused.total() == 1


def of_version_3(user: Credential = USER) -> Heard:
    with_loop = asyncio.new_event_loop()  # whose clock the receiver takes
    try:
        return with_loop.run_until_complete(_made(user))
    finally:
        with_loop.close()


async def _made(user: Credential) -> Heard:
    return Heard(Trusted(users=(user,)))


def test_a_signed_trap_is_heard_of_any_engine_and_answered_to_nobody() -> None:
    heard = of_version_3().hear(SIGNED, SIGNED)
    assert (heard.counts, dict(heard.ledger.refused), heard.answers) == ({"linkDown": 2}, {}, [])


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_no_octet_of_a_signed_trap_can_be_another(at: int, other: int) -> None:
    changed = SIGNED[:at] + bytes([SIGNED[at] ^ other]) + SIGNED[at + 1 :]
    heard = of_version_3_once().hear(changed)
    assert heard.counts == {}


@cache
def of_version_3_once() -> Heard:
    return of_version_3()


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (replace(USER, user="other"), "user"),
        (replace(USER, auth=("SHA", b"a passphrasE")), "key"),
        (replace(USER, auth=("SHA256", b"a passphrase")), "key"),
        (replace(USER, priv=("AES", b"another onE")), "garbled"),
        (replace(USER, priv=("DES", b"another one")), "garbled"),
        (replace(USER, priv=None), "security level"),
        (replace(USER, auth=None, priv=None), "security level"),
    ],
)
def test_a_trap_of_other_keys_than_its_users_is_refused(user: Credential, reason: str) -> None:
    heard = of_version_3(user).hear(SIGNED)
    assert (heard.counts, dict(heard.ledger.refused)) == ({}, {reason: 1})


def test_a_signed_trap_that_comes_again_much_later_is_a_repeat() -> None:
    header, clocks = header_of(SIGNED), Clocks()
    assert [clocks.fits(header, now) for now in (1000, 1149, 1151)] == [True, True, False]
    assert not clocks.fits(replace(header, boots=header.boots - 1), 1000)
    assert clocks.fits(replace(header, boots=header.boots + 1, time=0), 2000)


def test_what_is_told_again_and_again_is_one_event_until_it_was_quiet() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7))
    heard.clock.now += 60
    heard.hear(trap(LINK_DOWN, PORT_7), trap(LINK_DOWN, ("1.3.6.1.2.1.2.2.1.1.8", number(8))))
    heard.clock.now += QUIET_SECONDS
    heard.hear(trap(LINK_DOWN, PORT_7))
    told = [(event.kind, event.subject, event.count, event.last_at - event.first_at) for event in heard.ledger.events]
    assert told == [("linkDown", "7", 2, 60), ("linkDown", "8", 1, 0), ("linkDown", "7", 1, 0)]
    assert [event.variables for event in heard.ledger.events][-1] == {"1.3.6.1.2.1.2.2.1.1.7": "7"}


def test_an_event_is_told_at_once_then_each_minute_as_it_grows_and_is_kept_until_it_was_told() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7))
    events = heard.ledger.events

    def tell() -> list[int]:
        untold = [(event, event.count) for event in events.untold(10)]
        events.took(untold)
        return [count for _, count in untold]

    assert (tell(), tell()) == ([1], [])
    heard.hear(trap(LINK_DOWN, PORT_7))
    assert tell() == []
    heard.clock.now += GROWN_SECONDS
    assert (tell(), tell()) == ([2], [])
    heard.hear(trap(LINK_DOWN, PORT_7))
    heard.clock.now += QUIET_SECONDS
    events.sweep()
    assert (len(events), tell(), len(events)) == (1, [3], 0)


def test_what_was_not_told_goes_on_in_another_process() -> None:
    heard = Heard().hear(trap(LINK_DOWN, PORT_7))
    again = Events(heard.clock)
    again.restore([*heard.ledger.events.as_rows(), {"key": "of another program"}, None])
    assert list(again) == list(heard.ledger.events)


def test_what_presses_asks_for_a_poll_once_each_half_minute() -> None:
    heard = Heard().hear(trap("1.3.6.1.6.3.1.1.5.5"), *[trap(LINK_DOWN, PORT_7), trap(LINK_UP, PORT_7)] * 5)
    assert heard.polls == [DEVICE[0]]
    heard.clock.now += LEAST_SECONDS_BETWEEN_POLLS
    assert heard.hear(trap(LINK_DOWN, PORT_7)).polls == [DEVICE[0]] * 2


def storm(heard: Heard, rounds: range) -> None:
    """Each round tells of another port, tells what nobody knows, and is no BER at all."""
    for at in rounds:
        port = (f"1.3.6.1.2.1.2.2.1.1.{at}", number(at))
        heard.hear(trap(LINK_DOWN, port), trap(LINK_DOWN, PORT_7), trap(f"1.3.6.1.4.1.99999.{at}"), b"\xff" * 40)


def test_a_storm_is_counted_and_takes_no_more_room() -> None:
    heard = Heard()
    for at in range(MOST_DEVICES + 100):
        heard.ledger.note(f"2001:db8::{at:x}", Told(trap=LINK_UP, ticks=None, rows=()))
    assert (len(heard.ledger.events), len(heard.polls)) == (MOST_EVENTS, MOST_POLLS_AT_ONCE)
    storm(heard, range(600))
    counts = counts_of(heard.ledger, OTHERS)
    assert (len(counts), sum(counts.values()) - counts["linkUp"]) == (MOST_KINDS + 1, 1_800)
    assert (heard.counts, heard.ledger.refused["garbled"], len(heard.ledger.events)) == ({}, 600, MOST_EVENTS)
    of_it = [event for event in heard.ledger.events if event.device == DEVICE[0]]
    assert len(of_it) == MOST_OPEN + 1
    assert sum(event.count for event in of_it) == 1_800


def sent(program: Path, version: Sequence[str], *, informs: bool = False, trusted: Trusted) -> tuple[int, Ledger]:
    """A notification of net-snmp's own tools: its exit status (an inform waits for its answer) and what was heard."""

    async def send() -> tuple[int, Ledger]:
        ledger = Ledger(Clock())
        transport = await listen("127.0.0.1", 0, trusted, ledger)
        port = transport.get_extra_info("sockname")[1]
        options = ["-Ci"] if informs else []
        told = ["", LINK_DOWN, "1.3.6.1.2.1.2.2.1.1.7", "i", "7"]
        if version[1] == "1":
            told = ["1.3.6.1.4.1.99999", "192.0.2.7", "2", "0", "4711", "1.3.6.1.2.1.2.2.1.1.7", "i", "7"]
        words = [*version, *options, "-m", "", "-t", "10", "-r", "2", f"127.0.0.1:{port}", *told]
        sender = await asyncio.create_subprocess_exec(program, *words, stderr=asyncio.subprocess.PIPE)
        await sender.communicate()
        for _ in range(200):  # a trap is on its way when its sender has gone
            if ledger.taken or ledger.refused:
                break
            await asyncio.sleep(0.05)
        transport.close()
        assert sender.returncode is not None
        return sender.returncode, ledger

    return asyncio.run(send())


KEYS = ["-a", "SHA", "-A", "a passphrase", "-x", "AES", "-X", "another one"]
WRONG = [*KEYS[:3], "a wrong one", *KEYS[4:]]
ENGINE = ["-e", "0x8000000001020304"]


@pytest.mark.parametrize(
    ("version", "informs", "expected"),
    [
        (["-v", "1", "-c", "public"], False, ({"linkDown": 1}, {})),
        (["-v", "2c", "-c", "public"], False, ({"linkDown": 1}, {})),
        (["-v", "2c", "-c", "public"], True, ({"linkDown": 1}, {})),
        (["-v", "2c", "-c", "guess"], False, ({}, {"community": 1})),
        (["-v", "3", "-u", "monitor", "-l", "authPriv", *KEYS, *ENGINE], False, ({"linkDown": 1}, {})),
        (["-v", "3", "-u", "monitor", "-l", "authPriv", *KEYS], True, ({"linkDown": 1}, {})),
        (["-v", "3", "-u", "monitor", "-l", "authNoPriv", *KEYS, *ENGINE], False, ({}, {"security level": 1})),
        (["-v", "3", "-u", "monitor", "-l", "noAuthNoPriv", *ENGINE], False, ({}, {"security level": 1})),
        (["-v", "3", "-u", "monitor", "-l", "authPriv", *WRONG, *ENGINE], False, ({}, {"key": 1})),
        (["-v", "3", "-u", "nobody", "-l", "authPriv", *KEYS, *ENGINE], False, ({}, {"user": 1})),
    ],
)  # fmt: skip
def test_real_senders_are_heard_and_answered(
    program: Callable[[str], Path],
    version: list[str],
    informs: bool,
    expected: tuple[dict[str, int], dict[str, int]],
) -> None:
    trusted = Trusted(communities=frozenset({b"public"}), users=(USER,))
    status, ledger = sent(program("snmptrap"), version, informs=informs, trusted=trusted)
    counts = counts_of(ledger, "127.0.0.1")
    assert (status, (counts, dict(ledger.refused))) == (0, expected)
    rows: list[dict[str, Value]] = [dict(event.variables) for event in ledger.events]
    assert rows == [{"1.3.6.1.2.1.2.2.1.1.7": "7"}] * len(counts)
