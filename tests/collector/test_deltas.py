"""Deltas at the collector: read from what it acknowledged, after a restart too; else it asks for the whole report."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from keskidee_collector.fleet.machine import POSTS_AT_MOST
from keskidee_report.codec import Encoder
from keskidee_report.delta import Snapshot, delta_of
from keskidee_report.model import DENIED, OK, Family, Reading
from tests.collector.inside import Agent, Inside

LOAD = Family("node_load1", "gauge", "1-min load", digits=2)
TEMPERATURE = Family("node_hwmon_temp_celsius", "gauge", "Temperature", digits=3)


def taken(collector: Inside, agent: Agent, load: float, *, outcome: str = OK) -> tuple[list[bytes], bytes, Snapshot]:
    """The next round: the frames of its names, its REPORT frame and its content."""
    agent.sequence += 1
    hwmon = Reading("hwmon", outcome, "" if outcome == OK else "no right", 0.002, [TEMPERATURE(40.5, chip="x")])
    report = agent.encoder.report(
        [hwmon, Reading("loadavg", OK, "", 0.001, [LOAD(load)])],
        sequence=agent.sequence, boot_ms=collector.boot_ms, wall_ms=int(collector.clock.at * 1000),
    )  # fmt: skip
    return agent.encoder.schema_frames(report.schema_id)[0], report.frame, report.snapshot


def delta(base: Snapshot, report: Snapshot) -> tuple[bytes, Snapshot]:
    found = delta_of(base, report)
    assert found is not None
    return found


def reason_of(answer: Any) -> tuple[int, str]:
    return answer.status, "" if answer.status == 200 else answer.json["title"]


async def first_report(collector: Inside) -> tuple[Agent, Snapshot]:
    agent = await collector.enrol("pc-01")
    names, report, base = taken(collector, agent, 0.25)
    assert (await collector.post(agent, [*names, report])).status == 200
    return agent, base


def test_a_delta_changes_what_it_names_and_nothing_else(collector: Inside) -> None:
    async def run() -> None:
        agent, base = await first_report(collector)
        before = await collector.samples()
        collector.clock.wait(15)
        frame, _ = delta(base, taken(collector, agent, 0.75)[2])
        assert (await collector.post(agent, [frame])).status == 200
        after = await collector.samples()
        moved = {key for key in before if before[key] != after[key]}
        assert await collector.load(agent) == 0.75
        assert {name for name, labels in moved if name.startswith("node_")} == {"node_load1"}
        assert before.keys() == after.keys()

    asyncio.run(run())


def test_an_outcome_that_changes_in_a_delta_is_a_problem_with_its_reason(collector: Inside) -> None:
    async def run() -> None:
        agent, base = await first_report(collector)
        collector.clock.wait(15)
        frame, _ = delta(base, taken(collector, agent, 0.25, outcome=DENIED)[2])
        assert (await collector.post(agent, [frame])).status == 200
        problems = collector.machine(agent).problems
        assert {source: (p.outcome, p.reason) for source, p in problems.items()} == {"hwmon": (DENIED, "no right")}

    asyncio.run(run())


def test_a_delta_from_either_of_the_last_two_reports_is_taken_and_from_an_older_one_not(collector: Inside) -> None:
    async def run() -> None:
        agent, first = await first_report(collector)
        chain = [first]
        for load in (0.5, 0.75):
            frame, told = delta(chain[-1], taken(collector, agent, load)[2])
            assert (await collector.post(agent, [frame])).status == 200
            chain.append(told)
        newest = taken(collector, agent, 1.0)[2]
        answers = [await collector.post(agent, [delta(base, newest)[0]]) for base in (chain[0], chain[1])]
        assert [reason_of(answer) for answer in answers] == [(409, "base_unknown"), (200, "")]
        assert await collector.load(agent) == 1.0

    asyncio.run(run())


def test_a_delta_of_another_session_has_no_base(collector: Inside) -> None:
    async def run() -> None:
        agent, base = await first_report(collector)
        frame, _ = delta(base, taken(collector, agent, 0.5)[2])
        agent.encoder = Encoder(secrets.token_bytes(8))
        assert reason_of(await collector.post(agent, [frame])) == (409, "base_unknown")
        assert await collector.load(agent) == 0.25

    asyncio.run(run())


def test_a_repeated_delta_is_acknowledged_though_its_base_is_gone(collector: Inside) -> None:
    async def run() -> None:
        agent, base = await first_report(collector)
        repeated = None
        for load in (0.5, 0.75, 1.0):
            frame, base = delta(base, taken(collector, agent, load)[2])
            repeated = repeated or frame
            assert (await collector.post(agent, [frame])).status == 200
        assert repeated is not None
        assert (await collector.post(agent, [repeated])).status == 200
        assert await collector.load(agent) == 1.0

    asyncio.run(run())


def test_a_post_of_several_reports_is_read_as_a_chain(collector: Inside) -> None:
    async def run() -> None:
        agent = await collector.enrol("pc-01")
        names, report, base = taken(collector, agent, 0.25)
        frames = [*names, report]
        for load in (0.5, 0.75, 1.0):
            collector.clock.wait(15)
            frame, base = delta(base, taken(collector, agent, load)[2])
            frames.append(frame)
        assert (await collector.post(agent, frames)).status == 200
        assert await collector.load(agent) == 1.0
        # its first reports are repeats now, and still the bases of what follows them
        frames.append(delta(base, taken(collector, agent, 1.25)[2])[0])
        assert (await collector.post(agent, frames)).status == 200
        assert await collector.load(agent) == 1.25
        counted = await collector.samples("/metrics/self")
        results = [counted["keskidee_collector_reports_total", (("result", each),)] for each in ("late", "repeat")]
        assert results == [3, 4]

    asyncio.run(run())


@pytest.mark.parametrize("reports", [2, POSTS_AT_MOST, POSTS_AT_MOST + 3])
def test_a_restarted_collector_takes_the_next_delta(tmp_path: Path, reports: int) -> None:
    async def run() -> None:
        collector = Inside(tmp_path)
        agent, base = await first_report(collector)
        for number in range(1, reports):
            collector.clock.wait(15)
            frame, base = delta(base, taken(collector, agent, number / 4)[2])
            assert (await collector.post(agent, [frame])).status == 200
        await collector.state.journal.trim()
        after = collector.again()
        assert await after.load(agent) == (reports - 1) / 4
        after.clock.wait(15)
        frame, _ = delta(base, taken(after, agent, 99)[2])
        assert (await after.post(agent, [frame])).status == 200
        assert await after.load(agent) == 99
        after.state.close()

    asyncio.run(run())


def test_limits_that_were_lowered_take_nothing_back(tmp_path: Path) -> None:
    async def run() -> None:
        collector = Inside(tmp_path)
        agent, _ = await first_report(collector)
        after = collector.again(limits={"inflated_bytes": 1, "families": 1, "samples": 1})
        assert await after.load(agent) == 0.25
        after.state.close()

    asyncio.run(run())


def test_a_delta_that_a_restart_could_not_read_is_not_taken(tmp_path: Path) -> None:
    async def run() -> None:
        collector = Inside(tmp_path)
        agent, base = await first_report(collector)
        for number in range(1, POSTS_AT_MOST):
            collector.clock.wait(15)
            heard, (frame, base) = base, delta(base, taken(collector, agent, number / 4)[2])
            assert (await collector.post(agent, [frame])).status == 200
        await asyncio.sleep(0)  # the last report is stored whole, and the one before it leaves the log
        collector.clock.wait(15)
        names, whole, newest = taken(collector, agent, 98)  # the agent never heard of that last answer
        answers = [await collector.post(agent, frames) for frames in ([delta(heard, newest)[0]], [*names, whole])]
        assert [reason_of(answer) for answer in answers] == [(409, "base_unknown"), (200, "")]
        after = collector.again()
        assert await after.load(agent) == 98
        assert after.machine(agent).is_repeat(agent.encoder.session, newest.sequence)
        after.state.close()

    asyncio.run(run())


def test_the_log_holds_no_more_than_a_restart_needs(collector: Inside) -> None:
    async def run() -> None:
        agent, base = await first_report(collector)
        for number in range(3 * POSTS_AT_MOST):
            frame, base = delta(base, taken(collector, agent, number / 4)[2])
            assert (await collector.post(agent, [frame])).status == 200
            await asyncio.sleep(0)
        await collector.state.journal.trim()
        assert len(list(collector.state.reports.all_logged())) <= POSTS_AT_MOST + 1
        collector.clock.wait(3600)
        await collector.state.journal.store(120)
        await collector.state.journal.trim()
        assert list(collector.state.reports.all_logged()) == []

    asyncio.run(run())


def test_deltas_that_unfold_to_more_than_a_post_may_hold_are_refused(tmp_path: Path) -> None:
    collector = Inside(tmp_path, limits={"samples": 100})

    async def run() -> None:
        agent = await collector.enrol("pc-01")
        many = [Reading("hwmon", OK, samples=[TEMPERATURE(1.0, chip=str(n)) for n in range(100)])]
        names = collector.round(agent, *many)
        assert (await collector.post(agent, names)).status == 200
        base = collector.machine(agent).shown
        assert base is not None
        frames = []
        for number in range(40):
            following = Snapshot(
                base.sequence + 1, base.boot_ms, base.wall_ms, base.schema_id, outcomes=base.outcomes,
                durations=base.durations, reasons=base.reasons, words=bytes([number]) + base.words[1:],
            )  # fmt: skip
            frame, base = delta(base, following)
            frames.append(frame)
        assert reason_of(await collector.post(agent, frames)) == (422, "limit")
        assert (await collector.post(agent, frames[:30])).status == 200

    asyncio.run(run())
    collector.state.close()
