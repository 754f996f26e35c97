"""Notifications: heard, answered, counted and refused, whoever sends them and whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.devices.engine import Credential
from keskidee_agent.devices.traps.message import GET, INFORM, RESPONSE, TRAP, TRAP_OF_V1
from keskidee_agent.devices.traps.receiver import Sender, Trusted
from tests.agent.devices.encoding import V2C, message, number, object_id, pdu, tlv
from tests.agent.devices.notifying import DEVICE, LINK_DOWN, PORT_7, SIGNED, UPTIME, Heard, counts_of, trap, trap_of_v1


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
