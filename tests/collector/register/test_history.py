"""What becomes of a machine is told once, through the real protocol; readings and what is newly known are no change."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.register.following import CHANGES_A_DAY, DAY_SECONDS
from tests.collector.inside import NOON, Inside
from tests.collector.register.telling import MODULE, disk, machine_at, memory, program

if TYPE_CHECKING:
    from keskidee_report.items import Item

BEGINNING = [memory("DIMM 0"), memory("DIMM 1", serial="2"), disk(), program("vim", "9.0")]


async def after(collector: Inside, *inventories: list[Item]) -> list[tuple[Any, ...]]:
    """The history of a machine that told these, one after another, each twice."""
    machine = await machine_at(collector)
    for items in inventories:
        for _ in range(2):
            assert await machine.tell(items) == [204]
    return await machine.history()


def test_the_first_inventory_is_what_it_has_and_no_change(collector: Inside) -> None:
    async def run() -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
        machine = await machine_at(collector, maker="Dell Inc.", model="OptiPlex 7050", serial="ABC123")
        await machine.tell(BEGINNING)
        return await machine.asset(), await machine.history()

    found, history = asyncio.run(run())
    asset = found["asset"]
    assert history == []
    assert [(row["kind"], row["key"]) for row in found["items"]] == [
        ("disk", "sda"), ("memory", "DIMM 0"), ("memory", "DIMM 1"), ("program", "vim"),
    ]  # fmt: skip
    assert found["items"][1] == {
        "kind": "memory", "key": "DIMM 0", "fields": MODULE, "first_seen": NOON, "changed_at": NOON,
    }  # fmt: skip
    assert (asset["name"], asset["maker"], asset["model"], asset["serial"], asset["state"], asset["inventory_at"]) == (
        "pc-01", "Dell Inc.", "OptiPlex 7050", "ABC123", "in use", NOON,
    )  # fmt: skip


MODULE_2 = MODULE | {"serial": "2"}
CHANGES: dict[str, tuple[list[Item], list[tuple[Any, ...]]]] = {
    "a memory module was removed": (
        [memory("DIMM 0"), disk(), program("vim", "9.0")],
        [("removed", "memory", "DIMM 1", MODULE_2, None)],
    ),
    "the disk was swapped": (
        [*BEGINNING[:2], disk(model="SSD 870", serial="S5Y2"), BEGINNING[3]],
        [("changed", "disk", "sda", {"model": "SSD 860", "serial": "S3Z1"}, {"model": "SSD 870", "serial": "S5Y2"})],
    ),
    "a program was added": (
        [*BEGINNING, program("gimp", "2.10")],
        [("added", "program", "gimp", None, {"name": "gimp", "version": "2.10"})],
    ),
    "a program was brought up to date": (
        [*BEGINNING[:3], program("vim", "9.1")],
        [("changed", "program", "vim", {"version": "9.0"}, {"version": "9.1"})],
    ),
    "a reading went up": ([*BEGINNING[:2], disk(power_on_seconds=3600), BEGINNING[3]], []),
    "more is known of the disk": ([*BEGINNING[:2], disk(firmware="1B6Q"), BEGINNING[3]], []),
}


@pytest.mark.parametrize(("items", "told"), CHANGES.values(), ids=CHANGES)
def test_each_change_is_told_once(collector: Inside, items: list[Item], told: list[tuple[Any, ...]]) -> None:
    assert asyncio.run(after(collector, BEGINNING, items)) == told


def test_a_machine_that_was_renamed_is_the_same_asset_and_it_is_told_once(collector: Inside) -> None:
    async def run() -> tuple[Any, ...]:
        machine = await machine_at(collector)
        await machine.tell(BEGINNING)
        before = (await machine.asset())["asset"]["id"]
        for _ in range(2):
            await collector.report(machine.agent, hostname="front-desk")
            await machine.tell(BEGINNING)
        found = (await machine.asset())["asset"]
        return found["id"] == before, found["name"], await machine.history()

    renamed = ("changed", "asset", "", {"name": "pc-01"}, {"name": "front-desk"})
    assert asyncio.run(run()) == (True, "front-desk", [renamed])


def test_a_machine_that_renames_itself_without_end_is_told_some_times_a_day_and_truly(collector: Inside) -> None:
    async def run() -> tuple[Any, ...]:
        machine = await machine_at(collector)
        await machine.tell(BEGINNING)
        for number in range(2 * CHANGES_A_DAY):
            await collector.report(machine.agent, hostname=f"pc-{number:03}")
            await machine.tell(BEGINNING)
        at_once = await machine.history()
        collector.clock.wait(DAY_SECONDS / CHANGES_A_DAY)
        await machine.tell(BEGINNING)
        return len(at_once), await machine.history()

    count, history = asyncio.run(run())
    renamed = [(before["name"], after["name"]) for *_, before, after in history]
    numbers = ["pc-01", *[f"pc-{number:03}" for number in range(CHANGES_A_DAY)], f"pc-{2 * CHANGES_A_DAY - 1:03}"]
    assert (count, renamed) == (CHANGES_A_DAY, list(pairwise(numbers)))


def test_nothing_of_a_source_that_failed_is_gone_and_what_is_gone_is_told_when_it_reads_again(
    collector: Inside,
) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        found: list[Any] = [await machine.tell(BEGINNING)]
        found.append(await machine.tell(BEGINNING[2:], told=("program", "disk")))
        found += [len((await machine.asset())["items"]), await machine.history()]
        found.append(await machine.tell(BEGINNING[1:]))
        return [*found, [row[:3] for row in await machine.history()]]

    removed = ("removed", "memory", "DIMM 0")
    assert asyncio.run(run()) == [[204], [204], 4, [], [204], [removed]]


def test_a_machine_that_forgot_what_it_told_sends_all_and_nothing_is_told_twice(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        await machine.tell(BEGINNING)
        machine.known = (await machine_at(collector, "pc-02")).known  # installed anew: nothing
        found = [await machine.tell(BEGINNING[1:])]
        return [*found, [row[:3] for row in await machine.history()]]

    assert asyncio.run(run()) == [[204], [("removed", "memory", "DIMM 0")]]


def test_a_collector_that_knows_another_base_asks_for_all(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine, other = await machine_at(collector), await machine_at(collector, "pc-02")
        await machine.tell(BEGINNING)
        await other.tell(BEGINNING[1:])
        machine.known = other.known  # as after a backup was restored
        found = [await machine.tell([*BEGINNING[1:], program("gimp", "2.10")])]
        return [*found, [row[:3] for row in await machine.history()]]

    told = [("removed", "memory", "DIMM 0"), ("added", "program", "gimp")]
    assert asyncio.run(run()) == [[409, 204], told]


def test_kinds_that_a_newer_agent_tells_for_the_first_time_are_no_change(collector: Inside) -> None:
    async def run() -> list[tuple[Any, ...]]:
        machine = await machine_at(collector)
        await machine.tell(BEGINNING[:3], told=("memory", "disk"))
        await machine.tell(BEGINNING)
        return await machine.history()

    assert asyncio.run(run()) == []


def test_a_restart_of_the_collector_tells_nothing_again(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        await machine.tell(BEGINNING)
        machine.collector = collector.again()
        collector.state = machine.collector.state
        return [await machine.tell(BEGINNING[1:]), [row[:3] for row in await machine.history()]]

    assert asyncio.run(run()) == [[204], [("removed", "memory", "DIMM 0")]]
