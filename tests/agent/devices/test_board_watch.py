"""A server board from poll to poll: what moves is read each time, what stays each hour; and settings that name one."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.devices.commands import ENGINES
from keskidee_agent.devices.metrics import info
from keskidee_agent.devices.poller.board import BoardWatch, wait_for_leaving
from keskidee_agent.devices.poller.device import Device
from keskidee_agent.devices.poller.stock import taken
from keskidee_agent.devices.poller.target import listed, of_collector, of_settings
from keskidee_agent.devices.poller.watch import Poll
from keskidee_agent.devices.secrets import WrongSecret
from keskidee_config import AgentSettings, ConfigError, DeviceSettings, load
from keskidee_report.model import DENIED, OK, TIMED_OUT
from tests.agent.devices.boards import FakeBoard, Handler, known, served
from tests.agent.devices.test_board_lies import CHASSIS, DELL, MEMORY, SYSTEM, hangs_up, says

HOUR = 3600.0


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def board() -> Iterator[FakeBoard]:
    with served(DELL) as board:
        yield board


def polled(watch: BoardWatch) -> Poll:
    return asyncio.run(watch.poll(10.0))


def value(poll: Poll, name: str, **labels: str) -> float:
    """Of one series that the labels tell from the others."""
    samples = [sample for reading in poll.readings for sample in reading.samples]
    [found] = [each for family, has, each in samples if family.name == name and has.items() >= labels.items()]
    return found


def test_what_moves_is_read_in_each_poll_and_what_stays_when_it_is_due(board: FakeBoard) -> None:
    clock = Clock()
    watch = BoardWatch(known(board), ticks=clock)
    first = polled(watch)
    assert first.whole is not None
    assert [(reading.source, reading.outcome) for reading in first.readings] == [("redfish", OK), ("sensors", OK)]

    board.resources[f"{CHASSIS}/Thermal"]["Temperatures"][0]["ReadingCelsius"] = 31
    board.resources[f"{MEMORY}/DIMM.Socket.A1"]["SerialNumber"] = "402B1D99"
    board.asked.clear()
    clock.now += 60
    second = polled(watch)
    assert (second.whole, value(second, "keskidee_sensor_celsius", sensor="System Board Inlet Temp")) == (None, 31)
    assert sorted({asked.partition("?")[0] for asked in board.asked}) == [
        f"GET {CHASSIS}/Power",
        f"GET {CHASSIS}/Thermal",
        "GET /redfish/v1/Systems",
        f"GET {SYSTEM}/Storage",
    ]

    clock.now += 300
    third = polled(watch)  # a part was exchanged: the register is told at once
    assert third.whole is not None
    assert "402B1D99" in {each.fields.get("serial") for each in taken(third.whole).items.values()}
    clock.now += HOUR
    board.asked.clear()
    assert polled(watch).whole is not None
    assert board.asked[0] == "GET /redfish/v1/"


def test_a_resource_that_did_not_change_costs_no_bytes() -> None:
    plain = {path: resource | {"@odata.etag": f'"{number}"'} for number, (path, resource) in enumerate(DELL.items())}
    plain["/redfish/v1/"].pop("ProtocolFeaturesSupported")
    with served(plain) as board:
        clock = Clock()
        watch = BoardWatch(known(board), ticks=clock)
        polled(watch)
        board.unchanged.clear()
        clock.now += HOUR
        poll = polled(watch)
        assert "/redfish/v1/UpdateService" in board.unchanged
        # some boards keep the ETag of these while their health moves
        assert not {f"{CHASSIS}/Thermal", f"{MEMORY}/DIMM.Socket.A1"} & set(board.unchanged)
    assert (value(poll, "keskidee_device_up"), value(poll, "keskidee_device_unread_tables")) == (1, 0)


def test_what_could_not_be_read_stays_told_until_it_is_read(board: FakeBoard) -> None:
    clock = Clock()
    watch = BoardWatch(known(board), ticks=clock)
    board.odd[f"{MEMORY}/DIMM.Socket.A1"] = board.odd[MEMORY] = says(500)
    for seconds, troubles in ((0, 1), (60, 1)):
        clock.now += seconds
        assert value(polled(watch), "keskidee_device_unread_tables") == troubles
    board.odd.clear()
    clock.now += 300
    assert value(polled(watch), "keskidee_device_unread_tables") == 0


def test_a_board_stays_who_it_was_where_its_systems_are_not_told(board: FakeBoard) -> None:
    clock = Clock()
    watch = BoardWatch(known(board), ticks=clock)
    first = polled(watch)
    assert first.whole is not None
    board.odd["/redfish/v1/Systems"] = says(503, Retry_After="0")
    clock.now += 60
    second = polled(watch)
    assert (second.whole, value(second, "keskidee_device_unread_tables")) == (None, 1)
    assert info(first.whole.identity) in second.readings[0].samples


def test_a_board_that_is_silent_is_down_and_comes_back(board: FakeBoard) -> None:
    clock = Clock()
    watch = BoardWatch(known(board), ticks=clock)
    polled(watch)
    odd = dict.fromkeys(["/redfish/v1/", *(path.rstrip("/") for path in board.resources)], hangs_up)
    board.odd = dict(odd)
    clock.now += 60
    silent = polled(watch)
    assert (silent.is_up, silent.readings[0].outcome) == (False, TIMED_OUT)
    assert value(silent, "keskidee_device_up") == 0
    board.odd.clear()
    clock.now += 60
    assert value(polled(watch), "keskidee_device_up") == 1


def test_a_password_that_is_refused_is_not_tried_in_each_poll(board: FakeBoard) -> None:
    clock = Clock()
    watch = BoardWatch(known(board, password="guess"), ticks=clock)
    outcomes = []
    for _ in range(12):
        outcomes.append(polled(watch).readings[0].outcome)
        clock.now += 60
    assert outcomes == [DENIED] * 12
    assert sum(asked.startswith("POST") for asked in board.asked) == 2  # at once, and after five minutes


def test_the_session_ends_with_the_watch(board: FakeBoard) -> None:
    watch = BoardWatch(known(board))
    polled(watch)
    assert len(board.tokens) == 1
    watch.close()
    wait_for_leaving(30)
    assert board.tokens == set()


def test_a_poll_that_nobody_waits_for_ends_by_itself(board: FakeBoard) -> None:
    async def cancelled() -> bool:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(watch.poll(10.0))

        def cancels(handler: Handler) -> None:
            loop.call_soon_threadsafe(task.cancel)
            handler.say(404, {})

        board.odd[MEMORY] = cancels
        await asyncio.wait([task])
        return task.cancelled()

    watch = BoardWatch(known(board))
    assert asyncio.run(cancelled())
    watch.close()
    wait_for_leaving(30)
    assert board.tokens == set()


def settings(tmp_path: Path, text: str) -> DeviceSettings:
    (tmp_path / "agent.yml").write_text(f"devices:\n  - name: srv-07\n    address: https://board.example\n{text}")
    [device] = load(AgentSettings, tmp_path / "agent.yml").devices
    return device


def test_settings_name_a_board(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    device = settings(
        tmp_path,
        f"    port: 8443\n    user: monitor\n    password_file: {tmp_path}/password\n    fingerprint: {'AB:' * 31}AB\n",
    )
    target = of_settings("m1", device)
    assert target.board is not None
    assert target.board.password is not None
    assert (target.board.url, target.board.user, target.board.password.reveal(), target.board.fingerprint) == (
        "https://board.example:8443",
        "monitor",
        "s3cret",
        "ab" * 32,
    )
    assert (target.address.host, target.credential, "s3cret" in repr(target)) == ("board.example", None, False)
    assert listed(device)["port"] == 8443


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    community_file: c\n", "community_file is for SNMP: a server board has user and password_file"),
        ("    user: u\n", "user and password_file go together"),
        (f"    ca_file: c\n    fingerprint: {'ab' * 32}\n", "set either fingerprint or ca_file"),
        ("    fingerprint: 0a\n", "write a SHA-256 in 64 hex digits, with or without colons"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings(tmp_path, text)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://board.example/redfish/v1/Systems", "a server board is https://HOST[:PORT]"),
        ("https://board.example:99999", "a server board is https://HOST[:PORT]"),
        ("https://a@b", "a server board is https://HOST[:PORT]"),
        ("http://192.0.2.1", "would show the password to everybody"),
    ],
)
def test_an_address_that_is_none_of_a_board_is_refused(address: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        DeviceSettings(name="srv-07", address=address)


def test_a_password_that_cannot_be_read_names_its_place(tmp_path: Path) -> None:
    device = settings(tmp_path, "    user: u\n    password_file: nowhere\n")
    with pytest.raises(WrongSecret, match="devices: srv-07: password_file: nowhere: No such file"):
        of_settings("m1", device)


def test_what_is_told_of_a_board_is_what_its_labels_say(board: FakeBoard) -> None:
    watch = BoardWatch(known(board))
    poll = polled(watch)
    watch.close()
    assert poll.whole is not None
    assert info(poll.whole.identity) in poll.readings[0].samples


def test_without_an_engine_of_snmp_boards_are_polled_and_other_devices_told_as_denied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, _ in ENGINES.values():
        monkeypatch.setitem(sys.modules, module, None)
    switch = of_collector(
        {"machine_id": "m1", "name": "sw", "address": "192.0.2.1", "port": 161, "timeout_seconds": 1.0}
        | {"version": "2c", "community": "c", "interval_seconds": 60}
    )
    nobody: Any = None  # what takes its reports
    poll = asyncio.run(Device(switch, nobody, nobody, nobody).poll(10.0))
    assert (poll.readings[0].outcome, poll.readings[0].reason) == (
        DENIED,
        "gufo-snmp or pysnmp is not installed: pip install 'keskidee[snmp]'",
    )
