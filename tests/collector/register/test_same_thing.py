"""Assets of machines that move, are copied, retired, merged and taken apart again: each thing is one asset, and keeps
what it is made of and what became of it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.collector.fleet.test_merging import change, enrol_again
from tests.collector.inside import Inside
from tests.collector.register.telling import MODULE, Machine, disk, memory, program
from tests.collector.test_clones import MINE, OTHER, copy_of, offer

if TYPE_CHECKING:
    pass

PARTS = [memory("DIMM 0"), memory("DIMM 1", serial="2"), disk(), program("vim", "9.0")]


async def telling(collector: Inside, **facts: Any) -> Machine:
    """A machine of the site castries that told what it is made of."""
    agent = await collector.enrol("pc-01", token=await collector.token(site="castries"), **facts)
    machine = Machine(collector, agent)
    await collector.report(agent, hostname="pc-01", **facts)
    assert await machine.tell(PARTS) == [204]
    return machine


async def listed(collector: Inside) -> list[tuple[str, str]]:
    rows = (await collector.ask("GET", "/v1/assets?sort=created_at")).json["assets"]
    return [(row["name"], row["machine_id"]) for row in rows]


async def whole(collector: Inside, asset_id: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The keys of what an asset is made of, and its history, oldest first."""
    found = (await collector.ask("GET", f"/v1/assets/{asset_id}")).json
    history = [(row["what"], row["kind"], row["before"], row["after"]) for row in reversed(found["history"])]
    return [row["key"] for row in found["items"]], history


def test_a_machine_that_moved_to_another_site_is_the_same_asset_and_it_is_told_once(collector: Inside) -> None:
    async def run() -> tuple[Any, ...]:
        machine = await telling(collector, **MINE)
        before = (await machine.asset())["asset"]
        machine.agent = await enrol_again(collector, machine.agent, site="kingston")
        for _ in range(2):
            await collector.report(machine.agent)
            assert await machine.tell(PARTS) == [204]
        after = (await machine.asset())["asset"]
        return before["id"] == after["id"], after["site"], await machine.history()

    moved = ("changed", "asset", "", {"site": "castries"}, {"site": "kingston"})
    assert asyncio.run(run()) == (True, "kingston", [moved])


def test_a_cloned_image_is_another_asset_and_nothing_became_of_the_first(collector: Inside) -> None:
    async def run() -> tuple[Any, ...]:
        machine = await telling(collector, **MINE)
        copy = Machine(collector, copy_of(machine.agent))
        copy.known = machine.known  # the image holds the agent's state too
        refused = await collector.report(copy.agent, hostname="pc-01", **OTHER)
        adopted = await offer(collector, copy.agent, "its own")
        statuses = [refused.status, adopted.status, *await copy.tell([memory("DIMM 0"), PARTS[3]])]
        statuses += [*await copy.tell([PARTS[3]]), *await machine.tell(PARTS)]
        names = [name for name, _ in await listed(collector)]
        return statuses, names, await machine.history(), [row[:3] for row in await copy.history()]

    statuses, names, of_first, of_copy = asyncio.run(run())
    assert statuses == [401, 201, 409, 204, 204, 204]
    assert names == ["pc-01", "pc-01"]
    assert (of_first, of_copy) == ([], [("removed", "memory", "DIMM 0")])


def test_merged_records_are_one_asset_which_goes_on_and_two_again_when_they_are_taken_apart(collector: Inside) -> None:
    async def run() -> list[Any]:
        old = await telling(collector, **MINE)
        collector.clock.wait(3600)
        new = await telling(collector, **MINE)  # installed anew, enrolled anew
        kept, ended = [(await each.asset())["asset"]["id"] for each in (old, new)]
        assert await change(collector, new.agent, "merge", old.agent) == 200
        found: list[Any] = [
            await listed(collector),
            await new.tell(PARTS[1:]),
        ]  # as the old one's agent, under its own id
        found += [await whole(collector, kept), await whole(collector, ended)]
        assert await change(collector, new.agent, "unmerge") == 200
        found += [len(await listed(collector)), await new.tell(PARTS[1:])]
        return [*found, (await whole(collector, kept))[1][2:], (await whole(collector, ended)), old.agent.id]

    merged, statuses, of_old, of_new, count, again, last_of_old, last_of_new, old_id = asyncio.run(run())
    name = of_old[1][0][3]["merged"]
    removed = ("removed", "memory", MODULE, None)
    nothing: dict[str, Any] = {}
    joined = ("changed", "asset", nothing, {"merged": name})
    ended = ("changed", "asset", nothing, {"merged_into": "pc-01"})
    apart = ("changed", "asset", {"merged_into": "pc-01"}, nothing)
    assert merged == [("pc-01", old_id)]
    assert (statuses, of_old) == ([204], (["sda", "DIMM 1", "vim"], [joined, removed]))
    assert of_new == (["sda", "DIMM 0", "DIMM 1", "vim"], [ended])
    assert (count, again, last_of_old) == (2, [409, 204], [("changed", "asset", {"merged": "pc-01"}, {})])
    assert last_of_new == (["sda", "DIMM 1", "vim"], [ended, apart, removed])


def test_a_retired_machine_s_asset_stays_with_all_that_is_known_of_it(collector: Inside) -> None:
    async def run() -> tuple[Any, ...]:
        machine = await telling(collector, **MINE)
        await machine.tell(PARTS[1:])
        assert await change(collector, machine.agent, "retire") == 200
        status = await machine.tell(PARTS)
        return status, len((await machine.asset())["items"]), [row[:3] for row in await machine.history()]

    assert asyncio.run(run()) == ([410], 3, [("removed", "memory", "DIMM 0")])
