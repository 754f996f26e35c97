"""Service discovery: one target a machine that can be scraped, where the one who asks can reach it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.app import build
from tests.collector.inside import ADMIN, Answer, Inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path)
    yield inside
    inside.state.close()


async def targets(collector: Inside, host: str = "127.0.0.1:5375", token: str = "") -> Answer:
    return await collector.ask("GET", "/v1/targets", headers={"host": host}, token=token)


def test_an_empty_fleet_is_an_empty_list(collector: Inside) -> None:
    answer = asyncio.run(targets(collector))
    assert (answer.status, answer.headers["content-type"], answer.json) == (200, "application/json", [])


def test_a_machine_is_a_target_with_its_labels(collector: Inside) -> None:
    async def run() -> tuple[str, Any]:
        token = await collector.token(site="castries", role="server")
        agent = await collector.enrol("srv-01", token=token, os="linux", os_name="Debian", maker="Dell", model="R740",
                                      serial="X1", agent_version="0.1.0")  # fmt: skip
        await collector.report(agent)
        return agent.id, (await targets(collector)).json

    machine_id, rows = asyncio.run(run())
    assert rows == [
        {
            "targets": ["127.0.0.1:5375"],
            "labels": {
                "__scheme__": "http",
                "__metrics_path__": f"/metrics/machines/{machine_id}",
                "instance": "srv-01",
                "site": "castries",
                "role": "server",
                "os": "linux",
                "__meta_keskidee_id": machine_id,
                "__meta_keskidee_hostname": "srv-01",
                "__meta_keskidee_system": "Debian",
                "__meta_keskidee_maker": "Dell",
                "__meta_keskidee_model": "R740",
                "__meta_keskidee_serial": "X1",
                "__meta_keskidee_state": "on",
                "__meta_keskidee_agent_version": "0.1.0",
                "__meta_keskidee_simulated": "false",
            },
        }
    ]


def test_machines_that_are_off_or_retired_have_nothing_to_scrape_and_silent_ones_do(collector: Inside) -> None:
    async def run() -> list[tuple[str, str]]:
        agents = {name: await collector.enrol(name) for name in ("on", "off", "gone", "silent")}
        await collector.report(agents["silent"])
        collector.clock.wait(46)
        for name in ("on", "off", "gone"):
            await collector.report(agents[name])
        await collector.goodbye(agents["off"])
        await collector.administer("POST", f"/v1/machines/{agents['gone'].id}/retire")
        rows = (await targets(collector)).json
        return sorted((row["labels"]["instance"], row["labels"]["__meta_keskidee_state"]) for row in rows)

    assert asyncio.run(run()) == [("on", "on"), ("silent", "silent")]


def test_machines_of_a_site_that_fell_stay_in_the_list(collector: Inside) -> None:
    async def run() -> list[tuple[str, str]]:
        collector.clock.wait(600)
        token = await collector.token(site="apia")
        for name in ("files", "mail"):
            await collector.report(await collector.enrol(name, token=token))
        collector.clock.wait(46)
        rows = (await targets(collector)).json
        return sorted((row["labels"]["instance"], row["labels"]["__meta_keskidee_state"]) for row in rows)

    assert asyncio.run(run()) == [("files", "link_down"), ("mail", "link_down")]


@pytest.mark.parametrize(
    ("public_url", "host", "target", "scheme"),
    [
        (None, "localhost:9999", "localhost:9999", "http"),
        (None, "[::1]:5375", "[::1]:5375", "http"),
        (None, "localhost", "localhost:80", "http"),
        ("https://watch.example.org", "127.0.0.1:5375", "watch.example.org:443", "https"),
        ("https://watch.example.org:5375/", "127.0.0.1:5375", "watch.example.org:5375", "https"),
    ],
)
def test_the_target_is_the_public_url_or_the_host_that_was_asked(
    tmp_path: Path, public_url: str | None, host: str, target: str, scheme: str
) -> None:
    collector = Inside(tmp_path, public_url=public_url)

    async def run() -> Any:
        await collector.report(await collector.enrol("srv-01"))
        return (await targets(collector, host)).json

    [row] = asyncio.run(run())
    collector.state.close()
    assert (row["targets"], row["labels"]["__scheme__"]) == ([target], scheme)


def test_elsewhere_it_needs_a_token(collector: Inside) -> None:
    collector.application = build(collector.state, admin_token=ADMIN, tls=True)

    async def run() -> list[int]:
        token = await collector.token(scope="metrics")
        return [(await targets(collector)).status, (await targets(collector, token=token)).status]

    assert asyncio.run(run()) == [401, 200]


def test_hostile_facts_are_texts_and_nothing_else(collector: Inside) -> None:
    async def run() -> Any:
        await collector.report(await collector.enrol('"}],<script>', os='"\\\n', model="\u202e"))
        return (await targets(collector)).json

    [row] = asyncio.run(run())
    labels = row["labels"]
    assert [labels[name] for name in ("instance", "os", "__meta_keskidee_model")] == ['"}],<script>', '"\\\n', "\u202e"]
