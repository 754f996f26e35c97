"""What a machine tells of itself: the facts that name it, whose name is whose, and sources that fail."""

from __future__ import annotations

import asyncio

from keskidee_report.codec import facts_frame
from keskidee_report.model import Reading
from tests.collector.inside import LOAD, Inside


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
