"""What a collector makes of reports and goodbyes that come late, at once, twice, or while its own clock is set."""

from __future__ import annotations

import asyncio

import pytest

from keskidee_report.codec import goodbye_frame
from tests.collector.inside import Inside


def test_the_newest_of_a_backlog_that_nothing_follows_is_shown(collector: Inside) -> None:
    async def run() -> float | None:
        agent = await collector.enrol("pc-01")
        frames = []
        for value in (1.0, 2.0, 3.0):
            frames += collector.round(agent, value=value)
            collector.clock.wait(15)
        await collector.post(agent, frames[::-1])
        return await collector.load(agent)

    assert asyncio.run(run()) == 3.0


def test_a_backlog_after_a_live_report_changes_nothing_that_is_shown(collector: Inside) -> None:
    async def run() -> tuple[float | None, float]:
        agent = await collector.enrol("pc-01")
        late = collector.round(agent, value=1.0)
        collector.clock.wait(60)
        await collector.report(agent, value=2.0)
        await collector.post(agent, late)
        counted = await collector.samples("/metrics/self")
        return await collector.load(agent), counted["keskidee_collector_reports_total", (("result", "late"),)]

    assert asyncio.run(run()) == (2.0, 1)


def test_a_backlog_of_an_earlier_session_is_placed_by_its_wall_clock(collector: Inside) -> None:
    async def run() -> tuple[float | None, float | None]:
        agent = await collector.enrol("pc-01")
        late = collector.round(agent, value=1.0)
        collector.clock.wait(600)
        agent.restart()
        await collector.post(agent, late)
        return await collector.load(agent), collector.machine(agent).taken_at

    assert asyncio.run(run()) == (1.0, collector.clock.at - 600)


@pytest.mark.parametrize("step_seconds", [-3600, -10, 10, 3600])
def test_a_collector_whose_clock_is_set_goes_on_showing_the_newest(collector: Inside, step_seconds: float) -> None:
    async def run() -> list[float | None]:
        agent = await collector.enrol("pc-01")
        shown = []
        for value in (1.0, 2.0, 3.0):
            await collector.report(agent, value=value)
            shown.append(await collector.load(agent))
            collector.clock.wait(15)
            collector.clock.step(step_seconds)
        return shown

    assert asyncio.run(run()) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("step_seconds", [-3600, 3600])
def test_a_collector_whose_clock_is_set_takes_nobody_for_silent_and_misses_nobody(
    collector: Inside, step_seconds: float
) -> None:
    async def run() -> list[str]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        states = []
        for seconds in (0, 44, 2):
            collector.clock.wait(seconds)
            collector.clock.step(step_seconds)
            states.append(collector.states()[agent.instance])
        return states

    assert asyncio.run(run()) == ["on", "on", "silent"]


def test_two_posts_of_one_machine_at_once_are_both_taken_and_the_newer_is_shown(collector: Inside) -> None:
    async def run() -> tuple[list[int], float | None]:
        agent = await collector.enrol("pc-01")
        posts = []
        for value in range(4):
            posts.append(collector.round(agent, value=float(value)))
            collector.clock.wait(1)
        answers = await asyncio.gather(*[collector.post(agent, frames) for frames in posts[::-1]])
        return [answer.status for answer in answers], await collector.load(agent)

    assert asyncio.run(run()) == ([200] * 4, 3.0)


def test_the_same_post_twice_at_once_is_stored_once(collector: Inside) -> None:
    async def run() -> tuple[list[int], float, float]:
        agent = await collector.enrol("pc-01")
        frames = collector.round(agent)
        answers = await asyncio.gather(collector.post(agent, frames), collector.post(agent, frames))
        counted = await collector.samples("/metrics/self")
        name = "keskidee_collector_reports_total"
        return (
            [answer.status for answer in answers],
            counted[name, (("result", "stored"),)],
            counted[name, (("result", "repeat"),)],
        )

    assert asyncio.run(run()) == ([200, 200], 1, 1)


@pytest.mark.parametrize(("change", "status"), [("revoke", 403), ("retire", 410)])
def test_a_machine_that_is_sent_away_while_its_report_comes_in_is_refused(
    collector: Inside, change: str, status: int
) -> None:
    async def run() -> tuple[int, bool]:
        agent = await collector.enrol("pc-01")
        rest = asyncio.Event()
        posting = asyncio.create_task(collector.post(agent, collector.round(agent), rest))
        await asyncio.sleep(0)
        assert (await collector.administer("POST", f"/v1/machines/{agent.id}/{change}")).status == 200
        rest.set()
        return (await posting).status, await collector.load(agent) is None

    assert asyncio.run(run()) == (status, True)


def test_a_machine_that_is_retired_while_its_report_is_being_stored_is_on_no_page(collector: Inside) -> None:
    async def run() -> tuple[int, int, float | None, list[bytes]]:
        agent = await collector.enrol("pc-01")
        posting, retiring = await asyncio.gather(
            collector.post(agent, collector.round(agent)),
            collector.administer("POST", f"/v1/machines/{agent.id}/retire"),
        )
        stored = [latest.report for latest in collector.state.reports.all_latest()]
        return posting.status, retiring.status, await collector.load(agent), stored

    assert asyncio.run(run()) in [(200, 200, None, [b""]), (410, 200, None, [])]


@pytest.mark.parametrize(
    ("reason", "state"), [("shutdown", "off"), ("sleep", "off"), ("stop", "on"), ("upgrade", "on")]
)
def test_a_goodbye_says_whether_the_machine_is_off(collector: Inside, reason: str, state: str) -> None:
    async def run() -> list[str]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        collector.clock.wait(5)
        await collector.goodbye(agent, reason)
        states = [collector.states()["pc-01"]]
        collector.clock.wait(3600)
        return [*states, collector.states()["pc-01"]]

    assert asyncio.run(run()) == [state, "off" if state == "off" else "silent"]


def test_a_report_takes_a_goodbye_back(collector: Inside) -> None:
    async def run() -> str:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        await collector.goodbye(agent, "sleep")
        collector.clock.wait(3600)
        await collector.report(agent)
        return collector.states()["pc-01"]

    assert asyncio.run(run()) == "on"


def test_an_old_goodbye_that_comes_after_a_new_report_changes_nothing(collector: Inside) -> None:
    async def run() -> str:
        agent = await collector.enrol("pc-01")
        late = goodbye_frame(agent.encoder.session, 1, collector.boot_ms, int(collector.clock.at * 1000), "shutdown")
        collector.clock.wait(600)
        agent.restart()
        await collector.report(agent)
        await collector.post(agent, [late])
        return collector.states()["pc-01"]

    assert asyncio.run(run()) == "on"


def test_a_goodbye_twice_is_a_repeat(collector: Inside) -> None:
    async def run() -> tuple[int, float]:
        agent = await collector.enrol("pc-01")
        await collector.goodbye(agent)
        agent.sequence -= 1
        answer = await collector.goodbye(agent)
        counted = await collector.samples("/metrics/self")
        return answer.status, counted["keskidee_collector_reports_total", (("result", "repeat"),)]

    assert asyncio.run(run()) == (200, 1)
