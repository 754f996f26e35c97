"""What questions to a large register cost, and how long reports wait while people ask."""

import asyncio
import json
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.bench.cost import cpu_seconds
from tests.bench.house import Collector
from tests.bench.load import reporting
from tests.bench.register import ASSETS, PARTS, PROGRAMS, fill
from tests.bench.stand import Stand, say
from tests.bench.table import Row, beside

PEERS = ()
ROUNDS = 7
LOOK_MS, DAY_MS, WAIT_MS = 100, 200, 250
"""What a person is to wait at most for a list, for a day's changes; and an agent for its acknowledgement."""
LISTS = {
    "list": "", "far page": "page=80", "order by time": "sort=-changed_at", "filter": "site=site-03&fund=GIZ",
    "search": "q=person+17", "serial number": "q=S0001234", "program": "program=program+0123&below=8.0",
}  # fmt: skip
PAGES = ("/assets", "/assets?q=person+17&site=site-03")
MACHINES, INTERVAL_SECONDS, SECONDS = 300, 3.0, 20.0
"""As many reports as 1,500 machines send at 15 s."""


def run(stand: Stand) -> Iterator[Row]:
    """The dearest list, a page for people, a day's changes, and the reports' p99 while all of it is asked."""
    count = ASSETS // 10 if stand.quick else ASSETS
    directory = stand.folder / "collector"
    say(f"writing {count} assets of {PROGRAMS + PARTS} items")
    fill(directory, count, time.time())
    collector = Collector(stand, directory, tls=False)
    what = f"register, {count:,} assets of {PROGRAMS + PARTS} items: "
    lists = {name: _cost(collector, [f"/v1/assets?{query}"]) for name, query in LISTS.items()}
    slowest = max(lists, key=lambda name: lists[name])
    yield _within(f"{what}list, filter, search; CPU of the dearest ({slowest})", lists[slowest], LOOK_MS)
    pages = max(_cost(collector, [path]) for path in PAGES)
    yield _within(f"{what}a page for people, CPU", pages, LOOK_MS)
    yield _within(f"{what}a day's changes, CPU", _cost(collector, _day(collector)), DAY_MS)
    seconds = SECONDS / 4 if stand.quick else SECONDS
    quiet, busy = asyncio.run(_waits(collector, stand.folder / "machines", seconds))
    say(f"p99 of a report: {quiet:.0f} ms, and {busy:.0f} ms while people ask")
    yield _within(f"{what}p99 of a report while people ask all of it", busy, WAIT_MS)


def _within(what: str, ours_ms: float, at_most_ms: float) -> Row:
    return beside(what, ours_ms, at_most_ms, unit="ms", first=1.0, stretch=0.5)


def _cost(collector: Collector, paths: list[str]) -> float:
    """Processor milliseconds of the collector for these answers together, the least of some rounds."""
    costs, waits = [], []
    for _ in range(ROUNDS):
        before, began = cpu_seconds(collector.pid), time.monotonic()
        for path in paths:
            _get(collector, path)
        costs.append(1000 * (cpu_seconds(collector.pid) - before))
        waits.append(1000 * (time.monotonic() - began))
    say(f"{paths[0]}: {min(costs):.1f} ms of CPU, answered in {statistics.median(waits):.0f} ms")
    return min(costs)


def _day(collector: Collector) -> list[str]:
    """The questions that give a day's changes."""
    since, after, paths = time.time() - 86_400, 0, []
    while True:
        paths.append(f"/v1/assets/changes?since={since:.0f}&after={after}")
        told = json.loads(_get(collector, paths[-1]))
        if not told["changes"]:
            return paths
        after = told["after"]


def _get(collector: Collector, path: str) -> bytes:
    with urllib.request.urlopen(collector.url + path, timeout=60) as answer:
        return bytes(answer.read())


async def _waits(collector: Collector, state: Path, seconds: float) -> tuple[float, float]:
    """The p99 of reports' answers in milliseconds, without questions, and with one person who never stops."""
    token = collector.token("join")
    async with reporting(collector, token, MACHINES, state, INTERVAL_SECONDS) as tally:
        async with asyncio.timeout(120):
            while tally.acknowledged < 2 * MACHINES:
                await asyncio.sleep(0.1)
        found = []
        for asks in (False, True):
            tally.seconds.clear()
            asking = asyncio.create_task(asyncio.to_thread(_ask, collector, seconds)) if asks else None
            await asyncio.sleep(seconds)
            found.append(1000 * sorted(tally.seconds)[int(0.99 * len(tally.seconds))])
            if asking is not None:
                await asking
    return found[0], found[1]


def _ask(collector: Collector, seconds: float) -> None:
    ends = time.monotonic() + seconds
    paths = [*[f"/v1/assets?{query}" for query in LISTS.values()], *PAGES, *_day(collector)]
    while time.monotonic() < ends:
        for path in paths:
            _get(collector, path)
