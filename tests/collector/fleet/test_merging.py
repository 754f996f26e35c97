"""A machine that enrols again, and records that are merged and taken apart again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.view import stored_assets, stored_days
from tests.collector.inside import Agent, Inside

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

MINE: dict[str, Any] = {"uuid": "4c4c4544-004e", "disks": "aaaaaaaaaaaa"}
BOX: dict[str, Any] = {"uuid": "5d5d5d55-005e", "disks": "cccccccccccc"}


async def change(collector: Inside, agent: Agent, what: str, into: Agent | None = None) -> int:
    path = f"/v1/machines/{agent.id}/{what}" + (f"?into={into.id}" if into else "")
    return (await collector.administer("POST", path)).status


async def notes(collector: Inside) -> dict[str, tuple[str, str]]:
    rows = (await collector.administer("GET", "/v1/machines")).json["machines"]
    return {row["instance"]: (row["like"], row["merged_into"]) for row in rows}


async def enrol_again(collector: Inside, agent: Agent, credential: str = "", **asked: Any) -> Agent:
    """As `keskidee agent enrol --force` does."""
    token = await collector.token(**asked)
    kept = hashlib.sha256((credential or agent.credential).encode()).digest()
    before = {"machine_id": agent.id, "proof": hmac.digest(kept, token.encode(), "sha256").hex()}
    body = json.dumps({"hostname": "pc-01", "facts": MINE, "before": before}).encode()
    given = (await collector.ask("POST", "/v1/enrol", body, token=token)).json
    return Agent(id=given["machine_id"], credential=given["credential"], instance=given["instance"])


@pytest.mark.parametrize("change_before", [None, "revoke", "retire"])
def test_who_enrols_again_and_has_its_credential_goes_on_under_its_record(
    collector: Inside, change_before: str | None
) -> None:
    async def run() -> tuple[bool, list[int], str, dict[str, str]]:
        agent = await collector.enrol("pc-01", token=await collector.token(site="castries"), **MINE)
        await collector.report(agent)
        if change_before:
            await change(collector, agent, change_before)
        again = await enrol_again(collector, agent, site="kingston")
        statuses = [(await collector.report(each)).status for each in (again, agent)]
        after = collector.again()
        collector.state = after.state
        statuses.append((await after.report(again)).status)
        return again.id == agent.id, statuses, after.machine(again).site, after.states()

    assert asyncio.run(run()) == (True, [200, 401, 200], "kingston", {"pc-01": "on"})


def test_the_old_credential_of_a_revoked_machine_never_holds_again(collector: Inside) -> None:
    async def run() -> int:
        agent = await collector.enrol("pc-01", **MINE)
        await change(collector, agent, "revoke")
        await enrol_again(collector, agent)
        return (await collector.report(agent)).status

    assert asyncio.run(run()) == 401


def test_who_has_only_the_evidence_gets_a_record_of_its_own_and_is_told_to_be_alike(collector: Inside) -> None:
    async def run() -> tuple[bool, int, dict[str, tuple[str, str]]]:
        agent = await collector.enrol("pc-01", **MINE)
        thief = await enrol_again(collector, agent, "guessed")
        return thief.id == agent.id, (await collector.report(agent)).status, await notes(collector)

    same, status, found = asyncio.run(run())
    assert (same, status) == (False, 200)
    assert list(found.values()) == [("", ""), ("pc-01", "")]


def test_a_machine_that_was_installed_anew_is_merged_and_goes_on_as_what_it_was(
    collector: Inside, tmp_path: Path
) -> None:
    async def run() -> tuple[list[int], dict[str, str], float | None, bytes]:
        old = await collector.enrol("pc-01", **MINE)
        await collector.report(old, value=1)
        collector.clock.wait(3600)
        new = await collector.enrol("pc-01", **MINE)
        await collector.report(new, value=2, hostname="pc-01", **MINE)
        statuses = [await change(collector, new, "merge", old)]
        statuses.append((await collector.report(new, value=3, hostname="pc-01", **MINE)).status)
        after = collector.again()
        collector.state = after.state
        statuses += [(await after.report(new, value=4)).status, (await after.report(old)).status]
        page = (await after.ask("GET", "/metrics")).body
        return statuses, after.states(), await after.load(old), page

    statuses, states, load, page = asyncio.run(run())
    assert (statuses, load, page.count(b"node_load1{")) == ([200, 200, 200, 401], 4, 1)
    assert sorted(states.values()) == ["on", "retired"]
    assert states["pc-01"] == "on"
    assert [(row.instance, row.state) for row in stored_assets(tmp_path)] == [("pc-01", "in use")]


def test_a_merge_is_taken_back_and_both_are_as_before(collector: Inside) -> None:
    async def run() -> tuple[list[int], dict[str, tuple[str, str]], dict[str, str]]:
        old = await collector.enrol("pc-01", **MINE)
        await collector.report(old)
        collector.clock.wait(3600)
        box = await collector.enrol("pc-01", **BOX)
        await collector.report(box, hostname="pc-01", **BOX)
        statuses = [await change(collector, box, "merge", old)]
        statuses.append((await collector.report(box, hostname="pc-01", **BOX)).status)
        after = collector.again()
        collector.state = after.state
        statuses.append(await change(after, box, "unmerge"))
        old.restart()
        statuses.append((await after.report(box, hostname="pc-01", **BOX)).status)
        statuses.append((await after.report(old, hostname="pc-01", **MINE)).status)
        statuses.append(await change(after, box, "unmerge"))
        return statuses, await notes(after), after.states()

    statuses, found, states = asyncio.run(run())
    assert statuses == [200, 200, 200, 200, 200, 409]
    assert (set(found.values()), set(states.values())) == ({("", "")}, {"on"})


def test_a_record_that_was_heard_last_keeps_its_own_agent(collector: Inside) -> None:
    async def run() -> list[int]:
        old = await collector.enrol("pc-01", **MINE)
        collector.clock.wait(3600)
        new = await collector.enrol("pc-01", **MINE)
        await collector.report(new)
        statuses = [await change(collector, old, "merge", new)]
        statuses += [(await collector.report(each)).status for each in (new, old)]
        return [*statuses, await change(collector, old, "unmerge"), (await collector.report(old)).status]

    assert asyncio.run(run()) == [200, 200, 410, 200, 200]


def test_what_is_no_one_machine_is_not_merged(collector: Inside) -> None:
    async def run() -> list[int]:
        one, two, gone = [await collector.enrol("pc-01") for _ in range(3)]
        await change(collector, gone, "retire")
        pairs = [(one, two), (one, one), (one, gone)]
        statuses = [await change(collector, ends, "merge", into) for ends, into in pairs]
        return [*statuses, await change(collector, one, "merge")]

    assert asyncio.run(run()) == [409, 409, 409, 404]


def test_an_agent_whose_record_was_merged_renews_its_credential(collector: Inside) -> None:
    async def run() -> list[int]:
        old = await collector.enrol("pc-01", **MINE)
        collector.clock.wait(3600)
        new = await collector.enrol("pc-01", **MINE)
        await collector.report(new)
        await change(collector, new, "merge", old)
        body = json.dumps({"sha256": hashlib.sha256(b"next").hexdigest()}).encode()
        path = f"/v1/machines/{new.id}/credential"
        statuses = [(await collector.ask("POST", path, body, token=new.credential)).status]
        new.credential = "next"
        statuses.append((await collector.report(new)).status)
        await change(collector, new, "unmerge")
        return [*statuses, (await collector.report(new)).status, (await collector.report(old)).status]

    assert asyncio.run(run()) == [204, 200, 200, 200]


def test_the_days_of_both_are_one_machines_until_the_merge_is_taken_back(collector: Inside, tmp_path: Path) -> None:
    async def on_for_ten_minutes(agent: Agent) -> None:
        for _ in range(21):
            await collector.report(agent)
            collector.clock.wait(30)

    async def days() -> list[tuple[str, float, int]]:
        await collector.state.days.write(collector.clock.at)
        return [(row.id, row.on_seconds, row.reports) for row in stored_days(tmp_path)]

    async def run() -> Any:
        old = await collector.enrol("pc-01", **MINE)
        await on_for_ten_minutes(old)
        collector.clock.wait(600)
        new = await collector.enrol("pc-01", **MINE)
        await on_for_ten_minutes(new)
        collector.clock.wait(600)
        found = [await days()]
        for change_of_both in ("merge", "unmerge"):
            await change(collector, new, change_of_both, old)
            collector.clock.wait(60)
            found.append(await days())
        return old.id, new.id, found

    old, new, (apart, together, after) = asyncio.run(run())
    assert sorted(apart) == sorted(after) == sorted([(old, 600, 21), (new, 600, 21)])
    assert together == [(old, 1200, 42)]


def test_the_days_before_a_machine_was_retired_stay_when_it_enrols_again(collector: Inside, tmp_path: Path) -> None:
    async def run() -> list[tuple[str, int]]:
        agent = await collector.enrol("pc-01", **MINE)
        await collector.report(agent)
        collector.clock.wait(86_400)
        await collector.report(agent)
        await change(collector, agent, "retire")
        await collector.state.days.write(collector.clock.at)
        collector.clock.wait(86_400)
        again = await enrol_again(collector, agent)
        await collector.report(again)
        await collector.state.days.write(collector.clock.at)
        return [(row.day, row.reports) for row in stored_days(tmp_path)]

    assert asyncio.run(run()) == [("2027-01-15", 1), ("2027-01-16", 1), ("2027-01-17", 1)]
