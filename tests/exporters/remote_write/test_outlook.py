"""What the collector itself sees goes out too: presence, its own metrics, and the end of machines that left."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keskidee_collector.view import View
from keskidee_config import RemoteWriteSettings
from keskidee_exporters.remote_write import outlook, start
from keskidee_exporters.remote_write.names import Catalogue
from keskidee_exporters.remote_write.outlook import Outlook, OwnSeries
from tests.collector.inside import NOON
from tests.exporters.remote_write.prompb import read
from tests.exporters.remote_write.receiver import Receiver, Reply
from tests.exporters.remote_write.standin import Log, Part
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collector.inside import Inside

Series = dict[tuple[tuple[str, str], ...], float]
NOON_MS = int(NOON * 1000)


def own_series(wanted: Callable[[str], bool] = lambda _name: True) -> OwnSeries:
    return OwnSeries(Catalogue({"region": "pacific"}, wanted), "here")


def sent(body: bytes, at: int) -> Series:
    """Labels and value of each series, all of one time."""
    assert {pairs[0][0] for _, pairs in read(body)} == {at}
    return {tuple(sorted(labels.items())): pairs[0][1] for labels, pairs in read(body)}


def test_all_that_the_collectors_own_page_shows_is_sent_as_of_now(inside: Inside) -> None:
    async def scenario() -> None:
        await inside.report(await inside.enrol('name "with" \\ all', site="suva"))
        look_out = Outlook(View(inside.state))
        await look_out.look(page=True)
        assert look_out.last is not None
        page, at = look_out.last.page, look_out.last.page_at
        shown = {
            tuple(
                sorted(
                    {
                        "instance": "here", "region": "pacific", "job": "keskidee", "__name__": sample.name,
                        **{name: value for name, value in sample.labels.items() if value},
                    }.items()
                )
            ): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }  # fmt: skip
        assert sent(own_series().batch(page, at).body(), NOON_MS) == shown
        assert any("keskidee_machine_up" in dict(labels).values() for labels in shown)

    asyncio.run(scenario())


def test_a_series_that_leaves_the_page_ends_and_what_is_not_wanted_is_not_sent() -> None:
    own = own_series(lambda name: name != "c")
    first = own.batch('# TYPE a gauge\na{instance="x"} 1\nb 2.5\nc 3\n', NOON_MS)
    second = own.batch("b +Inf\n", NOON_MS + 15_000)
    names = [
        [(labels["__name__"], labels["instance"], str(pairs[0][1])) for labels, pairs in read(batch.body())]
        for batch in (first, second)
    ]
    assert names == [[("a", "x", "1.0"), ("b", "here", "2.5")], [("b", "here", "inf"), ("a", "x", "nan")]]


def test_the_page_is_looked_at_each_third_time(inside: Inside) -> None:
    async def scenario() -> None:
        look_out = Outlook(View(inside.state))
        seen = []
        for turn in range(4):
            await look_out.look(page=turn % outlook.PAGE_EACH == 0)
            assert look_out.last is not None
            seen.append((look_out.last.at - NOON_MS, look_out.last.page_at - NOON_MS))
            inside.clock.wait(5)
        assert seen == [(0, 0), (5000, 0), (10_000, 0), (15_000, 15_000)]

    asyncio.run(scenario())


@pytest.mark.slow
def test_the_series_of_a_machine_that_says_goodbye_end_when_it_is_seen(
    inside: Inside, receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "LOOK_SECONDS", 0.02)
    there, log = receiver(), Log()
    log.cursors["central"] = 0

    def loads() -> list[tuple[int, str]]:
        found = [sample for request in there.taken for sample in request if sample.name == "load"]
        return [(each.at - NOON_MS, "stale" if math.isnan(each.value) else str(each.value)) for each in found]

    def ups() -> list[float]:
        return [each.value for request in there.taken for each in request if each.name == "keskidee_machine_up"]

    async def scenario() -> None:
        agent = await inside.enrol("a")
        await inside.report(agent)
        running = start(
            View(inside.state), log, [RemoteWriteSettings(name="central", url=there.url)], instance="collector"
        )
        log.add("a", NOON_MS, (Part((("load", ()),)), [1.0]), machine_id=agent.id)
        await asyncio.to_thread(wait_until, lambda: loads() and ups())
        inside.clock.wait(10)
        await inside.goodbye(agent)
        await asyncio.to_thread(wait_until, lambda: len(loads()) == 2 and 0.0 in ups())
        await running.close()

    asyncio.run(scenario())
    assert loads() == [(0, "1.0"), (10_000, "stale")]
    assert ups() == sorted(ups(), reverse=True)


def test_it_ends_at_once_though_a_destination_is_dead(inside: Inside, receiver: Callable[..., Receiver]) -> None:
    dead = receiver(lambda _: Reply(503, headers=(("Retry-After", "600"),)))
    log = Log()
    log.cursors["central"] = 0
    log.add("a", NOON_MS, (Part((("load", ()),)), [1.0]))

    async def scenario() -> None:
        running = start(View(inside.state), log, [RemoteWriteSettings(name="central", url=dead.url)])
        await asyncio.to_thread(wait_until, lambda: dead.requests)
        await running.close()

    asyncio.run(scenario())
    assert log.cursors == {"central": 0}


@pytest.mark.slow
def test_the_collectors_own_series_go_on_when_its_clock_is_set_back(
    inside: Inside, receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlook, "LOOK_SECONDS", 0.02)
    there, log = receiver(), Log()
    log.cursors["central"] = 0

    def times() -> set[int]:
        return {each.at - NOON_MS for request in there.taken for each in request if each.name == "keskidee_machine_up"}

    async def scenario() -> None:
        await inside.report(await inside.enrol("a"))
        destination = RemoteWriteSettings(name="central", url=there.url)
        running = start(View(inside.state), log, [destination], instance="collector")
        await asyncio.to_thread(wait_until, lambda: times() == {0})
        inside.clock.step(-3600)
        await asyncio.to_thread(wait_until, lambda: times() == {0, -3_600_000})
        await running.close()

    asyncio.run(scenario())
