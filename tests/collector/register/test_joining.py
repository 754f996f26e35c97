"""A machine and its purchase that are two assets become one, by the serial number: when it is known at last, or when
somebody asks for it; people's contradictions stay two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.commands.import_command import run_reconcile
from tests.collector.inside import ADMIN, Inside
from tests.collector.register.telling import machine_at, memory
from tests.collector.register.test_purchases import LIST, bring, listed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.collector.register.telling import Machine

FACTS = {"maker": "Dell Inc.", "model": "OptiPlex 7090"}


async def reconciled(collector: Inside, token: str = ADMIN) -> Any:
    answer = await collector.ask("POST", "/v1/assets/reconcile", token=token)
    return answer.json if answer.status == 200 else answer.status


async def seen(collector: Inside, **facts: str) -> Machine:
    machine = await machine_at(collector, **{**FACTS, **facts})
    await machine.tell([memory("DIMM 0")])
    return machine


def test_a_serial_number_that_is_known_later_brings_the_purchase(collector: Inside) -> None:
    async def run() -> Any:
        await bring(collector, LIST)
        [waiting] = [row[0] for row in await listed(collector, "id", "serial") if row[1] == "ABC123"]
        machine = await seen(collector)
        collector.clock.wait(60)
        await machine.tell([memory("DIMM 0", serial="87654321")])
        before = len(await listed(collector, "id"))
        await collector.report(machine.agent, hostname="pc-01", maker="Dell Inc.", serial="abc123")
        told = await machine.tell([memory("DIMM 0", serial="87654321"), memory("DIMM 1")])
        whole = await machine.asset()
        history = [(row["what"], row["kind"]) for row in whole["history"]]
        return before, len(await listed(collector, "id")), told, whole["asset"], waiting, history, len(whole["items"])

    before, after, told, asset, waiting, history, items = asyncio.run(run())
    assert (before, after, told, items) == (3, 2, [204], 2)
    assert (asset["id"], asset["order_number"], asset["state"]) == (waiting, "PO-7", "in use")
    assert history == [("added", "memory"), ("changed", "asset"), ("changed", "memory"), ("added", "asset")]


def test_a_purchase_whose_serial_number_is_set_later_is_joined_by_the_command(collector: Inside) -> None:
    async def run() -> list[Any]:
        await bring(collector, "asset_tag,name,kind,order_number\nIT-7,Desktop,desktop,PO-7\n")
        machine = await seen(collector, serial="ABC123")
        first = await reconciled(collector)
        await bring(collector, "asset_tag,serial,maker\nIT-7,abc123,Dell Inc.\n")
        second, third = await reconciled(collector), await reconciled(collector)
        asset = (await machine.asset())["asset"]
        return [first, second, third, [asset["asset_tag"], asset["state"], asset["id"]]]

    first, second, third, (tag, state, asset_id) = asyncio.run(run())
    nothing: dict[str, Any] = {"joined": [], "contradicting": []}
    assert first == nothing | {"waiting": 1, "without_purchase": 1}
    pair = {"asset_id": asset_id, "name": "pc-01", "serial": "ABC123", "against": []}
    assert second == nothing | {"joined": [pair], "waiting": 0, "without_purchase": 0}
    assert (third, tag, state) == (nothing | {"waiting": 0, "without_purchase": 0}, "IT-7", "in use")


def test_the_address_of_what_became_one_with_another_leads_on_through_all_joins(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await seen(collector, serial="ABC123")
        ids = [(await machine.asset())["asset"]["id"]]
        for _ in range(2):
            entered = {"name": "pc-01", "kind": "desktop", "serial": "ABC123"}
            made = await collector.ask("POST", "/v1/assets", json.dumps(entered).encode(), token=ADMIN)
            assert (await reconciled(collector))["joined"] != []
            ids.append(made.json["id"])
        first, second, last = ids
        asked: list[Any] = [("GET", f"/assets/{first}"), ("GET", f"/assets/{second}"), ("GET", f"/v1/assets/{first}")]
        asked += [("GET", f"/v1/assets/{second}/events?since=7"), ("PATCH", f"/v1/assets/{first}")]
        answers = []
        for method, path in asked:
            answer = await collector.ask(method, path, b"{}", token=ADMIN, headers={"if-match": "*"})
            answers.append((answer.status, answer.headers["location"].replace(last, "LAST")))
        statuses = [(await collector.ask("GET", f"{path}/{last}")).status for path in ("/assets", "/v1/assets")]
        return [answers, statuses, (await collector.ask("GET", "/v1/assets/0000000000000000")).status]

    answers, statuses, unknown = asyncio.run(run())
    assert answers == [
        (301, "/assets/LAST"),
        (301, "/assets/LAST"),
        (301, "/v1/assets/LAST"),
        (301, "/v1/assets/LAST/events?since=7"),
        (308, "/v1/assets/LAST"),
    ]
    assert (statuses, unknown) == ([200, 200], 404)


def test_what_people_set_otherwise_in_both_keeps_them_two_and_is_told(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await seen(collector, serial="ABC123")
        mine = (await machine.asset())["asset"]["id"]
        tag = b'{"asset_tag": "IT-1"}'
        set_by_hand = await collector.ask("PATCH", f"/v1/assets/{mine}", tag, token=ADMIN, headers={"if-match": "*"})
        await bring(collector, "asset_tag,name,kind\nIT-7,Desktop,desktop\n")
        await bring(collector, "asset_tag,serial\nIT-7,ABC123\n")
        return [set_by_hand.status, (await reconciled(collector))["contradicting"], len(await listed(collector, "id"))]

    status, [pair], count = asyncio.run(run())
    assert (status, pair["against"], count) == (200, ["asset_tag"], 2)


def test_reconciling_needs_a_token_that_writes(collector: Inside) -> None:
    async def run() -> Any:
        return await reconciled(collector, await collector.token(scope="api"))

    assert asyncio.run(run()) == 401


def test_the_command_says_that_no_collector_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_reconcile(argparse.Namespace(data=tmp_path)) == 1
    assert "no collector is running" in capsys.readouterr().err
