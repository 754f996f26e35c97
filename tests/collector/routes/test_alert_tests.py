"""A test of the alerts is a series on the collector's page while it runs, and not for long where nobody ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from keskidee_collector.routes.alert_tests import LONGEST_SECONDS, TESTS_AT_MOST
from tests.collector.inside import NOON, Inside

if TYPE_CHECKING:
    pass

FAMILY = "keskidee_collector_alert_test"
CRITICAL = {"severity": "critical"}


async def shown(collector: Inside) -> dict[tuple[str, str, str], float]:
    """The tests on the page, by number, severity and site."""
    page = await collector.samples("/metrics/self")
    found = {name: dict(labels) | {"value": str(value)} for (name, labels), value in page.items() if name == FAMILY}
    return {(row["test"], row["severity"], row["site"]): float(row["value"]) for row in found.values()}


def test_a_test_is_shown_until_it_is_ended(collector: Inside) -> None:
    async def run() -> list[object]:
        begun = await collector.administer("POST", "/v1/alert-tests", {"severity": "warning", "site": "apia"})
        during = await shown(collector)
        ended = await collector.administer("DELETE", f"/v1/alert-tests/{begun.json['number']}")
        again = await collector.administer("DELETE", f"/v1/alert-tests/{begun.json['number']}")
        return [begun.status, begun.json, during, ended.status, again.status, await shown(collector)]

    number = str(int(NOON))
    assert asyncio.run(run()) == [201, {"number": number}, {(number, "warning", "apia"): 1}, 204, 404, {}]


def test_a_test_whose_command_was_killed_is_forgotten(collector: Inside) -> None:
    async def run() -> list[dict[tuple[str, str, str], float]]:
        await collector.administer("POST", "/v1/alert-tests", CRITICAL)
        collector.clock.wait(LONGEST_SECONDS - 1)
        during = await shown(collector)
        collector.clock.wait(1)
        return [during, await shown(collector)]

    assert asyncio.run(run()) == [{(str(int(NOON)), "critical", ""): 1}, {}]


def test_tests_are_bounded_and_of_known_severities(collector: Inside) -> None:
    async def run() -> tuple[set[int], int, int]:
        begun = [await collector.administer("POST", "/v1/alert-tests", CRITICAL) for _ in range(TESTS_AT_MOST)]
        one_more = await collector.administer("POST", "/v1/alert-tests", CRITICAL)
        wrong = await collector.administer("POST", "/v1/alert-tests", {"severity": "urgent"})
        return {answer.status for answer in begun}, one_more.status, wrong.status

    assert asyncio.run(run()) == ({201}, 429, 422)
