"""How many requests a machine may send: all of a minute's at once, and then as they grow back; others feel nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.view import View
from keskidee_collector.web.findings import troubles
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.collector.inside import Agent


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, limits={"requests_per_minute": 30})
    yield inside
    inside.state.close()


async def statuses(collector: Inside, agent: Agent, count: int) -> list[int]:
    return [(await collector.report(agent)).status for _ in range(count)]


def test_a_minutes_requests_may_come_at_once_and_more_as_time_goes_on(collector: Inside) -> None:
    async def run() -> list[list[int]]:
        agent = await collector.enrol("hasty")
        found = [await statuses(collector, agent, 32)]
        for seconds in (2, 600):
            collector.clock.wait(seconds)
            found.append(await statuses(collector, agent, 32))
        return found

    assert asyncio.run(run()) == [[200] * 30 + [429] * 2, [200] + [429] * 31, [200] * 30 + [429] * 2]


def test_it_is_told_when_to_come_again_and_named_for_an_hour(
    collector: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> tuple[object, ...]:
        hasty, calm = await collector.enrol("hasty"), await collector.enrol("calm")
        await statuses(collector, hasty, 40)
        refused = await collector.report(hasty)
        calm_status = (await collector.report(calm)).status
        page = await collector.samples("/metrics/self")
        counts = [
            page["keskidee_collector_refused_total", (("reason", "rate"),)],
            page["keskidee_machine_refused_reports_total", (("instance", "hasty"),)],
            page["keskidee_machine_refused_reports_total", (("instance", "calm"),)],
        ]
        told = refused.json["title"], refused.json["detail"], refused.headers["retry-after"]
        return (refused.status, told, calm_status, counts)

    told = ("rate", "more than 30 requests a minute", "30")
    assert asyncio.run(run()) == (429, told, 200, [11.0, 11.0, 0.0])
    warned = [record.getMessage() for record in caplog.records]
    assert [line.rpartition("instance=")[2] for line in warned] == ["'hasty' reason=more than 30 requests a minute"]
    named = {
        machine.instance: [each.text for each in troubles(machine)] for machine in View(collector.state).machines()
    }
    assert named == {"calm": [], "hasty": ["requests refused"]}


def test_an_hour_later_it_is_named_no_more(collector: Inside) -> None:
    async def run() -> None:
        agent = await collector.enrol("hasty")
        await statuses(collector, agent, 40)
        collector.clock.wait(3601)
        await collector.report(agent)

    asyncio.run(run())
    assert [troubles(machine) for machine in View(collector.state).machines()] == [[]]
