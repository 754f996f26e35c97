"""One credential, two machines: the copy is noticed and gets an id of its own, and one machine stays one."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.fleet.identity import is_alike, is_clone, is_swapped
from tests.collector.inside import Agent, Inside

if TYPE_CHECKING:
    pass

MINE: dict[str, Any] = {
    "uuid": "4c4c4544-004e",
    "serial": "7N62AI2",
    "disks": "aaaaaaaaaaaa bbbbbbbbbbbb",
    "machine_id_hash": "m1",
}
OTHER: dict[str, Any] = {
    "uuid": "5d5d5d55-005e",
    "serial": "9X11QQ7",
    "disks": "cccccccccccc",
    "machine_id_hash": "m1",
}


def without(evidence: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in evidence.items() if name not in names}


@pytest.mark.parametrize(
    ("told", "clone", "swapped", "alike"),
    [
        (MINE, False, False, True),
        (MINE | {"uuid": "new", "serial": "new"}, False, True, False),
        (MINE | {"uuid": "new"}, False, True, False),
        (MINE | {"disks": "dddddddddddd"}, False, False, True),
        (MINE | {"disks": "bbbbbbbbbbbb dddddddddddd", "machine_id_hash": "m2"}, False, False, True),
        (OTHER, True, True, False),
        (OTHER | {"machine_id_hash": "m2"}, True, True, False),
        (without(OTHER, "disks"), False, True, False),
        (without(OTHER, "disks") | {"machine_id_hash": "m2"}, True, True, False),
        (without(OTHER, "uuid", "serial"), False, False, False),
        (without(OTHER, "uuid", "serial") | {"machine_id_hash": "m2"}, True, False, False),
        (without(MINE, "uuid", "serial"), False, False, True),
        ({}, False, False, False),
        ({"machine_id_hash": "m1"}, False, False, False),
    ],
)
def test_what_evidence_says(told: dict[str, str], clone: bool, swapped: bool, alike: bool) -> None:
    assert (is_clone(MINE, told), is_swapped(MINE, told), is_alike(MINE, told)) == (clone, swapped, alike)


async def offer(collector: Inside, agent: Agent, new: str) -> Any:
    """What an agent that is told 401 does: it offers a credential, and takes what it is given."""
    offered = hashlib.sha256(new.encode()).hexdigest()
    body = json.dumps({"sha256": offered, "session": agent.encoder.session.hex()}).encode()
    answer = await collector.ask("POST", f"/v1/machines/{agent.id}/credential", body, token=agent.credential)
    if answer.status == 201:
        agent.id, agent.instance, agent.credential = answer.json["machine_id"], answer.json["instance"], new
        agent.restart()
    return answer


def copy_of(agent: Agent) -> Agent:
    return Agent(id=agent.id, credential=agent.credential, instance=agent.instance)


def test_a_copy_on_other_hardware_is_refused_told_and_gets_an_id_of_its_own(collector: Inside) -> None:
    async def run() -> tuple[list[int], list[Any], dict[str, str], tuple[float, float]]:
        agent = await collector.enrol("pc-01", token=await collector.token(site="castries"), **MINE)
        copy = copy_of(agent)
        statuses = [(await collector.report(agent, hostname="pc-01", **MINE)).status]
        refused = await collector.report(copy, hostname="pc-01", **OTHER)
        statuses += [refused.status, (await offer(collector, copy, "its own")).status]
        for each, evidence in ((copy, OTHER), (agent, MINE)):
            statuses.append((await collector.report(each, hostname="pc-01", **evidence)).status)
        listed = (await collector.administer("GET", "/v1/machines")).json["machines"]
        page = (await collector.ask("GET", f"/machines/{copy.id}")).body.decode()
        counted = await collector.samples("/metrics/self")
        after = collector.again()
        collector.state = after.state
        kin = [(row["clone_of"], row["site"]) for row in listed]
        kin.append(("Clone of" in page, collector.machine(copy).clone_of == agent.id))
        counts = (
            counted["keskidee_collector_clones_total", ()],
            counted["keskidee_collector_refused_total", (("reason", "clone"),)],
        )
        return statuses, kin, refused.json, counts

    statuses, kin, refused, counts = asyncio.run(run())
    assert statuses == [200, 401, 201, 200, 200]
    assert kin == [("", "castries"), ("pc-01", "castries"), (True, True)]
    assert refused == {
        "title": "clone",
        "status": 401,
        "detail": "another machine has this credential: this one gets an id of its own",
        "speaks": 2,
    }
    assert counts == (1, 1)


def test_a_copy_that_missed_its_answer_asks_again_and_is_the_same_machine(collector: Inside) -> None:
    async def run() -> tuple[list[int], int]:
        agent = await collector.enrol("pc-01", **MINE)
        lost = copy_of(agent)
        await collector.report(lost, **OTHER)
        again = copy_of(agent)
        again.encoder = lost.encoder
        await offer(collector, lost, "lost")
        statuses = [(await offer(collector, again, "heard")).status, (await collector.report(again, **OTHER)).status]
        return statuses, len(collector.state.fleet)

    assert asyncio.run(run()) == ([201, 200], 2)


def test_two_that_report_at_once_are_two_though_nothing_else_tells_them_apart(collector: Inside) -> None:
    async def run() -> tuple[list[int], list[int]]:
        agent = await collector.enrol("pc-01")
        copy = copy_of(agent)
        statuses = []
        for _ in range(3):
            for each in (agent, copy):
                collector.clock.wait(7)
                statuses.append((await collector.report(each)).status)
        await offer(collector, copy, "its own")
        return statuses, [(await collector.report(each)).status for each in (agent, copy, agent, copy)]

    assert asyncio.run(run()) == ([200, 200, 200, 401, 200, 401], [200] * 4)


def test_a_virtual_machine_that_goes_back_to_a_snapshot_stays_one(collector: Inside) -> None:
    async def run() -> list[int]:
        agent = await collector.enrol("vm-01", **MINE)
        statuses = []
        for _ in range(4):
            collector.clock.wait(15)
            statuses.append((await collector.report(agent, **MINE)).status)
        snapshot = (agent.encoder, 2)
        for _ in range(3):  # it starts anew, and is then set back: each time the session of the snapshot goes on
            agent.restart()
            for _ in range(3):
                collector.clock.wait(15)
                statuses.append((await collector.report(agent, **MINE)).status)
            agent.encoder, agent.sequence = snapshot
            for _ in range(4):
                collector.clock.wait(15)
                statuses.append((await collector.report(agent)).status)
        return statuses

    assert set(asyncio.run(run())) == {200}
    assert len(collector.state.fleet) == 1


def test_a_report_that_was_late_on_its_way_makes_no_clone(collector: Inside) -> None:
    async def run() -> list[int]:
        agent = await collector.enrol("pc-01")
        statuses = [(await collector.report(agent)).status]
        old = copy_of(agent)
        old.encoder, old.sequence = agent.encoder, agent.sequence
        for _ in range(3):
            agent.restart()
            collector.clock.wait(15)
            statuses.append((await collector.report(agent)).status)
            collector.clock.wait(-14)  # it was sent before
            statuses.append((await collector.report(old)).status)
            collector.clock.wait(14)
            statuses.append((await collector.report(agent)).status)
        return statuses

    assert set(asyncio.run(run())) == {200}


def test_a_session_that_is_no_clones_renews_as_ever(collector: Inside) -> None:
    async def run() -> tuple[int, int]:
        agent = await collector.enrol("pc-01", **MINE)
        return (await offer(collector, agent, "new")).status, len(collector.state.fleet)

    assert asyncio.run(run()) == (204, 1)


def test_a_stolen_credential_makes_no_machines_without_end(collector: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keskidee_collector.fleet.adoption.CLONES_AT_MOST", 2)

    async def run() -> list[int]:
        agent = await collector.enrol("pc-01", **MINE)
        statuses = []
        for number in range(3):
            copy = copy_of(agent)
            await collector.report(copy, **OTHER | {"uuid": str(number)})
            statuses.append((await offer(collector, copy, "x")).status)
        return statuses

    assert asyncio.run(run()) == [201, 201, 429]
