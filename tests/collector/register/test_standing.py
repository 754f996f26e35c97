"""The register in numbers on /metrics/self: true counts, few series, and what money is joined by."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.register.standing import bounded
from keskidee_report.items import Item
from tests.collector.inside import ADMIN, Inside
from tests.collector.register.telling import Machine, machine_at, memory

if TYPE_CHECKING:
    pass

DAY = 86_400.0
COUNTS = (
    *("keskidee_assets", "keskidee_assets_by_warranty", "keskidee_assets_by_age", "keskidee_assets_by_fund"),
    *("keskidee_assets_unbooked", "keskidee_assets_parts_removed"),
)


async def numbers(collector: Inside, *names: str) -> dict[tuple[str, ...], float]:
    """Series of the families by the values of their labels, sorted by label."""
    collector.state.assets.look(collector.clock.at)
    page = await collector.samples("/metrics/self")
    return {tuple(each for _, each in labels): value for (name, labels), value in page.items() if name in names}


async def entered(collector: Inside, **fields: str) -> None:
    asked = {"name": "x", "kind": "printer", "site": "suva"} | fields
    answer = await collector.ask("POST", "/v1/assets", json.dumps(asked).encode(), token=ADMIN)
    assert answer.status == 201, answer


async def booked(collector: Inside, machine: Machine, **fields: str) -> None:
    asset = (await machine.asset())["asset"]
    body = json.dumps(fields).encode()
    path = f"/v1/assets/{asset['id']}"
    assert (await collector.ask("PATCH", path, body, token=ADMIN, headers={"if-match": "*"})).status == 200


ASSETS: tuple[dict[str, str], ...] = (
    {"warranty_until": "2027-01-14", "bought_on": "2021-01-15", "funds": "EDF 11", "state": "in repair"},
    {"warranty_until": "2027-01-15", "bought_on": "2026-01-16", "funds": "EDF 11 60%, CDB 40%"},
    {"warranty_until": "2027-04-15", "bought_on": "2026-01-15", "funds": "CDB 33.3%, EDF 11 66.7%"},
    {"kind": "server", "site": "castries"},
)  # today is 2027-01-15
TOLD: dict[str, dict[tuple[str, ...], float]] = {
    "keskidee_assets": {
        ("printer", "suva", "in repair"): 1, ("printer", "suva", "in use"): 2, ("server", "castries", "in use"): 1,
    },
    "keskidee_assets_by_warranty": {
        ("suva", "ended"): 1, ("suva", "ending"): 1, ("suva", "valid"): 1, ("castries", "unknown"): 1,
    },
    "keskidee_assets_by_age": {("6+", "suva"): 1, ("0", "suva"): 1, ("1", "suva"): 1, ("unknown", "castries"): 1},
    "keskidee_assets_by_fund": {("EDF 11", "in repair"): 1, ("EDF 11", "in use"): 1.267, ("CDB", "in use"): 0.733},
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_assets_are_counted(collector: Inside, name: str) -> None:
    async def run() -> dict[tuple[str, ...], float]:
        for fields in ASSETS:
            await entered(collector, **fields)
        return await numbers(collector, name)

    assert asyncio.run(run()) == TOLD[name]


def test_a_machine_s_series_are_joined_with_its_fund_tag_and_warranty(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        await machine.tell([memory("DIMM 0")])
        found: list[Any] = [await numbers(collector, "keskidee_assets_unbooked")]
        await booked(collector, machine, funds="A 25%, B 75%", asset_tag="IT-1", warranty_until="2027-12-31")
        names = (
            "keskidee_assets_unbooked",
            "keskidee_asset_fund_share_ratio",
            "keskidee_asset_warranty_expiry_timestamp_seconds",
        )
        found += [await numbers(collector, name) for name in names]
        [info] = [
            labels for name, labels in await collector.samples("/metrics/self") if name == "keskidee_machine_info"
        ]
        return [*found, {label: value for label, value in info if label in ("asset_tag", "fund")}]

    assert asyncio.run(run()) == [
        {("default",): 1},
        {},
        {("A", "pc-01"): 0.25, ("B", "pc-01"): 0.75},
        {("pc-01",): 1_830_297_600.0},  # 2028-01-01
        {"asset_tag": "IT-1", "fund": "B"},
    ]


def test_parts_that_went_are_counted_for_a_week(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        await machine.tell(
            [memory("DIMM 0"), memory("DIMM 1"), Item("software", "vim", {})], told=["memory", "software"]
        )
        await machine.tell([memory("DIMM 0")], told=["memory", "software"])
        found = []
        for days in (0, 6, 1.1):
            collector.clock.wait(days * DAY)
            found.append(await numbers(collector, "keskidee_assets_parts_removed"))
        return found

    removed = {("memory", "default"): 1}
    assert asyncio.run(run()) == [removed, removed, {}]


def test_two_hundred_more_programs_and_parts_add_no_series(collector: Inside) -> None:
    async def run() -> list[int]:
        machine = await machine_at(collector)
        told = []
        for count in (1, 200):
            software = [Item("software", f"program {n}", {"version": "1"}) for n in range(count)]
            await machine.tell([memory("DIMM 0"), *software], told=["memory", "software"])
            told.append(len(await numbers(collector, *COUNTS)))
        return told

    assert asyncio.run(run()) == [4, 4]


def test_a_merged_record_counts_once(collector: Inside) -> None:
    async def run() -> dict[tuple[str, ...], float]:
        old, new = await machine_at(collector), await machine_at(collector)
        for each in (old, new):
            await each.tell([memory("DIMM 0")])
        collector.clock.wait(3600)
        await collector.administer("POST", f"/v1/machines/{new.agent.id}/merge?into={old.agent.id}")
        return await numbers(collector, "keskidee_assets")

    assert asyncio.run(run()) == {("server", "default", "in use"): 1}


def test_of_too_many_counts_the_largest_stay_and_nothing_is_lost() -> None:
    counts: dict[tuple[str, ...], float] = {("a", str(number)): float(number) for number in range(10)}
    assert bounded(counts, at_most=2) == {("a", "9"): 9, ("a", "8"): 8, ("other", "other"): 28}
    assert bounded(counts, at_most=10) == counts


def test_nothing_is_counted_anew_where_nothing_was_written(collector: Inside) -> None:
    async def run() -> bool:
        await entered(collector)
        await numbers(collector)
        before = collector.state.assets.standing
        await numbers(collector)
        return collector.state.assets.standing is before

    assert asyncio.run(run())
