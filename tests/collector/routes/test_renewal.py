"""Credentials that are renewed: one of both holds at every moment; the old one is dead once the new one was used."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.routes.renewal import RENEW_SECONDS, SPREAD_SECONDS, ask_for_renewal
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from tests.collector.inside import Agent


async def renew(collector: Inside, agent: Agent, new: str, *, by: str = "") -> int:
    """Tells the collector of a new credential."""
    body = json.dumps({"sha256": hashlib.sha256(new.encode()).hexdigest()}).encode()
    path = f"/v1/machines/{agent.id}/credential"
    return (await collector.ask("POST", path, body, token=by or agent.credential)).status


async def report(collector: Inside, agent: Agent, credential: str) -> int:
    agent.credential, before = credential, agent.credential
    status = (await collector.report(agent)).status
    agent.credential = before
    return status


def test_both_hold_until_the_new_one_was_used_and_then_the_old_one_is_dead(collector: Inside) -> None:
    async def run() -> list[int]:
        agent = await collector.enrol("pc-01")
        old = agent.credential
        return [
            await report(collector, agent, "new"), await renew(collector, agent, "new"),
            await report(collector, agent, old), await report(collector, agent, "new"),
            await report(collector, agent, old), await renew(collector, agent, "thief", by=old),
            await report(collector, agent, "new"),
        ]  # fmt: skip

    assert asyncio.run(run()) == [401, 204, 200, 200, 401, 401, 200]


@pytest.mark.parametrize("is_used", [False, True])
def test_a_collector_that_restarts_between_two_steps_knows_where_it_was(collector: Inside, *, is_used: bool) -> None:
    async def run() -> list[int]:
        agent = await collector.enrol("pc-01")
        await renew(collector, agent, "new")
        if is_used:
            await report(collector, agent, "new")
        after = collector.again()
        collector.state = after.state
        return [await report(after, agent, each) for each in (agent.credential, "new", agent.credential)]

    assert asyncio.run(run()) == [401 if is_used else 200, 200, 401]


def test_an_agent_that_missed_the_answer_makes_another_and_the_last_one_holds(collector: Inside) -> None:
    async def run() -> list[int]:
        agent = await collector.enrol("pc-01")
        for new in ("lost", "heard"):
            await renew(collector, agent, new)
        return [await report(collector, agent, each) for each in ("lost", agent.credential, "heard")]

    assert asyncio.run(run()) == [401, 200, 200]


async def asked(collector: Inside, agent: Agent) -> Any:
    """What the answer to a report says of it."""
    ask_for_renewal(collector.state.fleet, collector.state.now())
    return (await collector.report(agent)).json.get("renew_credential")


def test_a_machine_is_asked_once_a_month_until_it_has_used_a_new_one(collector: Inside) -> None:
    async def run() -> list[Any]:
        agent = await collector.enrol("pc-01")
        found = [await asked(collector, agent)]
        collector.clock.wait(RENEW_SECONDS - 60)
        found.append(await asked(collector, agent))
        collector.clock.wait(SPREAD_SECONDS + 60)
        found.append(await asked(collector, agent))
        await renew(collector, agent, "new")
        found.append(await asked(collector, agent))
        agent.credential = "new"
        return [*found, await asked(collector, agent)]

    assert asyncio.run(run()) == [None, None, 1, 1, None]


def test_machines_that_joined_together_are_not_asked_together(collector: Inside) -> None:
    async def run() -> int:
        for number in range(40):
            await collector.enrol(f"pc-{number}")
        collector.clock.wait(RENEW_SECONDS + SPREAD_SECONDS / 2)
        ask_for_renewal(collector.state.fleet, collector.state.now())
        return sum(machine.renews for machine in collector.state.fleet)

    assert 5 < asyncio.run(run()) < 35


def test_an_administrator_may_ask_for_it_at_once_also_across_a_restart(collector: Inside) -> None:
    async def run() -> list[Any]:
        agent = await collector.enrol("pc-01")
        status = (await collector.administer("POST", f"/v1/machines/{agent.id}/rotate")).status
        first = (await collector.report(agent)).json
        after = collector.again()
        collector.state = after.state
        return [status, first, await asked(after, agent)]

    assert asyncio.run(run()) == [200, {"interval_seconds": 15, "renew_credential": 1}, 1]


@pytest.mark.parametrize(("change", "status"), [("revoke", 403), ("retire", 410)])
def test_who_was_sent_away_gets_no_new_one(collector: Inside, change: str, status: int) -> None:
    async def run() -> int:
        agent = await collector.enrol("pc-01")
        await collector.administer("POST", f"/v1/machines/{agent.id}/{change}")
        return await renew(collector, agent, "new")

    assert asyncio.run(run()) == status


def test_a_stranger_gets_none_and_is_counted(collector: Inside) -> None:
    async def run() -> tuple[list[int], float | None]:
        agent, other = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        statuses = [await renew(collector, agent, "new", by=each) for each in (other.credential, "wrong")]
        agent.id = "nobody"
        statuses.append(await renew(collector, agent, "new"))
        counted = await collector.samples("/metrics/self")
        return statuses, counted["keskidee_collector_refused_total", (("reason", "credential"),)]

    assert asyncio.run(run()) == ([401, 401, 401], 3)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"sha256": 1}', b'{"sha256": "ab"}', b'{"sha256": "\xff"}'])
def test_what_is_no_digest_changes_nothing(collector: Inside, body: bytes) -> None:
    async def run() -> list[int]:
        agent = await collector.enrol("pc-01")
        path = f"/v1/machines/{agent.id}/credential"
        status = (await collector.ask("POST", path, body, token=agent.credential)).status
        return [status, await report(collector, agent, agent.credential)]

    assert asyncio.run(run()) == [422, 200]
