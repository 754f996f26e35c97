"""The event log: what devices told their poller, kept with their assets; who may tell, and how much of it stays."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.register.events import EVENTS_AT_MOST
from tests.collector.fleet.test_devices import SWITCH, device_of, polled
from tests.collector.inside import NOON, Agent, Inside

if TYPE_CHECKING:
    from tests.collector.inside import Answer

pytestmark = pytest.mark.slow


def event(device: Agent, number: int = 1, **fields: Any) -> dict[str, Any]:
    told = {
        "machine_id": device.id, "key": f"{number:016x}", "kind": "linkDown", "trap": "1.3.6.1.6.3.1.1.5.3",
        "subject": "7", "first_at": NOON - 30, "last_at": NOON - 30, "count": 1,
        "variables": {"1.3.6.1.2.1.2.2.1.1.7": "7"},
    }  # fmt: skip
    return told | fields


async def tell(collector: Inside, poller: Agent, *events: dict[str, Any], sent_at: float = NOON) -> Answer:
    body = zlib.compress(json.dumps({"sent_at": sent_at, "events": events}).encode())
    return await collector.ask("POST", f"/v1/machines/{poller.id}/events", body, token=poller.credential)


async def log_of(collector: Inside, device: Agent, query: str = "") -> list[dict[str, Any]]:
    """The event log of a device, as anybody reads it; the numbers of its rows left out."""
    [asset] = (await collector.ask("GET", f"/v1/assets?machine_id={device.id}")).json["assets"]
    rows = (await collector.ask("GET", f"/v1/assets/{asset['id']}/events{query}")).json["events"]
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def kept(told: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("machine_id", "key")} | fields


def test_an_event_that_grows_is_one_and_a_repeat_changes_nothing(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        device = await device_of(collector, poller)
        first, more = event(device), event(device, count=40, last_at=NOON - 1)
        other = event(device, 2, kind="upsOnBattery", last_at=NOON - 9)
        for told in ([first], [more, other], [more, other]):
            assert (await tell(collector, poller, *told)).status == 204
        assert await log_of(collector, device) == [kept(more), kept(other)]
        assert await log_of(collector, device, f"?since={NOON - 5}") == [kept(more)]
        assert await log_of(collector.again(), device) == [kept(more), kept(other)]

    asyncio.run(course())


def test_times_are_on_the_collectors_clock(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        device = await device_of(collector, poller)
        told = event(device, first_at=1030.0, last_at=1090.0)
        await tell(collector, poller, told, sent_at=1100.0)
        assert await log_of(collector, device) == [kept(told, first_at=NOON - 70, last_at=NOON - 10)]

    asyncio.run(course())


def test_a_poller_tells_of_its_own_devices_and_nobody_else_does(collector: Inside) -> None:
    async def course() -> None:
        poller, other = await collector.enrol("poller"), await collector.enrol("other")
        device = await device_of(collector, poller)
        assert (await tell(collector, other, event(device), event(other))).status == 204
        as_device = Agent(id=device.id, credential=poller.credential, instance="")
        assert (await tell(collector, as_device, event(device))).status == 401
        stranger = Agent(id=poller.id, credential=other.credential, instance="")
        assert (await tell(collector, stranger, event(device))).status == 401
        own = event(device, 2)
        assert (await tell(collector, poller, own, event(other))).status == 204
        assert await log_of(collector, device) == [kept(own)]

    asyncio.run(course())


def test_the_newest_events_of_an_asset_stay(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        rows = await polled(collector, poller, SWITCH, SWITCH | {"name": "switch-2"})
        device, other = [Agent(id=row["machine_id"], credential="", instance=row["name"]) for row in rows]
        await tell(collector, poller, event(other, last_at=NOON - 999))
        for begin in (0, EVENTS_AT_MOST):
            numbers = range(begin, begin + EVENTS_AT_MOST)
            told = [event(device, number, last_at=NOON - 5000 + number) for number in numbers]
            assert (await tell(collector, poller, *told)).status == 204
        last = [row["last_at"] for row in await log_of(collector, device)]
        assert last == [NOON - 5000 + number for number in reversed(range(EVENTS_AT_MOST, 2 * EVENTS_AT_MOST))]
        assert len(await log_of(collector, other)) == 1

    asyncio.run(course())


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "x"},
        {"count": 0},
        {"first_at": -1},
        {"last_at": 1e300},
        {"kind": "k" * 300},
        {"trap": "linkDown"},
        {"variables": {"name": "x"}},
        {"variables": {f"1.{number}": "" for number in range(40)}},
    ],
)
def test_what_is_no_event_is_refused_and_nothing_with_it_is_kept(collector: Inside, wrong: dict[str, Any]) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        device = await device_of(collector, poller)
        answer = await tell(collector, poller, event(device, 1), event(device, 2, **wrong))
        assert (answer.status, answer.json["title"]) == (422, "malformed")
        await tell(collector, poller, event(device, 3, subject="9"))
        assert [row["subject"] for row in await log_of(collector, device)] == ["9"]

    asyncio.run(course())


def test_a_body_of_too_many_or_none_at_all_is_refused(collector: Inside) -> None:
    async def course() -> None:
        poller = await collector.enrol("poller")
        device = await device_of(collector, poller)
        many = [event(device, number) for number in range(EVENTS_AT_MOST + 1)]
        assert (await tell(collector, poller, *many)).status == 422
        path = f"/v1/machines/{poller.id}/events"
        bomb = zlib.compress(b" " * 50_000_000)
        asked = [await collector.ask("POST", path, body, token=poller.credential) for body in (b"", b"x", bomb)]
        assert [answer.status for answer in asked] == [422, 422, 413]

    asyncio.run(course())
