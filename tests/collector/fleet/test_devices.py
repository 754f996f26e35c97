"""Devices that an agent polls: who may speak for them, who is handed what opens them, and what their silence means."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_agent.devices.poller.target import of_collector
from keskidee_agent.devices.redfish.board import board_of
from keskidee_collector.fleet import devices
from keskidee_report.codec import facts_frame
from keskidee_report.model import Family, Reading
from tests.collector.inside import ADMIN, Agent, Inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.collector.inside import Answer

UP = Family("keskidee_device_up", "gauge", "Whether the device answered", digits=0)
SWITCH = {"name": "switch-1", "address": "192.0.2.1"}
OPENED = {**SWITCH, "community": "blue sky"}
BOARD = {
    "address": "https://board.example",
    "version": "redfish",
    "community": "",
    "user": "monitor",
    "password": "green sea",
    "fingerprint": "ab" * 32,
}
INTERVAL = 60


async def polled(collector: Inside, poller: Agent, *named: dict[str, Any]) -> Any:
    """What a poller with these devices in its settings is answered."""
    body = json.dumps({"devices": named}).encode()
    answer = await collector.ask("POST", f"/v1/machines/{poller.id}/devices", body, token=poller.credential)
    assert answer.status == 200, answer
    return answer.json["devices"]


async def device_of(collector: Inside, poller: Agent, name: str = "switch-1") -> Agent:
    """A device of the poller's settings, as the poller speaks for it."""
    [row] = [row for row in await polled(collector, poller, SWITCH | {"name": name}) if row["name"] == name]
    return Agent(id=row["machine_id"], credential=poller.credential, instance=name)


async def told(collector: Inside, device: Agent, *, answers: bool = True, **facts: str) -> Answer:
    """One poll, as its poller tells of it."""
    reading = Reading("snmp", "ok" if answers else "timed_out", "" if answers else "no answer", 0.1, [UP(int(answers))])
    frames = collector.round(device, reading)
    facts |= {"hostname": device.instance, "interval_seconds": str(INTERVAL), "interval_own": "true"}
    return await collector.post(device, [facts_frame(facts), *frames])


@pytest.fixture
def collector(tmp_path: Path) -> Inside:
    return Inside(tmp_path)


def test_a_device_of_an_agents_settings_is_a_machine_for_which_that_agent_speaks(collector: Inside) -> None:
    async def course() -> None:
        poller, other = await collector.enrol("poller"), await collector.enrol("other")
        device = await device_of(collector, poller)
        assert (await told(collector, device)).json == {"interval_seconds": INTERVAL}
        found = await collector.samples()
        assert found["keskidee_device_up", (("instance", "switch-1"),)] == 1
        row = collector.machine(device)
        assert (row.role, row.site, row.poller_id) == ("device", "default", poller.id)
        strange = Agent(id=device.id, credential=other.credential, instance="switch-1")
        assert (await told(collector, strange)).status == 401
        body = json.dumps({"devices": []}).encode()
        assert (
            await collector.ask("POST", f"/v1/machines/{device.id}/devices", body, token=poller.credential)
        ).status == 401

    asyncio.run(course())


def test_a_devices_page_says_who_asks_it_and_where(collector: Inside) -> None:
    async def course() -> str:
        device = await device_of(collector, await collector.enrol("poller"))
        return (await collector.ask("GET", f"/machines/{device.id}")).body.decode()

    facts = re.sub(r"</?(bdi|div)>", "", asyncio.run(course()))
    assert "<dt>Asked by</dt><dd>poller</dd>" in facts
    assert "<dt>Asked at</dt><dd>192.0.2.1 port 161</dd>" in facts


