"""Who may read: everybody on this host by its own name, and elsewhere those with a token."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.access.authority import prepare
from keskidee_collector.access.rotation import Rotation
from keskidee_collector.app import build
from tests.collector.inside import ADMIN, Inside

if TYPE_CHECKING:
    from pathlib import Path

READING = ["/", "/metrics", "/metrics/self", "/metrics/machines/x", "/v1/targets", "/nothing", "/docs"]
OPEN = {"/healthz": 200, "/readyz": 200, "/v1/ca": 200, "/v1/authorities": 200, "/v1/ca/rotation": 401}


@pytest.fixture
def abroad(collector: Inside, tmp_path: Path) -> Inside:
    """The same on an address that others reach."""
    prepare(tmp_path / "tls", ["localhost"])
    collector.state.rotation = Rotation(collector.state, tmp_path / "tls", lambda: None, names_own=True)
    collector.application = build(collector.state, admin_token=ADMIN, tls=True)
    return collector


def statuses(collector: Inside, paths: list[str], **headers: str) -> list[int]:
    async def run() -> list[int]:
        return [(await collector.ask("GET", path, headers=headers)).status for path in paths]

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:5375", "LOCALHOST", "[::1]:5375", "127.0.0.2:80", "[::1]"])
def test_on_this_host_reading_is_free_by_its_own_names(collector: Inside, host: str) -> None:
    assert statuses(collector, ["/metrics", "/v1/targets"], host=host) == [200, 200]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.1", "[::2]", "a@localhost"],
)  # fmt: skip
def test_on_this_host_another_name_is_misdirected(collector: Inside, host: str) -> None:
    assert statuses(collector, ["/metrics", "/healthz", "/v1/enrol", "/v1/machines/x/reports"], host=host) == [421] * 4


def test_a_report_needs_the_right_name_too(collector: Inside) -> None:
    async def run() -> int:
        agent = await collector.enrol("pc-01")
        path = f"/v1/machines/{agent.id}/reports"
        return (await collector.ask("POST", path, b"", token=agent.credential, headers={"host": "evil.example"})).status

    assert asyncio.run(run()) == 421


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_a_proxy_on_this_host_does_not_make_its_clients_this_host(collector: Inside, header: str) -> None:
    assert statuses(collector, ["/metrics", "/v1/targets", "/healthz"], **{header: "10.0.0.1"}) == [401, 401, 200]


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
@pytest.mark.parametrize("header", ["x-forwarded-proto", "x-forwarded-host", "via"])
def test_whatever_a_proxy_says_of_itself_closes_the_pages(
    tmp_path: Path, trusted: tuple[str, ...], header: str
) -> None:
    collector = Inside(tmp_path, trusted_proxies=trusted)
    assert statuses(collector, ["/metrics"], **{header: "http"}) == [401]
    assert statuses(collector, ["/metrics"], **{"x-forwarded-for": "127.0.0.1"}) == [401]
    collector.state.close()


@pytest.mark.parametrize(("trusted", "scheme"), [((), "http"), (("10.0.0.1",), "http"), (("127.0.0.1",), "https")])
def test_only_a_trusted_proxy_says_that_it_is_reached_by_https(
    tmp_path: Path, trusted: tuple[str, ...], scheme: str
) -> None:
    collector = Inside(tmp_path, trusted_proxies=trusted)

    async def run() -> list[str]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        token = await collector.token(scope="metrics")
        told = {"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}
        answer = await collector.ask("GET", "/v1/targets", token=token, headers=told)
        return [target["labels"]["__scheme__"] for target in answer.json]

    assert asyncio.run(run()) == [scheme]
    collector.state.close()


def test_by_its_public_name_reading_needs_a_token(tmp_path: Path) -> None:
    collector = Inside(tmp_path, public_url="https://watch.example.org")

    async def run() -> list[int]:
        token = await collector.token(scope="metrics")
        headers = {"host": "Watch.Example.org"}
        return [
            (await collector.ask("GET", "/metrics", headers=headers)).status,
            (await collector.ask("GET", "/metrics", headers=headers, token=token)).status,
            (await collector.ask("GET", "/metrics")).status,
        ]

    assert asyncio.run(run()) == [401, 200, 200]
    collector.state.close()


def test_a_public_name_of_this_host_changes_nothing(tmp_path: Path) -> None:
    collector = Inside(tmp_path, public_url="http://localhost:5375")
    assert statuses(collector, ["/metrics"], host="localhost:5375") == [200]
    collector.state.close()


def test_a_stranger_sees_nothing_of_the_fleet(abroad: Inside) -> None:
    assert statuses(abroad, READING, host="watch.example.org") == [401] * len(READING)
    assert statuses(abroad, list(OPEN), host="watch.example.org") == list(OPEN.values())


def test_a_stranger_learns_no_name_from_an_answer(abroad: Inside) -> None:
    async def run() -> bytes:
        agent = await abroad.enrol("secret-host")
        await abroad.report(agent)
        paths = [
            *READING,
            *OPEN,
            "/v1/machines",
            f"/v1/machines/{agent.id}/reports",
            "/v1/enrol",
            "/static/",
            "/favicon.ico",
        ]
        answers = [await abroad.ask(method, path) for path in paths for method in ("GET", "POST", "HEAD", "OPTIONS")]
        return b"".join(answer.body + repr(answer.headers).encode() for answer in answers)

    assert b"secret-host" not in asyncio.run(run())


def test_a_metrics_token_opens_the_pages_as_bearer_and_as_password(abroad: Inside) -> None:
    async def run() -> list[int]:
        token = await abroad.token(scope="metrics")
        join = await abroad.token()
        basic = base64.b64encode(f"me:{token}".encode()).decode()
        given = [f"Bearer {token}", f"Basic {basic}", f"Bearer {join}", "Bearer x", f"Bearer {ADMIN}"]
        return [(await abroad.ask("GET", "/metrics", headers={"authorization": each})).status for each in given]

    assert asyncio.run(run()) == [200, 200, 401, 401, 401]


def test_a_browser_is_asked_for_a_password(abroad: Inside) -> None:
    answer = asyncio.run(abroad.ask("GET", "/"))
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


def test_every_page_forbids_what_it_does_not_need(collector: Inside) -> None:
    answer = asyncio.run(collector.ask("GET", "/"))
    wanted = ("content-security-policy", "x-content-type-options", "referrer-policy")
    assert [answer.headers[name].partition(";")[0] for name in wanted] == [
        "default-src 'none'",
        "nosniff",
        "no-referrer",
    ]
