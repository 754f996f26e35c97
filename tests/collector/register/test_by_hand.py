"""What people enter and set: it stays whatever a machine tells, one tag is one asset's, and each change is told."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.collector.inside import ADMIN, Inside
from tests.collector.register.telling import machine_at, memory

if TYPE_CHECKING:
    from tests.collector.inside import Answer

PROJECTOR = {"name": "Epson in the hall", "kind": "projector", "asset_tag": "IT-0042", "room": "hall"}


async def enter(collector: Inside, token: str = ADMIN, **fields: Any) -> Answer:
    return await collector.ask("POST", "/v1/assets", json.dumps(fields).encode(), token=token)


async def set_fields(collector: Inside, asset: Any, match: str = "", **fields: Any) -> Answer:
    headers = {"if-match": match or f'"{asset["version"]}"'}
    path = f"/v1/assets/{asset['id']}"
    return await collector.ask("PATCH", path, json.dumps(fields).encode(), token=ADMIN, headers=headers)


def test_a_projector_has_no_agent_and_is_entered_by_hand(collector: Inside) -> None:
    async def run() -> tuple[Answer, Any]:
        entered = await enter(collector, **PROJECTOR)
        return entered, (await collector.ask("GET", entered.headers["location"])).json

    entered, found = asyncio.run(run())
    asset = entered.json
    assert (entered.status, entered.headers["etag"], found["asset"], found["items"]) == (201, '"1"', asset, [])
    assert {name: asset[name] for name in PROJECTOR} == PROJECTOR
    assert (asset["state"], asset["machine_id"]) == ("in use", None)
    [told] = found["history"]
    assert (told["what"], told["kind"], told["by"]) == ("added", "asset", "admin")


def test_control_characters_are_kept_in_no_field(collector: Inside) -> None:
    async def run() -> list[Any]:
        entered = (await enter(collector, name="a\0b", kind="pro\x1bjector", note=" one\0\ntwo\r\n ")).json
        nameless = await enter(collector, name="\0", kind="projector")
        return [entered["name"], entered["kind"], entered["note"], nameless.status]

    assert asyncio.run(run()) == ["ab", "projector", "one\ntwo", 422]


def test_what_a_person_set_is_never_overwritten_until_they_give_it_back(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector, model="OptiPlex")
        await machine.tell([memory("DIMM 0")])
        asset = (await machine.asset())["asset"]
        found = [(await set_fields(collector, asset, name="Reception", state="in repair", room="2")).status]
        await collector.report(machine.agent, hostname="pc-99", model="OptiPlex 7050")
        await machine.tell([memory("DIMM 0")])
        asset = (await machine.asset())["asset"]
        found += [asset["name"], asset["state"], asset["model"], asset["by_hand"]]
        return [*found, (await set_fields(collector, asset, name=None)).json["name"]]

    assert asyncio.run(run()) == [
        200, "Reception", "in repair", "OptiPlex 7050", ["name", "room", "state"], "pc-99",
    ]  # fmt: skip


def test_who_saw_an_older_version_overwrites_nothing(collector: Inside) -> None:
    async def run() -> list[int]:
        asset = (await enter(collector, **PROJECTOR)).json
        path, body = f"/v1/assets/{asset['id']}", b'{"room": "3"}'
        return [
            (await set_fields(collector, asset, room="1")).status,
            (await set_fields(collector, asset, room="2")).status,
            (await set_fields(collector, asset, match="*", room="2")).status,
            (await set_fields(collector, asset, match='"abc"', room="2")).status,
            (await collector.ask("PATCH", path, body, token=ADMIN)).status,
        ]

    assert asyncio.run(run()) == [200, 412, 200, 412, 428]


def test_a_tag_is_one_asset_s(collector: Inside) -> None:
    async def run() -> list[int]:
        first = (await enter(collector, **PROJECTOR)).json
        second = (await enter(collector, name="screen", kind="monitor")).json
        return [
            (await enter(collector, **PROJECTOR)).status,
            (await set_fields(collector, second, asset_tag="IT-0042")).status,
            (await set_fields(collector, first, asset_tag="IT-0042", room="4")).status,
            (await set_fields(collector, first, match="*", asset_tag=None)).status,
            (await set_fields(collector, second, asset_tag="IT-0042")).status,
        ]

    assert asyncio.run(run()) == [409, 409, 200, 200, 200]


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"name": "x"}, {"kind": "x"}, {"name": " ", "kind": "x"}, PROJECTOR | {"state": "broken"},
        PROJECTOR | {"owner": "me"}, PROJECTOR | {"name": "x" * 201}, PROJECTOR | {"room": 1},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(collector: Inside, fields: dict[str, Any]) -> None:
    answer = asyncio.run(enter(collector, **fields))
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")


def test_writing_needs_a_token_for_it_as_bearer(collector: Inside) -> None:
    async def run() -> list[int]:
        tokens = [await collector.token(scope=scope) for scope in ("join", "metrics", "api", "api-write")]
        found = [(await enter(collector, token=token, **PROJECTOR)).status for token in [*tokens, ""]]
        basic = {"authorization": "Basic eDprYTFfdGVzdA=="}  # the admin token as a browser would send it by itself
        answer = await collector.ask("POST", "/v1/assets", json.dumps(PROJECTOR).encode(), headers=basic)
        return [*found, answer.status]

    assert asyncio.run(run()) == [401, 401, 401, 201, 401, 401]


@pytest.mark.parametrize(("scope", "statuses"), [("metrics", [401, 401, 200]), ("api", [200, 200, 200])])
def test_behind_a_proxy_the_register_is_read_with_an_api_token_only(
    collector: Inside, scope: str, statuses: list[int]
) -> None:
    async def run() -> list[int]:
        token = await collector.token(scope=scope)
        paths = ("/v1/assets", "/v1/assets/changes", "/metrics")
        return [(await collector.ask("GET", path, token=token, headers={"via": "1.1 x"})).status for path in paths]

    assert asyncio.run(run()) == statuses
