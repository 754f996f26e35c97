"""What is passed on: every acknowledged sample once and in order to each destination; what is lost is counted."""

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keskidee_collector.ingest.feed import PassedReport, deflated, inflated
from keskidee_collector.ingest.unfolding import Taken
from keskidee_config import RemoteWriteSettings
from keskidee_report.model import OK, Family, Reading
from tests.collector.inside import Inside

HISTOGRAM = [
    Family(f"backup_seconds_{suffix}", "histogram", "How long backups took", digits=0)
    for suffix in ("bucket", "sum", "count")
]
ZONES = Family("node_thermal_zone_temp", "gauge", "Zone temperature")


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path, remote_write=to("a", "b"))
    yield inside
    inside.state.close()


def to(*names: str, **bounds: Any) -> tuple[RemoteWriteSettings, ...]:
    return tuple([RemoteWriteSettings(name=name, url="http://127.0.0.1:1/", **bounds) for name in names])


def samples_of(passed: PassedReport) -> dict[str, float]:
    out = {}
    for names, values in passed.parts:
        for (name, labels), value in zip(names.series, values, strict=True):
            out[name + "".join(f" {label}={text}" for label, text in labels)] = value
    return out


def test_a_report_is_passed_on_with_its_own_time_and_target_labels(collector: Inside) -> None:
    async def run() -> list[PassedReport]:
        token = await collector.token(site="kingston", role="desktop")
        agent = await collector.enrol("pc-01", token=token, os="linux")
        collector.clock.wait(7.25)
        await collector.report(agent, value=0.75, os="linux", hostname="pc-01")
        return collector.state.feed.read(0, 10)

    [passed] = asyncio.run(run())
    assert (passed.instance, passed.site, passed.role, passed.os) == ("pc-01", "kingston", "desktop", "linux")
    assert (passed.taken_ms, passed.live) == (1_800_000_007_250, True)
    assert samples_of(passed) == {"node_load1": 0.75}


def test_samples_have_the_names_of_the_page(collector: Inside) -> None:
    async def run() -> list[PassedReport]:
        agent = await collector.enrol("pc-01")
        bucket, total, count = HISTOGRAM
        hist = [count(3), bucket(3, le="+Inf"), total(12), bucket(1, le="5")]
        zones = [ZONES(math.nan, zone='a"b'), ZONES(1.0, zone="c")]
        await collector.report(agent, Reading("textfile", OK, samples=hist), Reading("thermal", OK, samples=zones))
        return collector.state.feed.read(0, 10)

    [passed] = asyncio.run(run())
    assert repr(samples_of(passed)) == repr(
        {
            "backup_seconds_bucket le=5.0": 1,
            "backup_seconds_bucket le=+Inf": 3,
            "backup_seconds_sum": 12,
            "backup_seconds_count": 3,
            'node_thermal_zone_temp zone=a"b': math.nan,
            "node_thermal_zone_temp zone=c": 1.0,
        }
    )


def test_machines_with_the_same_names_share_them(collector: Inside) -> None:
    async def run() -> list[PassedReport]:
        for number in range(2):
            await collector.report(await collector.enrol(f"pc-{number}"))
        return collector.state.feed.read(0, 10)

    one, two = asyncio.run(run())
    assert one.parts[0][0] is two.parts[0][0]


def test_a_repeat_is_passed_on_once_and_a_backlog_behind_the_live_report(collector: Inside) -> None:
    async def run() -> list[tuple[float, bool]]:
        agent = await collector.enrol("pc-01")
        old = collector.round(agent, value=0.25)
        collector.clock.wait(15)
        live = collector.round(agent, value=0.5)
        for frames in (live, live, old, old):
            assert (await collector.post(agent, frames)).status == 200
        return [(samples_of(each)["node_load1"], each.live) for each in collector.state.feed.read(0, 10)]

    assert asyncio.run(run()) == [(0.5, True), (0.25, False)]


def test_what_is_live_is_read_past_a_backlog(collector: Inside) -> None:
    async def run() -> list[tuple[list[int], int]]:
        agent = await collector.enrol("pc-01")
        late = []
        for value in range(3):
            late += collector.round(agent, value=value)
            collector.clock.wait(15)
        await collector.report(agent, value=3)
        await collector.post(agent, late)
        collector.clock.wait(15)
        await collector.report(agent, value=4)
        found = [collector.state.feed.read_live(after, limit) for after, limit in ((0, 10), (0, 1), (1, 1), (5, 10))]
        return [([int(samples_of(each)["node_load1"]) for each in live], position) for live, position in found]

    assert asyncio.run(run()) == [([3, 4], 5), ([3], 1), ([4], 5), ([], 5)]


def test_a_destination_goes_on_where_it_was_and_a_new_one_begins_now(collector: Inside) -> None:
    async def run() -> None:
        agent = await collector.enrol("pc-01")
        for value in (0.25, 0.5, 0.75):
            await collector.report(agent, value=value)
        feed = collector.state.feed
        feed.advance("a", feed.read(feed.cursor("a"), 2)[-1].position)
        await collector.report(agent, value=1.0)
        again = collector.again(remote_write=to("a", "b", "c")).state.feed
        left = {name: [samples_of(r)["node_load1"] for r in again.read(again.cursor(name), 9)] for name in "abc"}
        assert left == {"a": [0.75, 1.0], "b": [0.25, 0.5, 0.75, 1.0], "c": []}

    asyncio.run(run())


