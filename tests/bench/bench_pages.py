"""1000 machines with 300 series each, on our collector and on Pushgateway: a report, the whole page, the memory."""

import asyncio
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.bench.cost import MIB, cpu_seconds, rss_bytes
from tests.bench.house import Collector
from tests.bench.load import SERIES, named_node, pushing, reporting
from tests.bench.stand import PUSHGATEWAY, Stand, program, say
from tests.bench.table import Row, beside
from tests.processes import Process, find_free_port

PEERS = (PUSHGATEWAY,)
GETS = 5


def run(stand: Stand) -> Iterator[Row]:
    """First the reports over TLS, then the page over plain HTTP, as Prometheus beside the collector reads it."""
    count, interval = (200, 15.0) if stand.quick else (1000, 15.0)
    url, gateway = start_pushgateway(stand)
    collector = Collector(stand, stand.folder / "collector", tls=True)
    token = collector.token("join")
    state = stand.folder / "machines"
    yield from asyncio.run(_reports(collector, gateway, url, token, count=count, interval=interval, state=state))
    collector.process.stop()
    plain = Collector(stand, stand.folder / "collector", tls=False)
    asyncio.run(_fill(plain, count, state, interval))
    _check_alike(plain, url, count)
    fleet = f"{count} machines x {SERIES} series"
    ways = (False, True)  # ours first: the machines are silent after a while, and then not on the page
    costs = [_cpu_of_get(plain.pid, partial(plain.get, "/metrics", gzip=packed)) for packed in ways]
    peers = [_cpu_of_get(gateway.pid, partial(_get, url + "/metrics", packed=packed)) for packed in ways]
    for packed, ours, theirs in zip(ways, costs, peers, strict=True):
        yield beside(
            f"collector: CPU of GET /metrics, {fleet}{', gzip' if packed else ''}",
            1000 * ours, 1000 * theirs, unit="ms", first=None if packed else 1 / 20, stretch=None if packed else 1 / 40,
        )  # fmt: skip


def start_pushgateway(stand: Stand) -> tuple[str, Process]:
    """Pushgateway without its consistency check, which costs it 200 times as much."""
    port = find_free_port()
    argv: list[str | Path] = [
        program(PUSHGATEWAY),
        f"--web.listen-address=127.0.0.1:{port}",
        "--push.disable-consistency-check",
    ]
    url = f"http://127.0.0.1:{port}"
    return url, stand.start(argv, f"{url}/-/ready")


async def _reports(
    collector: Collector, gateway: Process, url: str, token: str, *, count: int, interval: float, state: Path
) -> list[Row]:
    say(f"{count} machines report and push each {interval:g} s")
    async with reporting(collector, token, count, state, interval) as tally, pushing(url, count, interval) as pushes:
        await _until(
            lambda: tally.enrolled == count and tally.acknowledged >= 2 * count and pushes.accepted >= 2 * count
        )
        began = (cpu_seconds(collector.pid), cpu_seconds(gateway.pid), tally.acknowledged, pushes.accepted)
        await asyncio.sleep(2 * interval)
        ended = (cpu_seconds(collector.pid), cpu_seconds(gateway.pid), tally.acknowledged, pushes.accepted)
        assert not pushes.failures, pushes.failures[0]
    ours, theirs, reports, pushed = (after - before for before, after in zip(began, ended, strict=True))
    fleet = f"{count} machines x {SERIES} series"
    return [
        beside(
            f"collector: CPU of a report (TLS, credential, durable) / of a push, {SERIES} series",
            1000 * ours / reports, 1000 * theirs / pushed, unit="ms", first=1 / 3, stretch=1 / 6,
        ),
        beside(
            f"collector: RSS, {fleet}", rss_bytes(collector.pid) / MIB, rss_bytes(gateway.pid) / MIB, unit="MiB",
            first=1 / 3, stretch=1 / 6,
        ),
    ]  # fmt: skip


async def _fill(collector: Collector, count: int, state: Path, interval: float) -> None:
    """A round of reports, so that the page is what a collector that has run for a while shows."""
    async with reporting(collector, "", count, state, interval) as tally:
        await _until(lambda: tally.acknowledged >= count)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(180):
        while not condition():
            await asyncio.sleep(0.1)


def _cpu_of_get(pid: int, get: Callable[[], bytes]) -> float:
    """Processor time of one GET: the middle one of some, each alone."""
    costs = []
    for _ in range(GETS):
        before = cpu_seconds(pid)
        get()
        time.sleep(0.2)  # what is freed after the answer belongs to it
        costs.append(cpu_seconds(pid) - before)
    return sorted(costs)[GETS // 2]


def _get(url: str, *, packed: bool) -> bytes:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"} if packed else {})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return bytes(answer.read())


def _check_alike(collector: Collector, url: str, count: int) -> None:
    """Both pages must hold the same series, or nothing was compared."""
    pages = collector.get("/metrics"), _get(url + "/metrics", packed=False)
    ours, theirs = ([line for line in page.splitlines() if line.startswith(b"node_")] for page in pages)
    made_by_us = [line for line in ours if line.startswith(b"node_scrape_collector")]
    if not len(ours) - len(made_by_us) == len(theirs) == count * named_node():
        raise ValueError(
            f"the pages differ: {len(ours)} series with {len(made_by_us)} of our making, and {len(theirs)}"
        )
