"""Inventories that come in a file: to the asset that they are of, or to a new one; older ones change nothing."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.collector.inside import ADMIN, NOON, Inside
from tests.collector.register.telling import machine_at, memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.collector.inside import Answer

pytestmark = pytest.mark.slow

MODULE = {"key": "DIMM 0", "size_bytes": 8 << 30}


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, limits={"items": 100})
    yield inside
    inside.state.close()


def file(*modules: dict[str, Any], taken_at: float = NOON - 3600, **machine: str) -> dict[str, Any]:
    outcomes = [{"source": "memory", "outcome": "ok", "reason": "", "seconds": 0.1, "kinds": ["memory"]}]
    items = {"memory": list(modules), "local_user": [{"key": "ana", "name": "ana"}]}
    known = {"hostname": "pc-77", "maker": "Dell Inc.", "serial": "ABC123"} | machine
    return {"schema": 1, "taken_at": taken_at, "machine": known, "items": items, "outcomes": outcomes}


async def bring(collector: Inside, content: Any) -> Answer:
    packed = zlib.compress(json.dumps(content).encode())
    return await collector.ask("POST", "/v1/assets/inventory", packed, token=ADMIN)


def test_a_machine_that_nobody_knows_becomes_an_asset_and_no_user_is_told(collector: Inside) -> None:
    async def run() -> Any:
        asset = (await bring(collector, file(MODULE))).json
        found = (await collector.ask("GET", f"/v1/assets/{asset['id']}")).json
        return asset, [(row["kind"], row["key"], row["fields"]) for row in found["items"]]

    asset, items = asyncio.run(run())
    told = [asset[name] for name in ("name", "maker", "serial", "state", "machine_id", "inventory_at")]
    assert told == ["pc-77", "Dell Inc.", "ABC123", "in use", None, NOON - 3600]
    assert items == [("memory", "DIMM 0", {"size_bytes": 8 << 30})]


def test_control_characters_of_a_file_are_in_no_text_of_its_asset(collector: Inside) -> None:
    asset = asyncio.run(bring(collector, file(MODULE, hostname="pc\0-77\x1b[2J", maker="\x07Dell"))).json
    assert (asset["name"], asset["maker"]) == ("pc-77[2J", "Dell")


@pytest.mark.parametrize("serial", ["ABC123", ""])
def test_the_next_file_of_it_tells_what_changed_and_the_same_or_an_older_one_nothing(
    collector: Inside, serial: str
) -> None:
    async def run() -> Any:
        files = [file(MODULE, serial=serial), file(taken_at=NOON, serial=serial), file(MODULE, serial=serial)]
        answers = [await bring(collector, each) for each in files]
        found = (await collector.ask("GET", f"/v1/assets/{answers[0].json['id']}")).json
        return [each.status for each in answers], [(row["what"], row["key"], row["at"]) for row in found["history"]]

    assert asyncio.run(run()) == ([201, 200, 409], [("removed", "DIMM 0", NOON)])


def test_a_machine_with_an_agent_is_known_by_its_serial_number_and_its_agent_goes_on_telling(collector: Inside) -> None:
    async def run() -> Any:
        machine = await machine_at(collector, maker="Dell Inc.", serial="ABC123")
        await machine.tell([memory("DIMM 0")])
        collector.clock.wait(60)
        brought = await bring(collector, file(MODULE | {"size_bytes": 16 << 30}, taken_at=NOON + 30))
        statuses = await machine.tell([memory("DIMM 0")])
        asset = (await machine.asset())["asset"]
        return brought.status, brought.json["id"] == asset["id"], statuses, len(await machine.history())

    assert asyncio.run(run()) == (200, True, [409, 204], 2)


@pytest.mark.parametrize(
    "content",
    [
        {}, [], file({"size_bytes": 1}), file(MODULE) | {"schema": 2}, file({"key": "x", "y": {}}),
        file(*[{"key": str(number)} for number in range(101)]),
    ],
)  # fmt: skip
def test_what_is_no_inventory_makes_no_asset(collector: Inside, content: Any) -> None:
    async def run() -> Any:
        status = (await bring(collector, content)).status
        return status, (await collector.ask("GET", "/v1/assets")).json["found"]

    assert asyncio.run(run()) == (422, 0)
