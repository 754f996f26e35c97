"""What this host's commands may ask of a running collector, and nobody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.view import stored_assets
from tests.collector.inside import NOON, Inside

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


ROUTES = [
    ("GET", "/v1/tokens"), ("POST", "/v1/tokens"), ("DELETE", "/v1/tokens/x"), ("GET", "/v1/machines"),
    ("POST", "/v1/machines/x/revoke"), ("POST", "/v1/machines/x/retire"),
    ("POST", "/v1/machines/x/rotate"),    ("POST", "/v1/backup"),
    ("POST", "/v1/alert-tests"), ("DELETE", "/v1/alert-tests/x"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_needs_the_admin_token(collector: Inside, method: str, path: str) -> None:
    async def run() -> list[int]:
        tokens = ["", "wrong", await collector.token(), await collector.token(scope="metrics")]
        return [(await collector.ask(method, path, token=token)).status for token in tokens]

    assert asyncio.run(run()) == [401] * 4


def test_a_token_is_told_once_and_listed_without_its_text(collector: Inside) -> None:
    async def run() -> tuple[dict[str, Any], bytes]:
        made = await collector.administer(
            "POST", "/v1/tokens", {"scope": "join", "site": "castries", "seconds": 60, "uses": 5}
        )
        return made.json, (await collector.administer("GET", "/v1/tokens")).body

    made, listed = asyncio.run(run())
    assert made["expires_at"] == NOON + 60
    assert (made["token"].encode() in listed, made["id"].encode() in listed, b"castries" in listed) == (
        False,
        True,
        True,
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"scope": "admin"}, {}, {"scope": "join", "seconds": 0}, {"scope": "join", "seconds": -5},
        {"scope": "join", "uses": 0},
        {"scope": "join", "seconds": 1e300}, {"scope": "join", "uses": 1.5}, {"scope": "join", "site": "x" * 2000},
        {"scope": "join", "use": 1}, {"scope": ["join"]},
    ],
)  # fmt: skip
def test_a_token_that_makes_no_sense_is_refused(collector: Inside, asked: dict[str, Any]) -> None:
    answer = asyncio.run(collector.administer("POST", "/v1/tokens", asked))
    assert (answer.status, answer.json["title"]) == (422, "malformed")


def test_a_revoked_token_lets_nobody_join_also_after_a_restart(collector: Inside) -> None:
    async def run() -> list[int]:
        made = (await collector.administer("POST", "/v1/tokens", {"scope": "join"})).json
        path = f"/v1/tokens/{made['id']}"
        dropped = [(await collector.administer("DELETE", path)).status for _ in range(2)]
        first = await collector.ask("POST", "/v1/enrol", b'{"hostname": "x"}', token=made["token"])
        after = collector.again()
        collector.state = after.state
        again = await after.ask("POST", "/v1/enrol", b'{"hostname": "x"}', token=made["token"])
        return [*dropped, first.status, again.status]

    assert asyncio.run(run()) == [204, 404, 401, 401]


def test_machines_are_listed_with_their_state(collector: Inside) -> None:
    async def run() -> list[dict[str, Any]]:
        agent = await collector.enrol("pc-01", os_name="Debian")
        await collector.enrol("pc-02")
        await collector.administer("POST", f"/v1/machines/{agent.id}/revoke")
        return list((await collector.administer("GET", "/v1/machines")).json["machines"])

    rows = asyncio.run(run())
    assert [(row["instance"], row["state"], row["system"], row["revoked"]) for row in rows] == [
        ("pc-01", "on", "Debian", True), ("pc-02", "on", "", False),
    ]  # fmt: skip


def test_a_retired_machine_gives_its_name_back_and_leaves_every_page(collector: Inside) -> None:
    async def run() -> tuple[str, bytes, bytes, list[int]]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        for _ in range(2):
            await collector.administer("POST", f"/v1/machines/{agent.id}/retire")
        then = await collector.enrol("pc-01")
        pages = [(await collector.ask("GET", path)).body for path in ("/metrics", "/v1/targets")]
        gone = (await collector.ask("GET", f"/metrics/machines/{agent.id}")).status
        late = (await collector.report(agent)).status
        return then.instance, agent.id.encode(), b"".join(pages), [gone, late]

    instance, machine_id, pages, statuses = asyncio.run(run())
    assert (instance, machine_id in pages, statuses) == ("pc-01", False, [404, 410])


def test_what_was_sent_away_stays_away_after_a_restart(collector: Inside) -> None:
    async def run() -> list[int]:
        revoked, retired = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        await collector.report(revoked)
        await collector.report(retired)
        await collector.administer("POST", f"/v1/machines/{revoked.id}/revoke")
        await collector.administer("POST", f"/v1/machines/{retired.id}/retire")
        after = collector.again()
        collector.state = after.state
        return [(await after.report(agent)).status for agent in (revoked, retired)]

    assert asyncio.run(run()) == [403, 410]


@pytest.mark.parametrize("path", ["/v1/machines/x/retire", "/v1/machines/x/explode", "/v1/machines/x"])
def test_a_machine_or_a_change_that_is_not_there(collector: Inside, path: str) -> None:
    assert asyncio.run(collector.administer("POST", path)).status == 404


def test_the_register_knows_when_a_retired_machine_was_last_heard(collector: Inside, tmp_path: Path) -> None:
    async def run() -> None:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        await collector.administer("POST", f"/v1/machines/{agent.id}/retire")

    asyncio.run(run())
    assert [(row.state, row.last_seen) for row in stored_assets(tmp_path)] == [("retired", NOON)]
