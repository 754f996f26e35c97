"""What a collector makes of reports that come late, at once, twice, out of order, or while its own clock is set."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from keskidee_report.codec import facts_frame, goodbye_frame
from keskidee_report.model import Family, Reading
from tests.collector.inside import LOAD, Inside

if TYPE_CHECKING:
    from pathlib import Path

    from keskidee_collector.store.writer import Writer


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


def test_a_report_that_could_not_be_stored_is_neither_shown_nor_a_repeat(collector: Inside) -> None:
    async def run() -> list[object]:
        agent = await collector.enrol("pc-01")
        frames = collector.round(agent)
        with broken_disk(collector):
            refused = await collector.post(agent, frames)
            ready = await collector.ask("GET", "/readyz")
        shown = await collector.load(agent)
        taken = await collector.post(agent, frames)
        healed = await collector.ask("GET", "/readyz")
        return [
            refused.status, refused.headers["retry-after"], ready.status, shown, taken.status,
            await collector.load(agent), healed.status,
        ]  # fmt: skip

    assert asyncio.run(run()) == [503, "30", 503, None, 200, 0.5, 200]


def test_names_whose_commit_failed_are_stored_by_the_next_one_that_succeeds(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Inside:
        first, second = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        disk = Family("node_disk_io_now", "gauge", "Disk.")
        with broken_disk(collector):
            await collector.report(first, Reading("disk", "ok", samples=[disk(1.0)]))
        await collector.report(second)
        await collector.report(first, Reading("disk", "ok", samples=[disk(2.0)]))
        after = collector.again()
        collector.state = after.state
        assert (await after.samples())["node_disk_io_now", (("instance", "pc-01"),)] == 2.0
        return after

    definitions = asyncio.run(run()).state.definitions.all()
    assert sorted(definitions) == ["node_disk_io_now", "node_load1"]


def broken_disk(collector: Inside) -> _BrokenDisk:
    """While it is open every commit to reports.db fails, as on a disk that is full."""
    return _BrokenDisk(collector.state.reports.writer)


class _BrokenDisk:
    def __init__(self, writer: Writer) -> None:
        self._engine = writer._engine

    def __enter__(self) -> None:
        event.listen(self._engine, "checkout", self._fail)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "checkout", self._fail)

    def _fail(self, *_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))


def test_new_facts_are_learned_and_rename_what_is_shown_at_once(collector: Inside) -> None:
    async def run() -> tuple[list[str], str]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        await collector.post(agent, [facts_frame({"hostname": "srv-01", "os": "linux"})])
        pages = await collector.samples()
        return sorted(
            dict(labels)["instance"] for name, labels in pages if name.startswith("node_")
        ), collector.machine(agent).facts["os"]

    assert asyncio.run(run()) == (["srv-01"] * 3, "linux")


def test_facts_that_the_disk_did_not_take_are_learned_when_they_come_again(tmp_path: Path) -> None:
    async def run() -> tuple[list[int], str, str]:
        collector = Inside(tmp_path)
        agent = await collector.enrol("pc-01")
        collector = collector.again()  # its register has no connection yet
        told = [facts_frame({"hostname": "srv-01", "os": "linux"})]
        with _BrokenDisk(collector.state.register.writer):
            statuses = [(await collector.post(agent, told)).status]
        statuses.append((await collector.post(agent, told)).status)
        after = collector.again()
        machine = after.machine(agent)
        after.state.close()
        return statuses, machine.facts["os"], machine.instance

    assert asyncio.run(run()) == ([503, 200], "linux", "srv-01")


def test_a_machine_keeps_its_instance_while_its_host_name_stays(collector: Inside) -> None:
    async def run() -> tuple[str, str]:
        first, second = await collector.enrol("pc-01"), await collector.enrol("pc-01")
        await collector.administer("POST", f"/v1/machines/{first.id}/retire")
        await collector.report(second, hostname="pc-01", agent_version="2")
        return second.instance, collector.machine(second).instance

    before, after = asyncio.run(run())
    assert (before.startswith("pc-01-"), after) == (True, before)


def test_two_machines_that_swap_their_names_are_never_one_instance(collector: Inside) -> None:
    async def run() -> list[str]:
        left, right = await collector.enrol("left"), await collector.enrol("right")
        await collector.report(left)
        await collector.report(right)
        await collector.report(left, hostname="right")
        await collector.report(right, hostname="left")
        pages = await collector.samples()
        return sorted(dict(labels)["instance"] for name, labels in pages if name == "node_load1")

    assert len(set(asyncio.run(run()))) == 2


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


def test_a_source_that_fails_is_a_problem_since_it_began(collector: Inside) -> None:
    async def run() -> list[tuple[str, str, str, float]]:
        agent = await collector.enrol("pc-01")
        for outcome, reason in [("ok", ""), ("failed", "one"), ("failed", "two"), ("denied", "root")]:
            await collector.report(agent, Reading("dmi", outcome, reason), Reading("load", "ok", samples=[LOAD(1.0)]))
            collector.clock.wait(15)
        problems = collector.machine(agent).problems
        return [(p.source, p.outcome, p.reason, p.since) for p in problems.values()]

    assert asyncio.run(run()) == [("dmi", "denied", "root", collector.clock.at - 15)]


def test_facts_of_a_hundred_huge_texts_cost_their_machine_alone(collector: Inside) -> None:
    async def run() -> tuple[int, int, list[int]]:
        agent, other = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        huge = {f"f{n}": "\U0001f426" * 1024 for n in range(99)} | {"hostname": "\U0001f426" * 1024}
        answer = await collector.post(agent, [facts_frame(huge), *collector.round(agent)])
        await collector.report(other)
        pages = ["/metrics", "/metrics/self", "/v1/targets", "/"]
        statuses = [(await collector.ask("GET", page)).status for page in pages]
        return answer.status, len(collector.machine(agent).instance), statuses

    assert asyncio.run(run()) == (200, 253, [200] * 4)
