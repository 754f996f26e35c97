"""Boards that are slow, die, lie, or lead elsewhere: what was read stays, a line says what was not, and it ends."""

import gzip
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from keskidee_agent.devices.document import as_board_document
from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.redfish.metrics import samples
from keskidee_agent.devices.redfish.read import Reader
from keskidee_agent.devices.redfish.service import ROOT, Service
from keskidee_agent.gather.output import as_prometheus
from tests.agent.devices.boards import (
    SESSIONS,
    FakeBoard,
    Handler,
    InHand,
    Odd,
    collection,
    known,
    link,
    read,
    recorded,
    served,
)
from tests.agent.devices.test_boards import FOLDER

pytestmark = pytest.mark.slow

DELL = recorded(FOLDER / "dell_idrac9")
SYSTEM = "/redfish/v1/Systems/System.Embedded.1"
CHASSIS = "/redfish/v1/Chassis/System.Embedded.1"
MEMORY = f"{SYSTEM}/Memory"
PLAIN = DELL | {ROOT: {name: value for name, value in DELL[ROOT].items() if name != "ProtocolFeaturesSupported"}}


@pytest.fixture
def board() -> Iterator[FakeBoard]:
    with served(PLAIN) as board:
        yield board


def says(status: int, **headers: str) -> Odd:
    return lambda handler: handler.say(status, {}, {name.replace("_", "-"): value for name, value in headers.items()})


def gives(content: bytes, **headers: str) -> Odd:
    return lambda handler: handler.send(200, content, {name.replace("_", "-"): each for name, each in headers.items()})


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def test_without_sessions_basic_opens_a_board(board: FakeBoard) -> None:
    board.odd[f"POST {SESSIONS}"] = says(405)
    assert read(board).identity.serial == "7KQX2Z3"
    assert [asked for asked in board.asked if not asked.startswith("GET")] == [f"POST {SESSIONS}"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "x"), (400, "Base.1.4.UnauthorizedLoginAttempt"), (403, "Password")]
)
def test_a_password_that_is_wrong_is_not_tried_by_basic_too(board: FakeBoard, status: int, code: str) -> None:
    board.odd[f"POST {SESSIONS}"] = lambda handler: handler.say(status, {"error": {"code": code}})
    with pytest.raises(Refused, match="takes no such user and password"):
        read(board)
    assert board.asked == [f"GET {ROOT}", f"POST {SESSIONS}"]


def test_without_a_user_a_board_that_wants_one_says_so(board: FakeBoard) -> None:
    with pytest.raises(Garbled, match="wants a user and a password"):
        read(board, user=None, password=None)


def test_what_two_chassis_link_is_there_once() -> None:
    other = CHASSIS.replace("System", "Other")
    shared = (
        PLAIN | collection("/redfish/v1/Chassis", "System.Embedded.1", "Other.Embedded.1") | {other: PLAIN[CHASSIS]}
    )
    once, twice = (Reader(InHand(resources)).read() for resources in (PLAIN, shared))
    kinds = ("power_supply", "disk")
    assert [each for each in twice.found.items if each.kind in kinds] == [
        each for each in once.found.items if each.kind in kinds
    ]
    assert (twice.parts.sensors, twice.found.redundant) == (once.parts.sensors, once.found.redundant)


def test_a_session_that_ended_is_begun_anew(board: FakeBoard) -> None:
    def ends_them_all(handler: Handler) -> None:
        board.tokens.clear()
        del board.odd[MEMORY]
        handler.say(401, {})

    board.odd[MEMORY] = ends_them_all
    reading = read(board)
    assert (len(reading.parts.memory), reading.troubles) == (2, [])


def test_what_a_board_does_not_have_is_no_trouble_and_what_it_refuses_is_a_line(board: FakeBoard) -> None:
    board.odd = {MEMORY: says(404), f"{SYSTEM}/Processors": says(403), f"{CHASSIS}/Power": says(500)}
    reading = read(board)
    assert reading.troubles == [
        f"{CHASSIS}/Power: status 500",
        f"{SYSTEM}/Processors: status 403, not for this user",
    ]
    assert {"memory", "disk"} <= reading.found.told
    assert not {"processor", "power_supply"} & reading.found.told


