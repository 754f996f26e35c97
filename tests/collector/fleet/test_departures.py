"""Reports stand at the time they were taken, however long their POST was under way."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from keskidee_config import RemoteWriteSettings
from tests.collector.inside import Agent, Inside

START_MS = 1_800_000_000_000


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, remote_write=(RemoteWriteSettings(name="a", url="http://127.0.0.1:1/"),))
    yield inside
    inside.state.close()


def taken_ms(collector: Inside) -> list[int]:
    """When the reports were taken, since the start, as destinations are told."""
    return [passed.taken_ms - START_MS for passed in collector.state.feed.read(0, 1000)]


async def first_reports(collector: Inside, count: int = 3) -> Agent:
    agent = await collector.enrol("pc-01")
    for _ in range(count):
        assert (await collector.report(agent)).status == 200
        collector.clock.wait(1)
    return agent


def test_two_posts_that_waited_for_the_same_pause_keep_their_own_times(collector: Inside) -> None:
    async def run() -> None:
        agent = await first_reports(collector)
        first = collector.round(agent)
        collector.clock.wait(1)
        second = collector.round(agent)
        collector.clock.wait(2)  # the pause ends, and both are read in the same moment
        assert (await collector.post(agent, first, under_way=3)).status == 200
        assert (await collector.post(agent, second, under_way=2)).status == 200

    asyncio.run(run())
    assert taken_ms(collector) == [0, 1000, 2000, 3000, 4000]


def test_a_restart_finds_the_times_as_they_were(collector: Inside) -> None:
    async def run() -> tuple[float | None, float | None]:
        agent = await first_reports(collector)
        late = collector.round(agent)
        collector.clock.wait(4)
        assert (await collector.post(agent, late, under_way=4)).status == 200
        before = collector.machine(agent).taken_at
        again = collector.again()
        after = again.machine(agent).taken_at
        again.state.close()
        return before, after

    assert asyncio.run(run()) == (START_MS / 1000 + 3, START_MS / 1000 + 3)


def test_a_clock_that_stood_still_for_long_is_believed_at_once(collector: Inside) -> None:
    async def run() -> None:
        agent = await first_reports(collector)
        collector.stood_still_seconds = 60.0  # a virtual machine that was paused
        collector.clock.wait(60)
        for _ in range(2):
            await collector.report(agent)
            collector.clock.wait(1)

    asyncio.run(run())
    assert taken_ms(collector) == [0, 1000, 2000, 63_000, 64_000]


def test_a_clock_that_stood_still_for_a_moment_is_believed_after_some_reports(collector: Inside) -> None:
    async def run() -> None:
        agent = await first_reports(collector)
        collector.stood_still_seconds = 10.0
        collector.clock.wait(10)
        for _ in range(16):
            await collector.report(agent)
            collector.clock.wait(1)

    asyncio.run(run())
    placed = taken_ms(collector)
    assert placed[:4] == [0, 1000, 2000, 3000]
    assert placed[-1] == 13_000 + 15_000
    assert placed == sorted(placed)
