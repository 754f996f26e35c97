"""A machine's day: what it was, how long, and how it did; kept for good, and never counted twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.collector.counted import AVAILABLE, BOOT, DROPPED, TOTAL, Counted, busy, disks
from tests.collector.inside import NOON

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from keskidee_collector.store.days import DayRow

HOUR, DAY = 3600, 86_400
MIDNIGHT = 16 * HOUR
"""From NOON (08:00 UTC on 15 January 2027) to the next midnight."""
FRIDAY, SATURDAY, SUNDAY = "2027-01-15", "2027-01-16", "2027-01-17"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Counted]:
    inside = Counted(tmp_path)
    yield inside
    inside.state.close()


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(work())


async def only(collector: Counted) -> DayRow:
    [row] = await collector.rows()
    return row


def test_a_day_is_on_until_the_last_report_and_then_what_came_of_it(collector: Counted) -> None:
    async def work() -> list[dict[str, dict[str, float]]]:
        agent = await collector.join()
        await collector.last(agent, HOUR)
        told = [await collector.seconds()]
        collector.clock.wait(100)
        told.append(await collector.seconds())
        collector.clock.wait(200)
        told.append(await collector.seconds())
        await collector.tell(agent)
        await collector.goodbye(agent)
        collector.clock.wait(500)
        return [*told, await collector.seconds()]

    on = {"unknown": 60, "on": HOUR - 60}
    assert run(work) == [
        {FRIDAY: on},
        {FRIDAY: on},
        {FRIDAY: on | {"silent": 300}},
        {FRIDAY: on | {"silent": 300, "off": 500}},
    ]


def test_each_midnight_begins_a_row_and_the_seconds_of_a_day_are_a_day(collector: Counted) -> None:
    async def work() -> dict[str, dict[str, float]]:
        agent = await collector.join()
        await collector.tell(agent)
        collector.clock.wait(60)
        await collector.tell(agent)
        await collector.goodbye(agent)
        collector.clock.wait(MIDNIGHT + DAY + HOUR - 60)
        await collector.tell(agent)
        return await collector.seconds()

    assert run(work) == {FRIDAY: {"on": 60, "off": MIDNIGHT - 60}, SATURDAY: {"off": DAY}, SUNDAY: {"off": HOUR}}


@pytest.mark.slow
def test_a_machine_that_reports_over_midnight_is_on_on_both_days(collector: Counted) -> None:
    async def work() -> dict[str, dict[str, float]]:
        agent = await collector.join()
        await collector.tell(agent)
        await collector.last(agent, MIDNIGHT + HOUR)
        return await collector.seconds()

    assert run(work) == {FRIDAY: {"on": MIDNIGHT}, SATURDAY: {"on": HOUR}}


def test_a_desktop_that_just_goes_is_off_and_a_site_that_fell_is_cut_off(collector: Counted) -> None:
    async def work() -> dict[str, tuple[float, float, float, float]]:
        names = (
            ("pc", "desktop", "suva"),
            ("files", "server", "suva"),
            ("a", "server", "apia"),
            ("b", "server", "apia"),
        )
        agents = [await collector.join(*each) for each in names]
        for _ in range(10):
            for agent in agents:
                await collector.tell(agent)
            collector.clock.wait(60)
        for _ in range(10):
            await collector.tell(agents[1])
            collector.clock.wait(60)
            await collector.state.days.settle(collector.clock.at)
        for agent in agents[1:]:
            await collector.tell(agent)
        rows = {row.machine_id: row for row in await collector.rows()}
        found = [rows[agent.id] for agent in agents]
        return {
            name: (row.on_seconds, row.off_seconds, row.silent_seconds, row.link_down_seconds)
            for (name, _, _), row in zip(names, found, strict=True)
        }

    assert run(work) == {
        "pc": (540, 660, 0, 0),
        "files": (1200, 0, 0, 0),
        "a": (540, 0, 0, 660),
        "b": (540, 0, 0, 660),
    }


def test_while_the_collector_is_away_nothing_is_known_and_what_it_knew_is_not_lost(collector: Counted) -> None:
    async def work() -> dict[str, dict[str, float]]:
        agent = await collector.join()
        await collector.tell(agent)
        await collector.last(agent, HOUR)
        await collector.rows()
        await collector.last(agent, HOUR)  # not written
        after = collector.killed()
        after.clock.wait(600)
        after = after.again()
        after.clock.wait(30)
        await after.tell(agent)
        await after.last(agent, HOUR)
        found = await after.seconds()
        after.state.close()
        return found

    assert run(work) == {FRIDAY: {"on": 3 * HOUR + 30, "unknown": 600}}


def test_who_was_off_or_silent_when_the_collector_was_killed_was_so_until_then(collector: Counted) -> None:
    async def work() -> list[tuple[float, ...]]:
        agents = [await collector.join(name) for name in ("off", "silent")]
        for agent in agents:
            await collector.tell(agent)
        await collector.rows()
        collector.clock.wait(60)
        await collector.goodbye(agents[0])
        collector.clock.wait(HOUR)
        after = collector.killed()
        after.clock.wait(600)
        after = after.again()
        after.clock.wait(100)
        rows = {row.machine_id: row for row in await after.rows()}
        after.state.close()
        return [
            (r.on_seconds, r.off_seconds, r.silent_seconds, r.unknown_seconds) for r in (rows[a.id] for a in agents)
        ]

    assert run(work) == [(60, HOUR + 100, 0, 600), (0, 0, HOUR + 60 + 100, 600)]


def test_a_restart_on_another_day_leaves_rows_for_the_days_between(collector: Counted) -> None:
    async def work() -> dict[str, dict[str, float]]:
        agent = await collector.join()
        await collector.tell(agent)
        await collector.last(agent, 600)
        await collector.rows()
        after = collector.killed()
        after.clock.wait(2 * DAY)
        after = after.again()
        found = await after.seconds()
        after.state.close()
        return found

    assert run(work) == {
        FRIDAY: {"on": 600, "unknown": MIDNIGHT - 600},
        SATURDAY: {"unknown": DAY},
        SUNDAY: {"unknown": 2 * DAY + 600 - MIDNIGHT - DAY},
    }


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


def test_a_retired_machine_is_counted_until_then_and_has_no_rows_after(collector: Counted) -> None:
    async def work() -> dict[str, dict[str, float]]:
        agent = await collector.join()
        await collector.tell(agent)
        await collector.last(agent, 600)
        await collector.administer("POST", f"/v1/machines/{agent.id}/retire")
        collector.clock.wait(2 * DAY)
        return await collector.seconds()

    assert run(work) == {FRIDAY: {"on": 600}}


def test_a_clock_of_the_collector_that_was_years_ahead_makes_no_rows_for_them(collector: Counted) -> None:
    async def work() -> int:
        agent = await collector.join()
        await collector.tell(agent)
        collector.clock.step(10 * 366 * DAY)
        await collector.tell(agent)
        await collector.rows()
        collector.clock.step(-10 * 366 * DAY)
        await collector.tell(agent)
        collector.clock.wait(60)
        await collector.tell(agent)
        return len(await collector.rows())

    assert run(work) <= 3


def test_what_others_fill_in_stays_when_the_day_is_written_again(collector: Counted, tmp_path: Path) -> None:
    import sqlite3

    async def work() -> list[Any]:
        agent = await collector.join()
        await collector.tell(agent)
        await collector.rows()
        with sqlite3.connect(tmp_path / "register.db") as database:
            database.execute("UPDATE machine_days SET encrypted = 1, pending_updates = 4")
        await collector.last(agent, 60)
        [row] = await collector.rows()
        return [row.on_seconds, row.encrypted, row.pending_updates, row.os_supported]  # type: ignore[attr-defined]

    assert run(work) == [60, 1, 4, None]
