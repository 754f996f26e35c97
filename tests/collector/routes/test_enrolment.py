"""How machines join: who may, under which name, and what happens when many do at once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.access.access import digest
from keskidee_collector.routes.enrolment import usual_role
from tests.collector.inside import NOON, Answer, Inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, limits={"enrolments_per_minute": 2000})
    yield inside
    inside.state.close()


def asking(hostname: str = "pc-01", **more: Any) -> bytes:
    return json.dumps({"hostname": hostname, **more}).encode()


async def enrolled(collector: Inside, body: bytes, token: str = "", **more: asyncio.Event) -> Answer:
    return await collector.ask("POST", "/v1/enrol", body, token=token or await collector.token(), **more)  # type: ignore[arg-type]


def test_a_machine_gets_an_id_a_credential_and_its_place(collector: Inside) -> None:
    async def run() -> Answer:
        token = await collector.token(site="castries", role="server")
        return await enrolled(collector, asking(facts={"os": "linux"}), token)

    answer = asyncio.run(run())
    given = answer.json
    [machine] = collector.state.fleet
    assert (answer.status, len(given["machine_id"]), len(given["credential"])) == (201, 32, 43)
    assert (given["instance"], given["site"], given["role"]) == ("pc-01", "castries", "server")
    assert (machine.id, machine.credential_hash) == (given["machine_id"], digest(given["credential"]))
    assert machine.facts == {"os": "linux", "hostname": "pc-01"}


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({}, ("default", "server")),
        ({"facts": {"chassis": "laptop"}}, ("default", "laptop")),
        ({"facts": {"chassis": "virtual"}}, ("default", "server")),
        ({"site": "castries", "role": "kiosk", "facts": {"chassis": "desktop"}}, ("castries", "kiosk")),
        ({"site": " castries\n", "role": "\tthin  kiosk\x1b"}, ("castries", "thin kiosk")),
    ],
)
def test_a_token_that_names_no_place_leaves_it_to_the_machine(
    collector: Inside, asked: dict[str, Any], place: tuple[str, str]
) -> None:
    given = asyncio.run(enrolled(collector, asking(**asked))).json
    assert (given["site"], given["role"]) == place


@pytest.mark.parametrize(("wish", "status"), [({"site": "castries"}, 201), ({"site": "x"}, 403), ({"role": "y"}, 403)])
def test_a_token_that_names_a_place_is_for_no_other(collector: Inside, wish: dict[str, str], status: int) -> None:
    async def run() -> tuple[int, float, int | None]:
        token = await collector.token(site="castries", role="server", uses=5)
        answer = await enrolled(collector, asking(**wish), token)
        counted = await collector.samples("/metrics/self")
        [kept] = [each for each in collector.state.access.tokens() if each.scope == "join"]
        return answer.status, counted["keskidee_collector_refused_total", (("reason", "place"),)], kept.uses_left

    refused = status == 403
    assert asyncio.run(run()) == (status, float(refused), 5 if refused else 4)


@pytest.mark.parametrize(
    ("asked", "revoked", "detail"),
    [
        ({"uses": 1}, False, "this join token is used up"), ({"seconds": 60}, False, "this join token has expired"),
        ({}, True, "this join token was revoked"),
    ],
)  # fmt: skip
def test_why_a_token_does_not_hold_is_told_and_listed(
    collector: Inside, asked: dict[str, Any], detail: str, *, revoked: bool
) -> None:
    async def run() -> tuple[int, str, str]:
        made = (await collector.administer("POST", "/v1/tokens", {"scope": "join", **asked})).json
        await enrolled(collector, asking(), made["token"])
        collector.clock.wait(61)
        if revoked:
            await collector.administer("DELETE", f"/v1/tokens/{made['id']}")
        after = collector.again()
        collector.state = after.state
        answer = await enrolled(after, asking(), made["token"])
        [row] = (await after.administer("GET", "/v1/tokens")).json["tokens"]
        return answer.status, answer.json["detail"], row["standing"]

    said = f"{detail}; `keskidee collector token create` makes another"
    assert asyncio.run(run()) == (401, said, detail.partition("token ")[2].split(" ", 1)[1])


def test_a_token_of_one_use_lets_one_of_two_in_that_come_at_once(collector: Inside) -> None:
    async def run() -> list[int]:
        token = await collector.token(uses=1)
        rest = asyncio.Event()
        tasks = [asyncio.create_task(enrolled(collector, asking(), token, pause=rest)) for _ in range(5)]
        await asyncio.sleep(0.01)
        rest.set()
        return sorted([answer.status for answer in await asyncio.gather(*tasks)])

    assert asyncio.run(run()) == [201, 401, 401, 401, 401]


@pytest.mark.parametrize("asked", [{"uses": 1}, {"seconds": 60}])
def test_a_token_that_is_used_up_or_over_is_refused_also_after_a_restart(
    collector: Inside, asked: dict[str, Any]
) -> None:
    async def run() -> list[int]:
        token = await collector.token(**asked)
        first = await enrolled(collector, asking(), token)
        collector.clock.wait(61)
        refused = await enrolled(collector, asking(), token)
        after = collector.again()
        collector.state = after.state
        again = await enrolled(after, asking(), token)
        return [first.status, refused.status, again.status]

    assert asyncio.run(run()) == [201, 401, 401]


@pytest.mark.parametrize("token", ["", "kj1_x_-", "x" * 5000, "\xff"])
def test_a_wrong_token_is_refused_and_counted(collector: Inside, token: str) -> None:
    async def run() -> tuple[int, str, float]:
        answer = await collector.ask("POST", "/v1/enrol", asking(), headers={"authorization": f"Bearer {token}"})
        counted = await collector.samples("/metrics/self")
        return (
            answer.status,
            answer.json["title"],
            counted["keskidee_collector_refused_total", (("reason", "credential"),)],
        )

    assert asyncio.run(run()) == (401, "token", 1)


def test_a_metrics_token_lets_nobody_join(collector: Inside) -> None:
    async def run() -> int:
        return (await enrolled(collector, asking(), await collector.token(scope="metrics"))).status

    assert asyncio.run(run()) == 401


def test_strangers_do_not_use_up_the_minute_of_those_who_may(tmp_path: Path) -> None:
    collector = Inside(tmp_path, limits={"enrolments_per_minute": 2})

    async def run() -> list[int]:
        token = await collector.token()
        for _ in range(5):
            await enrolled(collector, asking(), "wrong")
        statuses = [(await enrolled(collector, asking(), token)).status for _ in range(3)]
        collector.clock.wait(60)
        return [*statuses, (await enrolled(collector, asking(), token)).status]

    assert asyncio.run(run()) == [201, 201, 429, 201]
    collector.state.close()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"hostname": 5}', b'{"facts": {}}', b'{"hostname": "x", "facts": {"a": 1}}', b"\xff", b"null",
     b'{"hostname": "\\ud800"}'],
)  # fmt: skip
def test_what_is_no_enrolment_is_refused(collector: Inside, body: bytes) -> None:
    assert asyncio.run(enrolled(collector, body)).status in (400, 422)
    assert len(collector.state.fleet) == 0


def test_an_enrolment_of_more_than_64_kib_is_refused(collector: Inside) -> None:
    assert asyncio.run(enrolled(collector, asking(facts={"a": "x" * 70_000}))).status == 413


def test_hostile_texts_are_cleaned_and_bounded(collector: Inside) -> None:
    facts = {f"f{n}": "x" for n in range(500)} | {"no name": "x", "os": "a\x00\x1b[31m" + "b" * 5000}
    asyncio.run(enrolled(collector, asking("pc\n01\x07", facts=facts, site="s" * 5000)))
    [machine] = collector.state.fleet
    assert (machine.instance, machine.facts["hostname"], len(machine.facts), "no name" in machine.facts) == (
        "pc 01", "pc\n01", 100, False,
    )  # fmt: skip
    assert len(machine.site) == 1024


def test_a_hundred_machines_of_one_name_at_once_have_a_hundred_instances(collector: Inside) -> None:
    async def run() -> list[str]:
        token = await collector.token()
        answers = await asyncio.gather(*[enrolled(collector, asking(), token) for _ in range(100)])
        return [answer.json["instance"] for answer in answers]

    instances = asyncio.run(run())
    assert (len(set(instances)), instances.count("pc-01")) == (100, 1)


def test_whoever_enrolled_is_there_after_a_restart(collector: Inside) -> None:
    async def run() -> tuple[list[str], int]:
        agents = [await collector.enrol("pc-01", os="linux") for _ in range(3)]
        after = collector.again()
        collector.state = after.state
        answer = await after.report(agents[2])
        return [machine.instance for machine in after.state.fleet], answer.status

    instances, status = asyncio.run(run())
    assert (len(set(instances)), status) == (3, 200)


def test_a_machine_that_never_reports_is_silent_after_a_while(collector: Inside) -> None:
    asyncio.run(enrolled(collector, asking()))
    collector.clock.wait(46)
    assert collector.states() == {"pc-01": "silent"}
    [machine] = collector.state.fleet
    assert machine.enrolled_at == NOON


@pytest.mark.parametrize(
    ("system", "name", "chassis", "role"),
    [
        ("linux", "Debian GNU/Linux 12 (bookworm)", "", "server"),
        ("linux", "Debian GNU/Linux 12 (bookworm)", "server", "server"),
        ("linux", "Ubuntu 24.04 LTS", "laptop", "laptop"),
        ("linux", "Ubuntu 24.04 LTS", "desktop", "desktop"),
        ("windows", "Windows 11 Pro 25H2", "desktop", "desktop"),
        ("windows", "Windows 11 Pro 25H2", "tablet", "laptop"),
        ("windows", "Windows 11 Pro 25H2", "", "desktop"),
        ("windows", "Windows Server 2022 Standard", "desktop", "server"),
        ("windows", "Windows Server 2022 Standard", "", "server"),
        ("darwin", "macOS 14.6", "laptop", "laptop"),
        ("darwin", "macOS 14.6", "", "desktop"),
        ("", "", "", "server"),
    ],
)
def test_a_role_that_nobody_names_is_that_of_system_and_chassis(
    system: str, name: str, chassis: str, role: str
) -> None:
    assert usual_role({"os": system, "os_name": name, "chassis": chassis}) == role
