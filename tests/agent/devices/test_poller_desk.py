"""What becomes of polls: reports of the device, over a line that many share; while the collector is away they wait."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.devices.engine import Address, Credential
from keskidee_agent.devices.poller.desk import Desk, Line
from keskidee_agent.devices.poller.target import Target
from keskidee_agent.devices.poller.watch import UP, Poll
from keskidee_agent.transport.origin import origin_of
from keskidee_report.model import OK, TIMED_OUT, Reading
from tests.collector.served import Served
from tests.processes import find_free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 90
DEVICES = 3


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "first").mkdir()
    served = Served(tmp_path / "first", {}, listen=f"127.0.0.1:{find_free_port()}")
    yield served
    served.stop()


def desks(collector: Served, folder: Path, line: Line) -> list[Desk]:
    """One for each device of an agent that is enrolled there."""
    poller = collector.enrol("poller")
    named = [{"name": f"switch-{number}", "address": "192.0.2.1"} for number in range(DEVICES)]
    body = json.dumps({"devices": named}).encode()
    answer = collector.ask("POST", f"/v1/machines/{poller.id}/devices", body, token=poller.credential)
    return [
        Desk(target(row["machine_id"], row["name"]), line, poller.credential, folder / row["name"], {})
        for row in answer.json["devices"]
    ]


def target(machine_id: str, name: str) -> Target:
    return Target(
        machine_id=machine_id,
        name=name,
        address=Address(host="192.0.2.1"),
        credential=Credential(),
        interval_seconds=5,
    )


def poll(*, is_up: bool = True) -> Poll:
    outcome = (OK, "") if is_up else (TIMED_OUT, "no answer")
    return Poll(readings=[Reading("snmp", *outcome, 0.1, [UP(int(is_up))])], is_up=is_up)


def up(collector: Served) -> int:
    return sum(name == UP.name and value == 1 for (name, _), value in collector.samples("/metrics").items())


def taken(collector: Served) -> float:
    """Reports that the collector has, live ones and late ones."""
    return sum(collector.counts().get(result, 0) for result in ("stored", "late"))


@pytest.mark.slow
def test_polls_become_reports_and_none_is_lost_while_the_collector_is_away(
    collector: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = Line(origin_of(f"http://127.0.0.1:{collector.port}"), "", None)
    those = desks(collector, tmp_path / "spools", line)
    for desk in those:
        desk.put(poll())
    wait_until(lambda: up(collector) == DEVICES, "the first reports", SECONDS)
    collector.kill()
    for _ in range(4):
        for desk in those:
            desk.put(poll())
    wait_until(lambda: [desk.waiting for desk in those] == [4] * DEVICES, "what waits", SECONDS)
    assert capsys.readouterr().err.count("delivery=failing") == 1
    collector.start()
    calls = count()

    def all_came() -> bool:
        if next(calls) % 20 == 0:  # each second another round, which takes the earlier ones along
            for desk in those:
                desk.put(poll())
        return not any(desk.waiting for desk in those)

    wait_until(all_came, "all reports", SECONDS)
    for desk in those:
        desk.close()
    line.close(SECONDS)
    assert taken(collector) >= 4 * DEVICES
    assert "devices delivery=working" in capsys.readouterr().err


def test_a_device_that_turns_silent_is_told_once(
    collector: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = Line(origin_of(f"http://127.0.0.1:{collector.port}"), "", None)
    desk, *_ = desks(collector, tmp_path / "spools", line)
    for is_up in (True, False, False, True, True):
        desk.put(poll(is_up=is_up))
    desk.close()
    line.close(SECONDS)
    assert capsys.readouterr().err.splitlines() == [
        "keskidee agent: device='switch-0' answers=no reason='no answer'",
        "keskidee agent: device='switch-0' answers=yes",
    ]