def test_a_board_that_is_busy_is_asked_again(board: FakeBoard) -> None:
    answers = iter([503, 429])

    def busy(handler: Handler) -> None:
        if (status := next(answers, None)) is None:
            del board.odd[MEMORY]
            handler.do_GET()
        else:
            says(status, Retry_After="0")(handler)

    board.odd[MEMORY] = busy
    reading = read(board)
    assert (len(reading.parts.memory), reading.troubles) == (2, [])


def test_a_redirect_is_followed_on_the_board_itself_alone(board: FakeBoard) -> None:
    board.resources[f"{MEMORY}2"] = board.resources[MEMORY]
    board.odd[MEMORY] = says(308, Location=f"{MEMORY}2")
    board.odd[f"{CHASSIS}/Power"] = says(302, Location="https://192.0.2.1/redfish/v1/Chassis/1/Power")
    board.odd[f"{SYSTEM}/Processors"] = says(302, Location=f"{SYSTEM}/Processors")
    reading = read(board)
    assert len(reading.parts.memory) == 2
    assert reading.troubles == [
        f"{CHASSIS}/Power: a link that leads elsewhere: 'https://192.0.2.1/redfish/v1/Chassis/1/Power'",
        f"{SYSTEM}/Processors: more than 3 redirects",
    ]


@pytest.mark.parametrize(
    "elsewhere",
    ["https://192.0.2.1/redfish/v1/x", "//192.0.2.1/redfish/v1/x", "x", "file:///etc/passwd", "/x\r\nHost: y"],
)
def test_a_link_leads_nowhere_else(board: FakeBoard, elsewhere: str) -> None:
    board.resources[SYSTEM]["Memory"] = link(elsewhere)
    reading = read(board)
    assert (len(reading.parts.memory), len(reading.troubles)) == (0, 1)
    assert "leads elsewhere" in reading.troubles[0]


