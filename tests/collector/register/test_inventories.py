"""Inventories that are refused: by whom they come, by their form, by their size. Nothing of them is kept."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_agent.inventory.delivery import Known, Taken, difference
from tests.collector.inside import Inside
from tests.collector.register.telling import machine_at, memory, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.collector.register.telling import Machine


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, limits={"items": 100, "body_bytes": 20_000, "inflated_bytes": 100_000})
    yield inside
    inside.state.close()


def asked(**changed: Any) -> dict[str, Any]:
    """The first inventory of a machine with one module, and what is odd about it."""
    module = memory("DIMM 0")
    body, _ = difference(Taken(items={("memory", "DIMM 0"): module}, told=["memory"]), Known(digests={}))
    return body | changed


def item(**changed: Any) -> dict[str, Any]:
    return {"kind": "memory", "key": "DIMM 0", "fields": {}} | changed


ODD: dict[str, dict[str, Any]] = {
    "the hash is of others": asked(hash="0" * 32),
    "the hash is no hash": asked(hash="x"),
    "a kind is no name": asked(changed=[item(kind="../memory")]),
    "a field is no name": asked(changed=[item(fields={"size bytes": 1})]),
    "a value is nested": asked(changed=[item(fields={"size": {"bytes": 1}})]),
    "a number is too large for the store": asked(changed=[item(fields={"size": 2**63})]),
    "a text is too long": asked(changed=[item(fields={"model": "x" * 5000})]),
    "a key is too long": asked(changed=[item(key="x" * 2000)]),
    "there are too many fields": asked(changed=[item(fields={f"f{number}": 1 for number in range(200)})]),
    "there is no list of kinds": {"hash": "0" * 32, "changed": []},
}


async def kept(machine: Machine) -> tuple[int, Any]:
    whole = await machine.asset()
    return len(whole["items"]), whole["asset"]["inventory_at"]


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_what_is_not_as_it_should_be_is_refused_and_nothing_of_it_is_kept(
    collector: Inside, body: dict[str, Any]
) -> None:
    async def run() -> Any:
        machine = await machine_at(collector)
        await collector.state.assets.following.follow(collector.state.fleet, collector.state.now())
        answer = await machine.post(body)
        return answer.status, answer.json["title"], await kept(machine)

    assert asyncio.run(run()) == (422, "malformed", (0, None))


BODIES = {
    "empty": (b"", 422, "malformed"),
    "not deflated": (b"{}", 422, "malformed"),
    "cut short": (zlib.compress(b"[" * 1000)[:-6], 422, "malformed"),
    "nested without end": (zlib.compress(b'{"x":' + b"[" * 50_000), 422, "malformed"),
    "not UTF-8": (zlib.compress(b'{"\xff": 1}'), 422, "malformed"),
    "larger than it may be": (b"x" * 20_001, 413, "too_large"),
    "a bomb": (zlib.compress(bytes(200_000)), 413, "too_large"),
}


@pytest.mark.parametrize(("body", "status", "title"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_inventory_is_refused_and_counted(
    collector: Inside, body: bytes, status: int, title: str
) -> None:
    async def run() -> Any:
        agent = await collector.enrol("pc-01")
        path = f"/v1/machines/{agent.id}/inventory"
        answer = await collector.ask("POST", path, body, token=agent.credential)
        counted = await collector.samples("/metrics/self")
        return answer.status, answer.json["title"], counted["keskidee_collector_refused_total", (("reason", title),)]

    assert asyncio.run(run()) == (status, title, 1)


def test_more_items_than_a_machine_may_have_are_refused_also_where_they_come_bit_by_bit(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        programs = [program(f"p{number}", "1") for number in range(101)]
        found: list[Any] = [await machine.tell(programs[:60]), await machine.tell(programs)]
        return [*found, len((await machine.asset())["items"]), await machine.history()]

    assert asyncio.run(run()) == [[204], [422], 60, []]


@pytest.mark.parametrize(("change", "status"), [("revoke", 403), ("retire", 410)])
def test_who_was_sent_away_tells_nothing(collector: Inside, change: str, status: int) -> None:
    async def run() -> int:
        machine = await machine_at(collector)
        await collector.administer("POST", f"/v1/machines/{machine.agent.id}/{change}")
        return (await machine.post(asked())).status

    assert asyncio.run(run()) == status


def test_a_machine_tells_for_itself_only(collector: Inside) -> None:
    async def run() -> list[int]:
        machine, other = await machine_at(collector), await machine_at(collector, "pc-02")
        return [(await machine.post(asked(), token=each)).status for each in (other.agent.credential, "wrong")]

    assert asyncio.run(run()) == [401, 401]


def test_a_machine_adds_no_more_to_its_history_a_day_than_it_may(tmp_path: Path) -> None:
    async def run() -> Any:
        collector = Inside(tmp_path, limits={"changes_per_day": 100})
        hasty, calm = await machine_at(collector), await machine_at(collector, "pc-02")
        found: list[float] = []
        for version, waits in (("1", 0), ("2", 0), ("3", 0), ("3", 43_200)):
            collector.clock.wait(waits)
            found += await hasty.tell([program(f"lib {n}", version) for n in range(60)])
        page = await collector.samples("/metrics/self")
        found += [page["keskidee_collector_refused_total", (("reason", "rate"),)], len(await hasty.history())]
        found += await calm.tell([memory("DIMM 0")])
        collector.state.close()
        return found

    assert asyncio.run(run()) == [204, 204, 429, 204, 1, 120, 204]


def test_kinds_without_end_are_refused(collector: Inside) -> None:
    async def run() -> Any:
        machine = await machine_at(collector)
        return [(await machine.tell([], told=[f"k{n}_{m}" for m in range(200)]))[-1] for n in range(6)]

    assert asyncio.run(run()) == [204] * 5 + [422]
