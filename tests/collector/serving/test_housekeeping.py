"""Names that nobody uses any more are forgotten, on the pages and in the file; names in use never are."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.serving import housekeeping
from keskidee_collector.serving.housekeeping import forget_unused
from keskidee_report.model import Family, Reading
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.collector.inside import Agent


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, limits={"families": 100, "fleet_families": 1000})
    yield inside
    inside.state.close()


def kept(collector: Inside) -> tuple[int, int, int]:
    """Rows of names, of schemas and of definitions in the file."""
    store = collector.state.reports
    return len(store.all_parts()), len(store.all_schemas()), len(store.all_definitions())


async def reported(collector: Inside, agent: Agent, *names: str) -> None:
    samples = [Family(name, "gauge", "")(1.0) for name in names]
    assert (await collector.report(agent, Reading("textfile", "ok", samples=samples))).status == 200
    collector.clock.wait(15)


@pytest.mark.slow
def test_a_machine_that_invents_names_without_end_keeps_its_last_eight_schemas(collector: Inside) -> None:
    async def run() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        agent, other = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        await reported(collector, other, "node_load1")
        for number in range(50):
            await reported(collector, agent, f"my_{number}", f"my_{number + 1}")
        before = kept(collector)
        gc.collect()
        await forget_unused(collector.state)
        return before, kept(collector)

    assert asyncio.run(run()) == ((51, 51, 52), (9, 9, 10))


def test_what_was_forgotten_changes_no_page_and_no_restart(collector: Inside) -> None:
    async def run() -> list[bool]:
        agent = await collector.enrol("pc-01")
        for number in range(20):
            await reported(collector, agent, f"my_{number}")
        page = (await collector.ask("GET", f"/metrics/machines/{agent.id}")).body
        await forget_unused(collector.state)
        same = (await collector.ask("GET", f"/metrics/machines/{agent.id}")).body == page
        after = collector.again()
        collector.state = after.state
        again = (await after.ask("GET", f"/metrics/machines/{agent.id}")).body == page
        report = after.round(agent, Reading("textfile", "ok", samples=[Family("my_19", "gauge", "")(1.0)]))
        return [same, again, (await after.post(agent, report[-1:])).status == 200]

    assert asyncio.run(run()) == [True, True, True]


@pytest.mark.slow
def test_the_schema_that_is_shown_stays_even_where_it_came_first(collector: Inside) -> None:
    async def run() -> int:
        agent = await collector.enrol("pc-01")
        for number in range(20):
            await reported(collector, agent, f"my_{number}")
            report = collector.round(agent, Reading("textfile", "ok", samples=[Family("my_0", "gauge", "")(2.0)]))
            assert (await collector.post(agent, report[-1:])).status == 200
            collector.clock.wait(15)
        await forget_unused(collector.state)
        after = collector.again()
        collector.state = after.state
        return (await after.ask("GET", f"/metrics/machines/{agent.id}")).status

    assert asyncio.run(run()) == 200


def test_a_machine_that_was_retired_takes_its_names_along(collector: Inside) -> None:
    async def run() -> tuple[int, int, int]:
        agent, other = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        await reported(collector, agent, "my_1", "my_2")
        await reported(collector, other, "node_load1")
        await collector.administer("POST", f"/v1/machines/{agent.id}/retire")
        gc.collect()
        await forget_unused(collector.state)
        return kept(collector)

    assert asyncio.run(run()) == (1, 1, 1)


def test_names_on_their_way_are_not_forgotten(collector: Inside) -> None:
    async def run() -> tuple[int, list[str]]:
        agent = await collector.enrol("pc-01")
        samples = [Family("my_1", "gauge", "")(1.0)]
        posting = asyncio.create_task(
            collector.post(agent, collector.round(agent, Reading("t", "ok", samples=samples)))
        )
        await asyncio.sleep(0)
        await forget_unused(collector.state)
        return (await posting).status, list(collector.state.definitions.all())

    assert asyncio.run(run()) == (200, ["my_1"])


def test_one_machine_never_holds_more_families_than_one_report_may_have(collector: Inside) -> None:
    async def run() -> int:
        agent = await collector.enrol("pc-01")
        for number in range(10):
            await reported(collector, agent, *[f"my_{number}_{n}" for n in range(90)])
        return len(collector.state.definitions)

    assert asyncio.run(run()) == 100


def test_house_is_kept_at_the_start_and_then_when_names_flood_in(
    collector: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(housekeeping, "NAMES_BYTES_AT_MOST", 100)
    renewed: list[float] = []

    async def run() -> tuple[int, int]:
        task = asyncio.create_task(housekeeping.keep_house(collector.state, lambda: renewed.append(collector.clock.at)))
        await asyncio.sleep(0.1)
        at_start = len(renewed)
        agent = await collector.enrol("pc-01")
        await reported(collector, agent, *[f"my_{n}" for n in range(50)])
        while collector.state.reports.names_bytes:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        after = len(renewed)
        collector.clock.wait(86_401)
        while len(renewed) == after:
            await asyncio.sleep(0.01)
        task.cancel()
        return at_start, after

    assert asyncio.run(run()) == (1, 2)
