"""Lists of assets: searched, filtered, sorted, in pages; and what changed since a moment."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.collector.inside import ADMIN, NOON, Inside
from tests.collector.register.telling import machine_at, memory

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.slow

ASSETS = (
    {"name": "a", "kind": "projector", "site": "suva", "serial": "X-100%", "custodian": "Ana Müller"},
    {"name": "b", "kind": "projector", "site": "castries", "state": "lost"},
    {"name": "c", "kind": "switch", "site": "suva", "asset_tag": "IT-1"},
)


async def entered(collector: Inside) -> None:
    for fields in ASSETS:
        await collector.ask("POST", "/v1/assets", json.dumps(fields).encode(), token=ADMIN)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abc"), ("q=M%C3%9CLLER", "a"), ("q=suva+switch", "c"), ("q=100%25", "a"), ("q=1_0", ""), ("q=it-1", "c"),
        ("site=suva", "ac"), ("site=suva&kind=projector", "a"), ("state=lost", "b"), ("asset_tag=IT-1", "c"),
        ("sort=-name", "cba"), ("sort=site", "bac"), ("per_page=2", "ab"), ("per_page=2&page=2", "c"), ("page=9", ""),
    ],
)  # fmt: skip
def test_a_list_is_what_was_asked_for(collector: Inside, query: str, names: str) -> None:
    async def run() -> Any:
        await entered(collector)
        return (await collector.ask("GET", f"/v1/assets?{query}")).json

    found = asyncio.run(run())
    assert sorted(row["name"] for row in found["assets"]) == sorted(names)
    if "sort" in query and "site" not in query:
        assert "".join(row["name"] for row in found["assets"]) == names


def test_a_page_says_how_many_there_are(collector: Inside) -> None:
    async def run() -> Any:
        await entered(collector)
        return (await collector.ask("GET", "/v1/assets?per_page=1&page=2&site=suva")).json

    found = asyncio.run(run())
    assert (found["found"], found["page"], found["per_page"], len(found["assets"])) == (2, 2, 1, 1)


@pytest.mark.parametrize(
    "query", ["sort=words", "page=0", "page=x", "per_page=501", "where=1", "page=-1", "page=nan", "page=1e400"]
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(collector: Inside, query: str) -> None:
    answer = asyncio.run(collector.ask("GET", f"/v1/assets?{query}"))
    assert (answer.status, answer.json["title"]) == (422, "malformed")


def test_changes_since_a_moment_come_in_order_and_go_on_behind_the_last(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector)
        for slots in ("ab", "a", "abc"):
            collector.clock.wait(60)
            await machine.tell([memory(slot) for slot in slots])
        later = (await collector.ask("GET", f"/v1/assets/changes?since={NOON + 180}")).json
        every = (await collector.ask("GET", "/v1/assets/changes")).json
        end = (await collector.ask("GET", f"/v1/assets/changes?after={every['after']}")).json
        return [[(row["what"], row["key"], row["at"]) for row in told["changes"]] for told in (later, every, end)]

    added = [("added", "b", NOON + 180), ("added", "c", NOON + 180)]
    assert asyncio.run(run()) == [added, [("removed", "b", NOON + 120), *added], []]


def test_an_asset_that_is_not_there_is_a_404(collector: Inside) -> None:
    assert asyncio.run(collector.ask("GET", "/v1/assets/none")).status == 404
