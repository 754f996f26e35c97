"""The description of the register's routes: it is whole, and every answer is as it says."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from keskidee_collector.register.api import AssetRoutes
from keskidee_collector.register.operations import Problem
from tests.collector.inside import ADMIN, Inside
from tests.collector.register.telling import machine_at, memory, program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.collector.inside import Answer

pytestmark = pytest.mark.slow

CARRIED = {"schema": 1, "taken_at": 1.0, "machine": {"hostname": "x"}, "items": {}, "outcomes": []}


def described(collector: Inside) -> Any:
    return asyncio.run(collector.ask("GET", "/v1/openapi.json")).json


def references(within: Any) -> Iterator[str]:
    if isinstance(within, dict):
        yield from [within["$ref"]] if "$ref" in within else []
        within = list(within.values())
    for each in within if isinstance(within, list) else []:
        yield from references(each)


def test_what_is_served_is_described_and_the_other_way_round(collector: Inside) -> None:
    served = {
        (route.path, method)
        for route in AssetRoutes(collector.state, ADMIN).routes()
        for method in (route.methods or set()) - {"HEAD"}
    }
    paths = described(collector)["paths"]
    assert {(path, method.upper()) for path, methods in paths.items() for method in methods} == served


def test_the_description_is_whole(collector: Inside) -> None:
    """What the OpenAPI 3.1 specification demands of the objects that are used here."""
    found = described(collector)
    operations = [(path, each) for path, methods in found["paths"].items() for each in methods.values()]
    assert (found["openapi"], set(found["info"])) == ("3.1.0", {"title", "version"})
    assert {each.rpartition("/")[2] for each in references(found)} <= found["components"]["schemas"].keys()
    assert len({each["operationId"] for _, each in operations}) == len(operations)
    for path, each in operations:
        named = [parameter["name"] for parameter in each["parameters"] if parameter["in"] == "path"]
        assert named == re.findall(r"{(\w+)}", path)
        assert all(parameter["schema"] for parameter in each["parameters"])
        assert each["summary"]
        assert all(answer["description"] and answer["content"] for answer in each["responses"].values())
        assert set(each["security"][0]) <= found["components"]["securitySchemes"].keys()


ASKED: list[tuple[str, str, bytes, dict[str, str]]] = [
    ("GET", "/v1/assets", b"", {}),
    ("GET", "/v1/assets?program=vim&below=9.1", b"", {}),
    ("GET", "/v1/assets?program=vim&sort=x", b"", {}),
    ("POST", "/v1/assets", b'{"name": "x", "kind": "screen", "price": "12.5", "currency": "xcd"}', {}),
    ("POST", "/v1/assets", b'{"name": "x", "kind": "screen", "price": "much"}', {}),
    ("GET", "/v1/assets/changes", b"", {}),
    ("GET", "/v1/assets/changes?since=x", b"", {}),
    ("POST", "/v1/assets/inventory", zlib.compress(json.dumps(CARRIED).encode()), {}),
    ("POST", "/v1/assets/inventory", b"x", {}),
    ("GET", "/v1/assets/ID", b"", {}),
    ("GET", "/v1/assets/none", b"", {}),
    ("GET", "/v1/assets/ID/events", b"", {}),
    ("GET", "/v1/assets/ID/events?since=x", b"", {}),
    ("GET", "/v1/assets/none/events", b"", {}),
    ("PATCH", "/v1/assets/ID", b'{"note": "dusty"}', {"if-match": "*"}),
    ("PATCH", "/v1/assets/ID", b'{"note": "dusty"}', {"if-match": '"99"'}),
    ("PATCH", "/v1/assets/ID", b'{"note": "dusty"}', {}),
    ("GET", "/v1/openapi.json", b"", {}),
]


@pytest.mark.parametrize(("method", "path", "body", "headers"), ASKED, ids=[f"{each[0]} {each[1]}" for each in ASKED])
def test_every_answer_is_as_described(
    collector: Inside, method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    async def run() -> Answer:
        machine = await machine_at(collector)
        for version in ("8.0", "9.0"):
            await machine.tell([memory("DIMM 0"), program("vim", version)])
        place = path.replace("ID", (await machine.asset())["asset"]["id"])
        return await collector.ask(method, place, body, token=ADMIN, headers=headers)

    answer, plain = asyncio.run(run()), path.partition("?")[0].replace("ID", "{asset_id}").replace("none", "{asset_id}")
    [operation] = [
        each for each in AssetRoutes(collector.state, ADMIN).operations() if (each.method, each.path) == (method, plain)
    ]
    assert answer.status in (*operation.answers, *operation.problems)
    kind = operation.answers.get(answer.status, Problem)
    assert msgspec.to_builtins(msgspec.json.decode(answer.body, type=kind)) == answer.json


def test_it_is_read_as_the_register_is(collector: Inside) -> None:
    assert asyncio.run(collector.ask("GET", "/v1/openapi.json", headers={"via": "1.1 x"})).status == 401
