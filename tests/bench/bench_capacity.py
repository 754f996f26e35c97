"""How many machines one collector holds on one processor: load in steps until an answer takes too long.

A quick estimate. Some hundreds of machines report as often as the number in question would at 15 s: what a report
costs and how long it waits is measured, what thousands of sessions weigh in memory is not (bench_pages does that).
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cost import cpu_seconds, pin, pinned, waited_seconds
from tests.bench.house import Collector
from tests.bench.load import SERIES, reporting
from tests.bench.stand import Stand, say
from tests.bench.table import Row

PEERS = ()
INTERVAL_SECONDS = 15
STEPS = (1000, 2500, 5000, 7500, 10_000, 12_500)
P99_SECONDS = 0.25
DELIVERED_AT_LEAST = 0.95
"""Of the reports that were due. Below it the collector, or the generator beside it, does not keep up."""
COLLECTOR_CPU, GENERATOR_CPU = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the load: machines it stands for, the 99th percentile of answers, and processor shares.

    `waited_share` is the time in which the collector was ready to run and others had its processor.
    """

    machines: int
    p99_seconds: float
    delivered: float
    collector_share: float
    waited_share: float
    generator_share: float

    @property
    def held(self) -> bool:
        return self.p99_seconds < P99_SECONDS and self.delivered >= DELIVERED_AT_LEAST

    def __str__(self) -> str:
        return (
            f"{self.machines} machines: p99 {1000 * self.p99_seconds:.0f} ms, {self.delivered:.0%} of the reports; "
            f"of a processor: collector {self.collector_share:.0%} (others kept it waiting {self.waited_share:.0%}), "
            f"generator {self.generator_share:.0%}"
        )


def run(stand: Stand) -> Iterator[Row]:
    """The greatest step that is held; the steps go to stderr."""
    if (os.cpu_count() or 1) < 2:
        raise OSError("the collector and the load need a processor each")
    collector = Collector(stand, stand.folder / "collector", tls=True)
    pin(collector.pid, COLLECTOR_CPU)
    with pinned(GENERATOR_CPU):
        steps = asyncio.run(_climb(collector, stand.folder / "machines", quick=stand.quick))
    held = [step for step in steps if step.held]
    last = held[-1] if held else steps[0]
    by_cost = last.machines / last.collector_share
    found = f"{last.machines}" if held else f"under {last.machines}"
    yield Row(
        what=f"collector: machines at {INTERVAL_SECONDS} s on one processor, {SERIES} series, TLS, p99 under 250 ms",
        ours=f"{found} (p99 {1000 * last.p99_seconds:.0f} ms; by cost {by_cost:.0f})",
        measured=float(last.machines) if held else 0.0,
        first=5000,
        stretch=10_000,
        at_most=False,
    )


async def _climb(collector: Collector, state: Path, *, quick: bool) -> list[Step]:
    count, seconds = (200, 5.0) if quick else (500, 15.0)
    token = collector.token("join")
    steps: list[Step] = []
    for machines in STEPS:
        steps.append(await _step(collector, token, state, count=count, machines=machines, seconds=seconds))
        say(str(steps[-1]))
        if not steps[-1].held:
            break
    return steps


async def _step(collector: Collector, token: str, state: Path, *, count: int, machines: int, seconds: float) -> Step:
    interval = INTERVAL_SECONDS * count / machines
    async with reporting(collector, token, count, state, interval) as tally:
        async with asyncio.timeout(120):
            while tally.acknowledged < 2 * count:  # sessions have begun, and the names are known
                await asyncio.sleep(0.1)
        tally.seconds.clear()
        pids = collector.pid, os.getpid()
        began = (*map(cpu_seconds, pids), waited_seconds(pids[0]), tally.acknowledged)
        await asyncio.sleep(seconds)
        ended = (*map(cpu_seconds, pids), waited_seconds(pids[0]), tally.acknowledged)
        answers = sorted(tally.seconds)
    ours, generator, waited, reports = (after - before for before, after in zip(began, ended, strict=True))
    return Step(
        machines=machines,
        p99_seconds=answers[int(0.99 * len(answers))],
        delivered=reports / (seconds * machines / INTERVAL_SECONDS),
        collector_share=ours / seconds,
        waited_share=waited / seconds,
        generator_share=generator / seconds,
    )