def test_what_is_taken_out_of_the_settings_is_retired_and_comes_back_under_its_record(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        first = await polled(collector, poller, SWITCH)
        assert await polled(collector, poller) == []
        assert collector.states()["switch-1-retired-" + first[0]["machine_id"][:8]] == "retired"
        again = collector.again()
        assert await polled(again, poller, SWITCH | {"site": "suva"}) == first
        machine = again.state.fleet.get(first[0]["machine_id"])
        assert machine is not None
        assert (machine.instance, machine.site, machine.retired_at) == ("switch-1", "suva", None)

    asyncio.run(course())


def test_a_device_added_at_the_collector_is_handed_to_its_poller_and_its_secrets_to_nobody_else(
    collector: Inside,
) -> None:
    async def course() -> None:
        poller, other = await collector.enrol("poller"), await collector.enrol("other")
        asked = json.dumps({"poller": "poller", **OPENED, "site": "suva"}).encode()
        for stranger in ("", poller.credential):
            assert (await collector.ask("POST", "/v1/devices", asked, token=stranger)).status == 401
        added = await collector.ask("POST", "/v1/devices", asked, token=ADMIN)
        assert (added.status, added.json["instance"], added.json["site"]) == (201, "switch-1", "suva")
        assert b"blue sky" not in added.body
        after = collector.again()
        assert (await after.report(poller)).json["devices"] == 1
        assert "devices" not in (await after.report(other)).json
        [handed] = await polled(after, poller)
        assert (handed["machine_id"], handed["community"]) == (added.json["id"], "blue sky")
        assert await polled(after, other) == []
        listed = await after.ask("GET", "/v1/devices")
        second = {**OPENED, "name": "switch-2", "site": "default"}
        assert (await after.administer("POST", "/v1/devices", second)).json["poller"] == "poller"
        assert (await after.administer("POST", "/v1/devices", second | {"site": "suva"})).json["title"] == "poller"
        assert b"blue sky" not in listed.body
        assert [(row["instance"], row["poller"], row["in_settings"]) for row in listed.json["devices"]] == [
            ("switch-1", "poller", False)
        ]
        for row in (await after.ask("GET", "/v1/devices")).json["devices"]:
            assert (await after.ask("DELETE", f"/v1/devices/{row['id']}", token=ADMIN)).status == 204
        assert await polled(after, poller) == []
        assert "devices" not in (await after.report(poller)).json

    asyncio.run(course())


def test_a_server_board_added_at_the_collector_is_handed_to_its_poller_with_its_password_and_pin(
    collector: Inside,
) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        asked = {**OPENED, **BOARD, "address": "https://[2001:db8::7]:8443", "poller": "poller"}
        added = await collector.administer("POST", "/v1/devices", asked)
        assert (added.status, added.json["port"], b"green sea" in added.body) == (201, 8443, False)
        [handed] = await polled(collector.again(), poller)
        target = of_collector(handed)
        assert (target.address.host, target.credential) == ("2001:db8::7", None)
        assert target.board == board_of(
            "https://[2001:db8::7]:8443", user="monitor", password="green sea", fingerprint="ab" * 32
        )

    asyncio.run(course())


@pytest.mark.parametrize(
    ("wrong", "title"),
    [
        ({"poller": "nobody"}, "poller"),
        ({"community": ""}, "malformed"),
        ({"version": "3"}, "malformed"),
        ({"version": "3", "community": "", "user": "u", "priv_passphrase": "long enough"}, "malformed"),
        ({"port": 0}, "malformed"),
        ({"site": "suva\n"}, "malformed"),
        ({"comunity": "x"}, "malformed"),
        ({"address": "https://board.example"}, "malformed"),
        ({"address": "http://192.0.2.1", "version": "redfish", "community": ""}, "malformed"),
        ({**BOARD, "password": ""}, "malformed"),
        ({**BOARD, "community": "c"}, "malformed"),
        ({**BOARD, "fingerprint": "12"}, "malformed"),
        ({**BOARD, "address": "https://board.example/redfish"}, "malformed"),
        ({"password": "x"}, "malformed"),
    ],
)
def test_a_device_that_makes_no_sense_is_refused(collector: Inside, wrong: dict[str, Any], title: str) -> None:
    async def course() -> None:
        await collector.enrol("poller")
        answer = await collector.administer("POST", "/v1/devices", {"poller": "poller", **OPENED, **wrong})
        assert (answer.status, answer.json["title"]) == (422, title)
        assert (await collector.ask("GET", "/v1/devices")).json == {"devices": []}

    asyncio.run(course())


def test_a_row_of_other_rules_keeps_no_collector_from_starting(
    collector: Inside, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        row, _ = await polled(collector, poller, SWITCH, SWITCH | {"name": "switch-2"})
        with closing(sqlite3.connect(tmp_path / "register.db")) as database, database:
            database.execute(
                "UPDATE devices SET settings = ? WHERE machine_id = ?", (b'{"name": ""}', row["machine_id"])
            )
        after = collector.again()
        assert [each.settings.name for each in after.state.devices] == ["switch-2"]
        assert f"machine={row['machine_id']}" in caplog.text
        after.state.close()

    asyncio.run(course())


def test_a_device_that_does_not_answer_is_silent_and_stays_so_over_a_restart(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        device = await device_of(collector, poller)
        await told(collector, device)
        for _ in range(4):
            collector.clock.wait(INTERVAL)
            await collector.report(poller)
            await told(collector, device, answers=False)
        assert collector.states() == {"poller": "on", "switch-1": "silent"}
        assert (await collector.samples())["keskidee_device_up", (("instance", "switch-1"),)] == 0
        await collector.state.journal.store()
        (collector.state.directory / "alive").touch()
        os.utime(collector.state.directory / "alive", (collector.clock.at, collector.clock.at))
        again = collector.again()
        assert again.states()["switch-1"] == "silent"
        await told(again, device)
        assert again.states()["switch-1"] == "on"

    asyncio.run(course())


def test_where_its_poller_is_silent_a_device_is_not(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        await collector.enrol("witness")
        device = await device_of(collector, poller)
        await told(collector, device)
        await collector.report(poller)
        collector.clock.wait(4 * INTERVAL)
        assert collector.states() | {"witness": ""} == {"poller": "silent", "switch-1": "link_down", "witness": ""}

    asyncio.run(course())


def test_a_printer_is_switched_off_by_people(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        device = await device_of(collector, poller)
        await told(collector, device, kind="printer")
        for _ in range(4):
            collector.clock.wait(INTERVAL)
            await told(collector, device, answers=False, kind="printer")
        assert collector.states()["switch-1"] == "off"

    asyncio.run(course())


def test_a_device_is_an_asset_of_its_kind_and_another_box_in_its_place_is_told(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        [row] = await polled(collector, poller, SWITCH | {"asset_tag": "SPC-7"})
        device = Agent(id=row["machine_id"], credential=poller.credential, instance="switch-1")
        await told(collector, device, kind="network", maker="Cisco", serial="FOC1")
        await collector.state.assets.following.follow(collector.state.fleet, collector.clock.at)
        await told(collector, device, kind="network", maker="Cisco", serial="FOC2")
        await collector.state.assets.following.follow(collector.state.fleet, collector.clock.at)
        assert collector.states()["switch-1"] == "on"
        [asset] = (await collector.ask("GET", "/v1/assets?kind=network")).json["assets"]
        assert (asset["name"], asset["serial"], asset["asset_tag"]) == ("switch-1", "FOC2", "SPC-7")
        [*_, change] = (await collector.ask("GET", "/v1/assets/changes")).json["changes"]
        assert (change["before"], change["after"]) == ({"serial": "FOC1"}, {"serial": "FOC2"})

    asyncio.run(course())


def test_a_poller_cannot_fill_the_register_with_devices(collector: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        monkeypatch.setattr(devices, "RECORDS_AT_MOST", 3)
        for name in ("a", "b", "c"):
            await polled(collector, poller, SWITCH | {"name": name})
        body = json.dumps({"devices": [SWITCH | {"name": "d"}]}).encode()
        answer = await collector.ask("POST", f"/v1/machines/{poller.id}/devices", body, token=poller.credential)
        assert (answer.status, answer.json["title"]) == (422, "limit")
        assert len(collector.states()) == 4
        assert [row["name"] for row in await polled(collector, poller, SWITCH | {"name": "a"})] == ["a"]

    asyncio.run(course())