def test_an_answer_in_chunks_or_one_that_ends_with_its_connection_is_read(board: FakeBoard) -> None:
    def in_chunks(handler: Handler) -> None:
        packed = gzip.compress(json.dumps(board.at(MEMORY)).encode())
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in packed)
        handler.wfile.write(head + chunks + b"0\r\n\r\n")

    def until_the_end(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n\xef\xbb\xbf" + json.dumps(board.at(f"{CHASSIS}/Power")).encode())
        handler.close_connection = True

    board.odd = {MEMORY: in_chunks, f"{CHASSIS}/Power": until_the_end}
    reading = read(board)
    assert (len(reading.parts.memory), reading.troubles) == (2, [])
    assert reading.found.redundant["System Board PS Redundancy"]


def test_pages_are_read_to_their_end(board: FakeBoard) -> None:
    whole = board.resources[MEMORY]["Members"]
    for number, member in enumerate(whole):
        more = {"Members@odata.nextLink": f"{MEMORY}?$skip={number + 1}"} if member is not whole[-1] else {}
        page = {"Members": [member], **more}
        board.odd[MEMORY if number == 0 else f"{MEMORY}?$skip={number}"] = gives(json.dumps(page).encode())
    reading = read(board)
    assert (len(reading.parts.memory), reading.troubles) == (2, [])


def test_pages_without_end_end(board: FakeBoard) -> None:
    board.resources[MEMORY]["Members@odata.nextLink"] = MEMORY
    reading = read(board)
    assert (len(reading.parts.memory), reading.troubles) == (2, [f"{MEMORY}: pages without end"])


def test_a_collection_that_holds_itself_and_twenty_thousand_others_is_read_in_bounds(board: FakeBoard) -> None:
    board.resources[MEMORY]["Members"] = [link(MEMORY)] + [link(f"{MEMORY}/x{number}") for number in range(20_000)]
    reading = read(board)
    assert reading.troubles == [f"{MEMORY}: more than 512 members"]
    assert len(board.asked) < 600


def test_a_query_that_a_board_promised_and_refuses_is_not_asked_twice() -> None:
    with served(DELL) as board:
        for path in (MEMORY, f"{CHASSIS}/Sensors"):
            board.odd[f"{path}?$expand=.($levels=1)"] = says(501)
        reading = read(board)
        asked = [each.partition(MEMORY)[2] for each in board.asked if MEMORY in each]
    assert (len(reading.parts.memory), reading.troubles) == (2, [])
    slots = [f"/DIMM.Socket.A{number}" for number in (1, 2, 3)]
    assert asked == ["?$expand=.($levels=1)", "", *slots]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (gives(b"<html>"), "no JSON: b'<html>'"),
        (gives(b"[" * 100_000), "no JSON: b'" + "[" * 60 + "'"),
        (gives(b"[]"), "JSON that is no object"),
        (gives(b" " * (3 << 20)), "more than 2 MiB"),
        (gives(gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"), "more than 2 MiB"),
        (gives(b"{}", Content_Encoding="br"), "packed as 'br', which was not asked for"),
        (gives(b"{}", Content_Encoding="gzip"), "no HTTP: Error -3 while decompressing data: incorrect header check"),
    ],
)
def test_an_answer_that_is_none_costs_its_resource(board: FakeBoard, odd: Odd, said: str) -> None:
    board.odd[MEMORY] = odd
    reading = read(board)
    assert (reading.troubles, len(reading.parts.storage)) == ([f"{MEMORY}: {said}"], 2)


def test_a_board_that_dies_on_the_way_leaves_what_it_has_told(board: FakeBoard) -> None:
    def dies(handler: Handler) -> None:
        board.odd[ROOT] = hangs_up
        hangs_up(handler)

    board.odd[MEMORY] = dies
    reading = read(board)
    assert [trouble.partition(": ")[0] for trouble in reading.troubles] == [MEMORY, "the rest"]
    assert reading.troubles[1] == "the rest: the board answers no more; what was read stays"
    assert (len(reading.parts.storage), len(reading.parts.memory)) == (2, 0)
    assert reading.found.told == frozenset()


def test_a_resource_on_which_a_board_hangs_up_costs_itself(board: FakeBoard) -> None:
    board.odd[MEMORY] = hangs_up
    reading = read(board)
    assert (len(reading.troubles), len(reading.parts.processors)) == (1, 1)


def test_one_that_drips_is_cut_at_its_time(board: FakeBoard) -> None:
    ended = threading.Event()

    def drips(handler: Handler) -> None:
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                handler.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            ended.set()

    board.odd[MEMORY] = drips
    reading = read(board, timeout_seconds=4.0)
    assert reading.troubles == [f"{MEMORY}: no answer within 4 s"]
    assert ended.wait(30)


def test_a_reading_ends_when_its_time_is_over(board: FakeBoard) -> None:
    never = threading.Event()

    def waits(_: Handler) -> None:
        never.wait(60)

    board.odd[MEMORY] = waits
    reader = Reader(Service(known(board)))
    reading = reader.read(6.0)
    never.set()
    reader.close()
    assert reading.troubles[-1] == "the rest: the time for one reading is over; what was read stays"
    assert len(reading.parts.storage) == 2


@pytest.mark.parametrize(
    ("odd", "error", "said"),
    [
        (says(500), Garbled, "no Redfish service: /redfish/v1/ answers with status 500"),
        (gives(b'{"a": 1}'), Garbled, "no Redfish service: /redfish/v1/ is something else"),
        (hangs_up, NoAnswer, "no answer: Remote end closed connection without response"),
    ],
)
def test_what_is_no_board_is_told(board: FakeBoard, odd: Odd, error: type[Exception], said: str) -> None:
    board.odd[ROOT] = odd
    with pytest.raises(error) as raised:
        read(board)
    assert said in str(raised.value)


def test_a_root_without_a_slash_is_found(board: FakeBoard) -> None:
    board.odd[ROOT] = says(404)
    assert read(board).identity.serial == "7KQX2Z3"


def test_a_sensor_that_is_switched_off_reads_nothing() -> None:
    heat = {"Name": "CPU2", "ReadingCelsius": 0, "Status": {"State": "Disabled"}}
    fan = {"Name": "Fan2", "Reading": 0, "Status": {"State": "UnavailableOffline"}}
    thermal = {f"{CHASSIS}/Thermal": {"Temperatures": [heat], "Fans": [fan]}}
    sensors = Reader(InHand(PLAIN | thermal)).read().parts.sensors
    assert not {"CPU2", "Fan2"} & {sensor.description for sensor in sensors}


def test_a_board_that_shows_nobody_anything_says_so(board: FakeBoard) -> None:
    board.odd[ROOT] = says(401)
    with pytest.raises(Refused, match="wants a user and a password"):
        read(board, user=None, password=None)


JUNK: tuple[Any, ...] = (
    None, 7, -1.5, True, "", "\ud800\0 x", "9" * 5000, [], [None, 1, "x", [], {}], {}, {"@odata.id": 1},
    {"@odata.id": "/"}, {"Reading": {"Reading": []}}, [[{"@odata.id": SYSTEM}]],
)  # fmt: skip


def test_a_property_of_any_type_spoils_no_reading() -> None:
    junk = itertools.cycle(JUNK)
    for path, resource in PLAIN.items():
        for name in resource:
            spoilt = resource | {name: next(junk)}
            try:
                reading = Reader(InHand(PLAIN | {path: spoilt})).read()
            except Garbled:
                assert path == ROOT
                continue
            json.dumps(as_board_document(reading)).encode()
            lines = as_prometheus(samples(reading)).splitlines()
            series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
            assert len(series) == len(set(series))


def test_what_some_boards_write_in_their_own_way_is_understood() -> None:
    """Facts of iDRAC 8 (decimal megabytes, HealthRollUp) and CIMC (an object for an array)."""
    own = PLAIN | {
        f"{MEMORY}/DIMM.Socket.A1": PLAIN[f"{MEMORY}/DIMM.Socket.A1"] | {"CapacityMiB": 15625},
        f"{CHASSIS}/Power": {"PowerControl": {"Name": "Draw", "PowerConsumedWatts": "210"}},
        SYSTEM: PLAIN[SYSTEM] | {"Status": {"Health": "OK", "HealthRollUp": "Critical"}},
    }
    reading = Reader(InHand(own)).read()
    assert [module.size_bytes for module in reading.parts.memory] == [16 << 30, 16 << 30]
    assert [each.value for each in reading.parts.sensors if each.class_ == "power"] == [210]
    assert {each.part: each.state for each in reading.found.health}["srv-07"] == "critical"


def test_names_that_repeat_are_told_apart_and_too_many_are_not_all_told() -> None:
    fans = [
        {"Name": "Fan", "Reading": number, "ReadingUnits": "RPM", "Status": {"Health": "OK"}} for number in range(500)
    ]
    thermal = {f"{CHASSIS}/Thermal": {"Fans": fans}}
    reading = Reader(InHand(PLAIN | thermal)).read()
    speeds = [labels for family, labels, _ in samples(reading) if family.name == "keskidee_sensor_fan_rpm"]
    assert len(speeds) == len({labels["oid"] for labels in speeds}) == 400


def test_memory_that_a_board_forgets_while_its_system_is_off_is_not_told_as_gone() -> None:
    off = PLAIN | {SYSTEM: PLAIN[SYSTEM] | {"PowerState": "Off"}} | collection(MEMORY)
    reading = Reader(InHand(off)).read()
    assert not {"memory", "memory_slot"} & reading.found.told
    assert {"disk", "power_supply", "system"} <= reading.found.told
