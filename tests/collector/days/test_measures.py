"""How a machine did on its day: processor, memory, disks, boots, absences; never counted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.collector.counted import AVAILABLE, BOOT, DROPPED, TOTAL, Counted, busy, disks, only, run
from tests.collector.inside import NOON

if TYPE_CHECKING:
    from keskidee_collector.store.days import DayRow


def test_what_was_measured_goes_on_after_a_restart_and_counts_once(collector: Counted) -> None:
    async def measured(collector: Counted, agent: Any, at: int) -> None:
        memory = [AVAILABLE(40 + 20 * (at % 2)), TOTAL(100)]
        await collector.tell(agent, *busy(100 * at, 50 * at), *disks(0.5 * at, 100 * at), *memory)
        collector.clock.wait(300)

    async def work() -> tuple[DayRow, DayRow]:
        agent = await collector.join()
        for at in range(1, 5):
            await measured(collector, agent, at)
        before = await only(collector)
        after = collector.killed().again()
        for at in range(5, 8):
            await measured(after, agent, at)
        found = await only(after)
        after.state.close()
        return before, found

    before, found = run(work)
    assert (before.cpu_seconds, before.disk_operations, before.memory_samples, before.reports) == (450, 300, 4, 4)
    assert (found.cpu_seconds, found.disk_operations, found.memory_samples, found.reports) == (750, 500, 7, 7)
    assert found.cpu_busy_ratio == pytest.approx(1 / 3)
    assert found.disk_latency_seconds == pytest.approx(0.005)  # once: what lies on the disk is not counted again
    assert (found.memory_pressure_ratio, found.memory_pressure_worst_ratio) == (pytest.approx(3.4 / 7), 0.6)


def test_ratios_are_taken_each_five_minutes_and_reports_are_all_counted(collector: Counted) -> None:
    async def work() -> DayRow:
        agent = await collector.join()
        for at in range(11):
            await collector.tell(agent, AVAILABLE(25), TOTAL(100), *busy(60 * at, 60 * at))
            collector.clock.wait(60)
        return await only(collector)

    row = run(work)
    assert (row.reports, row.memory_samples, row.cpu_seconds, row.cpu_busy_ratio) == (11, 3, 1200, 0.5)


def test_a_boot_is_counted_with_the_time_to_its_first_report(collector: Counted) -> None:
    async def work() -> DayRow:
        agent = await collector.join()
        await collector.tell(agent, BOOT(NOON - 9_000), *busy(1000, 500))
        collector.clock.wait(300)
        await collector.tell(agent, BOOT(NOON - 9_000.7), *busy(1200, 600))
        collector.clock.wait(120)
        await collector.tell(agent, BOOT(NOON + 340), *busy(60, 0))
        collector.clock.wait(60)
        await collector.tell(agent, BOOT(NOON + 341), *busy(120, 30))
        collector.clock.wait(300)
        await collector.tell(agent, BOOT(NOON + 341), *busy(420, 130))
        return await only(collector)

    row = run(work)
    assert (row.boots, row.boot_seconds, row.cpu_seconds) == (1, 80, 300 + 490)


def test_a_boot_while_the_collector_was_away_counts_and_a_first_report_is_none(collector: Counted) -> None:
    async def work() -> list[tuple[int, float | None]]:
        agent = await collector.join()
        await collector.tell(agent, BOOT(NOON - 100))
        first = await only(collector)
        after = collector.killed()
        after.clock.wait(600)
        after = after.again()
        await after.tell(agent, BOOT(NOON + 555))
        found = await only(after)
        after.state.close()
        return [(row.boots, row.boot_seconds) for row in (first, found)]

    assert run(work) == [(0, None), (1, 45)]


def test_absences_are_counted_by_their_reason_once_each(collector: Counted) -> None:
    async def work() -> DayRow:
        agent = await collector.join()
        await collector.tell(agent, away_reason="first_start")
        for since, reason in (("100", "sleep"), ("100", "sleep"), ("900", "sleep"), ("950", "power_loss")):
            collector.clock.wait(60)
            await collector.tell(agent, away_reason=reason, away_seconds="30", away_since=since)
        await collector.rows()
        after = collector.killed()
        after.clock.wait(60)
        await after.tell(agent, away_reason="power_loss", away_seconds="30", away_since="950")
        row = await only(after)
        after.state.close()
        return row

    row = run(work)
    assert (row.aways, row.away_seconds) == ("power_loss 1, sleep 2", 90)


def test_reports_that_the_agent_gave_up_are_lost(collector: Counted) -> None:
    async def work() -> DayRow:
        agent = await collector.join()
        for full, old in ((7, 0), (7, 2), (9, 2)):
            await collector.tell(agent, DROPPED(full, reason="full"), DROPPED(old, reason="old"))
            collector.clock.wait(300)
        return await only(collector)

    assert run(work).reports_lost == 4


def test_a_machine_that_tells_nothing_of_it_has_nothing_measured(collector: Counted) -> None:
    async def work() -> DayRow:
        agent = await collector.join()
        await collector.tell(agent, TOTAL(0), AVAILABLE(float(0)))
        return await only(collector)

    row = run(work)
    assert (row.memory_pressure_ratio, row.cpu_busy_ratio, row.disk_latency_seconds, row.boot_seconds) == (None,) * 4
