"""What a collector knows of its machines when it starts again."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.fleet.machine import SCHEMAS_KEPT
from keskidee_collector.state import ALIVE_FILE, State
from keskidee_config import CollectorSettings
from keskidee_report.model import Family, Reading
from tests.collector.inside import Inside
from tests.collector.web.collector import Collector

if TYPE_CHECKING:
    from pathlib import Path

OUTAGE_SECONDS = 3600


def states_after_a_restart(directory: Path, *, silent_seconds: float) -> list[str]:
    """The state of a machine whose last report was so long ago when the collector stopped, an hour later."""
    before = Collector(directory)
    before.report(before.join("srv-01"))
    before.wait(silent_seconds)
    (directory / ALIVE_FILE).touch()
    os.utime(directory / ALIVE_FILE, (before.at, before.at))
    before.state.close()
    restarted_at = before.at + OUTAGE_SECONDS
    after = State(CollectorSettings(), directory, version="0.1.0", now=lambda: restarted_at)
    found = [after.machine_state(machine) for machine in after.fleet]
    after.close()
    return found


def test_a_machine_that_was_on_is_on_while_it_has_had_no_time_to_report(tmp_path: Path) -> None:
    assert states_after_a_restart(tmp_path, silent_seconds=20) == ["on"]


def test_a_machine_that_was_silent_stays_silent_until_it_reports(tmp_path: Path) -> None:
    assert states_after_a_restart(tmp_path, silent_seconds=60) == ["silent"]


def test_reports_under_more_names_than_are_kept_are_still_known_as_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> int:
        collector = Inside(tmp_path)
        agent = await collector.enrol("srv-01")
        rounds = []
        for number in range(2 * SCHEMAS_KEPT):
            collector.clock.wait(15)
            rounds.append(
                collector.round(agent, Reading("t", "ok", samples=[Family(f"my_{number}", "gauge", "")(1.0)]))
            )
            assert (await collector.post(agent, rounds[-1])).status == 200
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        after = collector.again()
        for each in rounds:
            assert (await after.post(agent, each)).status == 200
        counted = (await after.samples("/metrics/self"))["keskidee_collector_reports_total", (("result", "repeat"),)]
        after.state.close()
        return int(counted)

    assert (asyncio.run(run()), caplog.messages) == (2 * SCHEMAS_KEPT, [])


@pytest.mark.parametrize("steps", [(3600, -3600), (-3600, 3600), (-3600, -3600), (3600, 3600)])
def test_the_report_that_came_last_is_shown_whatever_the_clock_was_set_to(
    tmp_path: Path, steps: tuple[int, int]
) -> None:
    async def run() -> None:
        collector = Inside(tmp_path)
        agent = await collector.enrol("srv-01")
        for load, step in enumerate((0, *steps)):
            collector.clock.step(step)
            collector.clock.wait(15)
            await collector.report(agent, value=load)
        collector.clock.wait(5)
        after = collector.again()
        assert await after.load(agent) == 2
        after.clock.wait(15)
        await after.report(agent, value=3)
        assert await after.load(agent) == 3
        after.state.close()

    asyncio.run(run())
