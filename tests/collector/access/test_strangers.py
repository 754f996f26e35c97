"""What one address may do in a minute: credentials that fail, connections; and that nobody else pays for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.access import strangers
from keskidee_collector.access.proxies import Proxies
from keskidee_collector.access.strangers import Strangers
from tests.collector.attacked import House
from tests.collector.inside import Inside
from tests.collector.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.collector.inside import Agent

LIMITS = {"failures_per_minute": 3}
PROXY = "10.0.0.9"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, limits=LIMITS, trusted_proxies=(PROXY,))
    yield inside
    inside.state.close()


async def fails(collector: Inside, client: str, times: int, **headers: str) -> list[int]:
    """The statuses of so many enrolments with a token that is none."""
    collector.client = client
    asked = [await collector.ask("POST", "/v1/enrol", b"{}", token="wrong", headers=headers) for _ in range(times)]
    return [answer.status for answer in asked]


async def report_wrongly(collector: Inside, agent: Agent) -> int:
    return (await collector.report(replace(agent, credential="wrong"))).status


def test_whose_credentials_fail_too_often_is_told_to_come_later(collector: Inside) -> None:
    async def run() -> Any:
        agent = await collector.enrol("pc-01")
        found = [await fails(collector, "192.0.2.1", 3), await report_wrongly(collector, agent)]
        found += [(await collector.report(agent)).status, await fails(collector, "192.0.2.2", 1)]
        collector.clock.wait(60)
        found.append(await fails(collector, "192.0.2.1", 1))
        counts = await collector.samples("/metrics/self")
        return found, counts["keskidee_collector_refused_total", (("reason", "address"),)]

    assert asyncio.run(run()) == ([[401, 401, 401], 429, 200, [401], [401]], 1)


def test_through_a_proxy_the_client_counts_and_what_others_say_of_it_does_not(collector: Inside) -> None:
    async def run() -> list[list[int]]:
        return [
            await fails(collector, PROXY, 4, **{"x-forwarded-for": "192.0.2.1"}),
            await fails(collector, PROXY, 1, **{"x-forwarded-for": "192.0.2.2"}),
            await fails(collector, "192.0.2.3", 3, **{"x-forwarded-for": "192.0.2.4"}),
            await fails(collector, "192.0.2.3", 1, **{"x-forwarded-for": "192.0.2.5"}),
        ]

    assert asyncio.run(run()) == [[401, 401, 401, 429], [401], [401, 401, 401], [429]]


@pytest.fixture
def refused() -> list[str]:
    return []


@pytest.fixture
def counting(refused: list[str]) -> Callable[[str], bool]:
    """Whether a connection of an address is taken, of two a minute."""
    return Strangers(Proxies([PROXY]), lambda: 0.0, refused.append, connections=2, failures=2).may_connect


def test_connections_are_counted_an_address_and_those_of_a_trusted_proxy_are_not(
    counting: Callable[[str], bool], refused: list[str]
) -> None:
    assert [counting("192.0.2.1") for _ in range(4)] == [True, True, False, False]
    assert [counting(PROXY) for _ in range(4)] == [True] * 4
    assert refused == ["address"] * 2


@pytest.mark.parametrize(
    ("addresses", "are_one"),
    [
        (("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:0:1::"), True),
        (("2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1"), False),
        (("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"), True),
        (("fe80::1%eth0", "fe80::2%eth0", "fe80::3"), True),
    ],
)
def test_addresses_of_one_customer_are_one(
    counting: Callable[[str], bool], addresses: tuple[str, ...], are_one: bool
) -> None:
    assert [counting(address) for address in addresses] == [True, True, not are_one]


def test_memory_is_bounded_and_who_comes_after_is_not_counted(
    counting: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "ADDRESSES_AT_MOST", 1)
    assert [counting(address) for address in ["192.0.2.1"] * 3 + ["192.0.2.2"] * 3] == [True, True, False] + [True] * 3


@pytest.mark.slow
def test_a_flood_of_connections_and_of_tokens_is_refused_told_and_hurts_no_machine_of_the_same_address(
    tmp_path: Path,
) -> None:
    served = Served(tmp_path, {"limits": {"failures_per_minute": 20, "connections_per_minute": 60}}, listen="0.0.0.0:0")
    house = House(served)
    try:
        line = house.line()
        request = b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}"
        statuses = []
        for _ in range(21):
            line.send(request)
            statuses.append(line.answer().status)
        assert (statuses, line.is_closed()) == ([401] * 20 + [429], True)
        opened = [_opens(house) for _ in range(80)]
        assert {True, False} == set(opened)
        assert opened == sorted(opened, reverse=True)  # once it is refused, it is for the rest of the minute
        house.ask_bystander()
        assert served.log.count("address refused") == 2
    finally:
        served.stop()


def _opens(house: House) -> bool:
    try:
        house.line().close()
    except OSError:
        return False
    return True