def test_what_all_destinations_have_leaves_the_queue(collector: Inside) -> None:
    async def run() -> None:
        agent = await collector.enrol("pc-01")
        for value in (0.25, 0.5, 0.75):
            await collector.report(agent, value=value)
        feed = collector.state.feed
        rows = feed.read(0, 9)
        feed.advance("a", rows[2].position)
        feed.advance("b", rows[0].position)
        await feed.trim(collector.clock.at)
        assert [row.position for row in feed.read(0, 9)] == [rows[1].position, rows[2].position]
        assert (feed.lost("a"), feed.lost("b")) == ((0, 0), (0, 0))

    asyncio.run(run())


@pytest.mark.parametrize(("max_bytes", "max_age", "left"), [(1 << 20, 40, 2), (1, 3600, 0), (250, 3600, 2)])
def test_a_dead_destination_keeps_a_bounded_queue_and_its_losses_are_counted(
    tmp_path: Path, max_bytes: int, max_age: int, left: int
) -> None:
    bounds = to("a", "b", queue_max_bytes=max_bytes, queue_max_age_seconds=max_age)
    collector = Inside(tmp_path, remote_write=bounds)

    async def run() -> None:
        agent = await collector.enrol("pc-01")
        for value in (0.25, 0.5, 0.75, 1.0):
            collector.clock.wait(30)
            await collector.report(agent, value=value)
        feed = collector.state.feed
        feed.advance("a", feed.read(0, 1)[0].position)
        await feed.trim(collector.clock.at)
        assert len(feed.read(0, 9)) == left
        assert (feed.lost("a"), feed.lost("b")) == ((3 - left, 3 - left), (4 - left, 4 - left))
        again = collector.again().state.feed
        assert (again.lost("a"), again.lost("b")) == (feed.lost("a"), feed.lost("b"))

    asyncio.run(run())


def test_what_cannot_be_read_any_more_is_counted_once_a_destination_is_past_it(collector: Inside) -> None:
    async def run() -> None:
        agent = await collector.enrol("pc-01")
        for value in (0.25, 0.5):
            collector.clock.wait(15)
            await collector.report(agent, value=value)
        feed, machine = collector.state.feed, collector.machine(agent)
        machine.schemas.clear()  # as when eight others came after it
        collector.clock.wait(15)
        await collector.post(agent, collector.round(agent, Reading("cpu", OK, samples=[ZONES(20.0, zone="a")])))
        [left] = feed.read(0, 9)
        assert [report.position for report in feed.read_live(0, 9)[0]] == [left.position] == [3]
        assert (feed.lost("a"), feed.lost("b")) == ((0, 0), (0, 0))
        for _ in range(2):
            feed.advance("a", left.position)
        assert (feed.lost("a"), feed.lost("b")) == ((2, 2), (0, 0))
        await feed.trim(collector.clock.at)
        feed.advance("b", left.position)
        again = collector.again().state.feed
        assert (again.lost("a"), again.lost("b")) == (feed.lost("a"), feed.lost("b")) == ((2, 2), (2, 2))

    asyncio.run(run())


def test_without_a_destination_nothing_is_queued_and_late_reports_are_counted(tmp_path: Path) -> None:
    collector = Inside(tmp_path)

    async def run() -> tuple[int, float]:
        agent = await collector.enrol("pc-01")
        old = collector.round(agent)
        collector.clock.wait(15)
        for frames in (collector.round(agent), old):
            await collector.post(agent, frames)
        counted = await collector.samples("/metrics/self")
        name = "keskidee_collector_not_passed_on_reports_total"
        return len(collector.state.feed.read(0, 9)), counted[name, ()]

    assert asyncio.run(run()) == (0, 1)


def test_waiting_ends_with_the_next_report(collector: Inside) -> None:
    async def run() -> None:
        agent = await collector.enrol("pc-01")
        feed = collector.state.feed
        assert not await asyncio.to_thread(feed.wait, feed.cursor("a"), 0.01)
        waiting = asyncio.create_task(asyncio.to_thread(feed.wait, feed.cursor("a"), 20))
        await collector.report(agent)
        assert await waiting

    asyncio.run(run())


def test_what_is_on_disk_and_not_yet_taken_in_is_not_read(collector: Inside) -> None:
    """A destination is faster than the loop: it would not find the names of a machine's first report."""

    async def run() -> list[list[int]]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent, value=0.25)
        feed, machine = collector.state.feed, collector.machine(agent)
        before = feed.position
        assert machine.shown is not None
        assert machine.schema is not None
        more = Taken(session=b"", at=0.0, ticks=1e9, schema=machine.schema, snapshot=machine.shown)
        await collector.state.reports.writer.save(feed.rows(machine, [more]))
        seen = [[r.position for r in feed.read(0, 9)], [r.position for r in feed.read_live(0, 9)[0]]]
        assert feed.read_live(0, 9)[1] == before
        feed.passed(feed.position)
        return [*seen, [r.position for r in feed.read(0, 9)], [r.position for r in feed.read_live(0, 9)[0]]]

    one, two = 1, 2
    assert asyncio.run(run()) == [[one], [one], [one, two], [one, two]]


def test_words_read_back() -> None:
    words = bytes(range(256)) * 3
    assert inflated(deflated(words)) == words
