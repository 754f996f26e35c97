"""Machines by id and by instance, and the state each is in."""

from __future__ import annotations

from typing import Any

import pytest

from keskidee_collector.families.schemas import Schema
from keskidee_collector.fleet.fleet import Fleet
from keskidee_collector.fleet.machine import Machine
from keskidee_collector.ingest.posts import AGE_SECONDS_AT_MOST, age_seconds
from keskidee_report.decode import Envelope, Stamp

MACHINE_ID = "0123456789abcdef0123456789abcdef"
OTHER_ID = "f" * 32


def machine(machine_id: str = MACHINE_ID, instance: str = "pc-01", **more: Any) -> Machine:
    given: dict[str, Any] = {"site": "", "role": "", "credential_hash": b"", "facts": {}, "enrolled_at": 0.0, **more}
    return Machine(id=machine_id, instance=instance, **given)


def fleet_of(*machines: Machine) -> Fleet:
    fleet = Fleet()
    for each in machines:
        fleet.add(each)
    return fleet


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"heard_ticks": 956.0}, "on"),
        ({"heard_ticks": 954.0}, "silent"),
        ({"heard_ticks": 0.0, "goodbye": "shutdown"}, "off"),
        ({"heard_ticks": 0.0, "goodbye": "sleep"}, "off"),
        ({"heard_ticks": 999.0, "goodbye": "stop"}, "on"),
        ({"heard_ticks": 0.0, "goodbye": "upgrade"}, "silent"),
        ({"heard_ticks": 0.0, "interval_seconds": 3600.0}, "on"),
        ({"heard_ticks": 1000.0, "retired_at": 5.0, "goodbye": "sleep"}, "retired"),
        ({"heard_ticks": 956.0, "role": "desktop"}, "on"),
        ({"heard_ticks": 954.0, "role": "desktop"}, "off"),
        ({"heard_ticks": 954.0, "facts": {"chassis": "laptop"}}, "off"),
        ({"heard_ticks": 954.0, "role": "files", "facts": {"chassis": "desktop"}}, "silent"),
    ],
)
def test_the_state_of_a_machine(more: dict[str, Any], state: str) -> None:
    assert machine(**more).state(1000.0, silent_after_intervals=3) == state


def test_a_host_name_is_the_instance_of_the_first_that_has_it() -> None:
    assert fleet_of().free_instance("pc-01", MACHINE_ID) == "pc-01"
    assert fleet_of(machine(OTHER_ID)).free_instance("pc-01", MACHINE_ID) == "pc-01-01234567"


def test_a_machine_is_no_hindrance_to_itself() -> None:
    assert fleet_of(machine()).free_instance("pc-01", MACHINE_ID) == "pc-01"


def test_an_instance_is_free_however_many_names_were_taken_on_purpose() -> None:
    fleet = fleet_of()
    given = []
    for number in range(8):
        given.append(fleet.free_instance("pc-01", MACHINE_ID))
        fleet.add(machine(f"{number:032x}", given[-1]))
    assert len(set(given)) == 8
    assert given[:6] == ["pc-01", *[f"pc-01-{MACHINE_ID[:n]}" for n in (8, 16, 32)], f"pc-01-{MACHINE_ID}-2",
                         f"pc-01-{MACHINE_ID}-3"]  # fmt: skip


def test_a_thousand_machines_of_one_name_have_a_thousand_instances() -> None:
    fleet = fleet_of()
    for number in range(1000):
        machine_id = f"{number % 10:08x}{number:024x}"  # ids whose beginnings clash
        fleet.add(machine(machine_id, fleet.free_instance("pc-01", machine_id)))
    assert len({each.instance for each in fleet}) == 1000


@pytest.mark.parametrize(
    ("hostname", "instance"),
    [("", "unnamed"), ("  \t\n ", "unnamed"), (" pc\n01 ", "pc 01"), ("x" * 5000, "x" * 253)],
)
def test_an_odd_host_name_becomes_a_sensible_instance(hostname: str, instance: str) -> None:
    assert fleet_of().free_instance(hostname, MACHINE_ID) == instance


def test_a_name_that_was_given_up_is_free_again() -> None:
    first = machine()
    fleet = fleet_of(first)
    fleet.rename(first, "srv-01")
    assert fleet.free_instance("pc-01", OTHER_ID) == "pc-01"
    assert fleet.free_instance("srv-01", OTHER_ID) == "srv-01-ffffffff"


def test_another_name_stands_in_the_lines_that_are_rendered_already() -> None:
    renamed = machine(instance='p"c')
    renamed.chunks = [b'x{instance="p\\"c"} 1\nx{instance="p\\"c",a="{instance=\\"p\\""} 2\n']
    renamed.outcome_chunks = (b"", b'y{instance="p\\"c",collector="cpu"} 1\n', b"", b"")
    renamed.rename("srv")
    assert renamed.chunks == [b'x{instance="srv"} 1\nx{instance="srv",a="{instance=\\"p\\""} 2\n']
    assert renamed.outcome_chunks == (b"", b'y{instance="srv",collector="cpu"} 1\n', b"", b"")


def test_sixteen_sessions_are_remembered_the_last_used_ones() -> None:
    talker = machine()
    for number in range(20):
        talker.take_keys([(bytes([number]) * 8, 1), (bytes(8), number)])
    assert len(talker.sessions) == 16
    assert talker.is_repeat(bytes(8), 0)
    assert not talker.is_repeat(bytes([1]) * 8, 1)


def schema(samples: int) -> Schema:
    return Schema(sources=(), templates=(), samples=samples, series=samples, families=(), refused={})


def test_eight_schemas_are_remembered_the_last_used_ones() -> None:
    talker = machine()
    for number in range(10):
        talker.remember_schema(bytes([number]), schema(1))
        talker.remember_schema(b"kept", schema(1))
    assert list(talker.schemas) == [*[bytes([number]) for number in range(3, 10)], b"kept"]


def test_large_schemas_leave_room_for_fewer() -> None:
    talker = machine()
    for number in range(5):
        talker.remember_schema(bytes([number]), schema(19_000))
    assert list(talker.schemas) == [b"\x03", b"\x04"]
    talker.remember_schema(b"huge", schema(1_000_000))
    assert list(talker.schemas) == [b"huge"]


SESSION, EARLIER = b"A" * 8, b"B" * 8


@pytest.mark.parametrize(
    ("stamp", "sent", "age"),
    [
        ((SESSION, 5_000, 0), (9_000, 0), 4.0),
        ((SESSION, 5_000, 999), (9_000, 999_999), 4.0),  # a step of the wall clock moves no report of this session
        ((EARLIER, 5_000, 1_000_000), (9_000, 1_060_000), 60.0),
        (
            (SESSION, 9_000, 1_000_000),
            (5_000, 1_060_000),
            60.0,
        ),  # a boot clock that ran backwards: the wall clock has to do
        ((SESSION, 9_000, 2_000_000), (5_000, 1_000_000), 0.0),
        ((EARLIER, 0, 2_000_000), (0, 1_000_000), 0.0),
        ((SESSION, 0, 0), (2**64 - 1, 0), AGE_SECONDS_AT_MOST),
    ],
)
def test_how_old_a_report_was_when_it_was_sent(
    stamp: tuple[bytes, int, int], sent: tuple[int, int], age: float
) -> None:
    session, boot_ms, wall_ms = stamp
    found = age_seconds(
        session,
        Stamp(session=session, sequence=1, boot_ms=boot_ms, wall_ms=wall_ms),
        Envelope(sent_boot_ms=sent[0], sent_wall_ms=sent[1], session=SESSION, frames=[]),
    )
    assert found == age
