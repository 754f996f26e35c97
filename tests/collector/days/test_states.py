"""What a machine was, and how long: on, off, silent, cut off, and unknown where the collector was away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.collector.counted import Counted, run

if TYPE_CHECKING:
    from pathlib import Path

HOUR, DAY = 3600, 86_400
MIDNIGHT = 16 * HOUR
"""From NOON (08:00 UTC on 15 January 2027) to the next midnight."""
FRIDAY, SATURDAY, SUNDAY = "2027-01-15", "2027-01-16", "2027-01-17"


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

    assert run(work) == 2  # that Friday, and the day that it was thought to be


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
