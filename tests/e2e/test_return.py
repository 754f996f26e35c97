"""A fleet that comes back at once after an outage: what is live stays live, and the backlog arrives behind it.

`KESKIDEE_OUTAGE_SECONDS=3600 make soak ARGS="tests/e2e/test_return.py"` for a shorter one.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from keskidee_simulator.connection import Connection, address_of
from keskidee_simulator.enrolment import Credentials
from keskidee_simulator.simulation import simulate
from keskidee_simulator.world import Tally, World
from tests.bench.load import SERIES, bench_fleet
from tests.e2e.returning import Outage, Returning, run
from tests.e2e.watch import Watch, value
from tests.receivers import victoria_server
from tests.scale import FULL, scaled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.watch import Figures
    from tests.processes import Start
    from tests.receivers import Server

MACHINES = scaled(40, 1000)
INTERVAL_SECONDS = scaled(5, 15)
OUTAGE_SECONDS = int(os.environ.get("KESKIDEE_OUTAGE_SECONDS") or scaled(600, 6 * 3600))
REPORTS = OUTAGE_SECONDS // INTERVAL_SECONDS
LEFT_SECONDS = scaled(90, 3 * 3600)
RSS_MIB = scaled(250, 600)
QUEUE_MIB = 1024
WATCHED = 20

pytestmark = [pytest.mark.slow, pytest.mark.soak]


class Fleet:
    """A collector with TLS that writes to VictoriaMetrics, and machines that have enrolled."""

    def __init__(self, start: Start, victoria: Server, port: int, folder: Path) -> None:
        self.victoria, self.port, self.data, self.machines = victoria, port, folder / "collector", folder / "machines"
        config = folder / "collector.yml"
        settings = {
            "interval_seconds": INTERVAL_SECONDS,
            "limits": {"enrolments_per_minute": 100_000, "connections_per_minute": 1_000_000},
            "remote_write": [{"name": "victoria", "url": victoria.write, "queue_max_bytes": QUEUE_MIB << 20}],
        }
        config.write_text(json.dumps(settings))  # which is YAML too
        self.collector = start(
            [*KESKIDEE, "collector", "serve", "--config", config, "--data", self.data, "--listen", f"127.1:{port}"],
            ready="^ready https://",
        )
        self.url = f"https://127.0.0.1:{port}"
        self.fleet = bench_fleet(MACHINES)

    def token(self, scope: str) -> str:
        command = [*KESKIDEE, "collector", "token", "create", "--scope", scope, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    async def enrol(self) -> None:
        """Every machine reports once or more."""
        stop, tally = asyncio.Event(), Tally()
        running = asyncio.create_task(
            simulate(
                self.url, self.token("join"), self.fleet, self.machines, ca_file=self.data / "tls" / "ca.pem",
                interval_seconds=INTERVAL_SECONDS, steady=True, stop=stop, tally=tally,
            )
        )  # fmt: skip
        while tally.acknowledged < 2 * MACHINES:
            await asyncio.sleep(0.1)
        stop.set()
        await running

    async def come_back(self, outage: Outage, tally: Tally) -> None:
        """All at once, until no backlog is left."""
        world = World(
            credentials=Credentials(self.machines), token="", steady=True, tally=tally,
            interval_seconds=INTERVAL_SECONDS,
        )  # fmt: skip
        address = address_of(self.url, ssl.create_default_context(cafile=self.data / "tls" / "ca.pem"))
        lives = [Returning(machine, Connection(address), world, outage) for machine in self.fleet]
        deadline = time.monotonic() + LEFT_SECONDS
        await run(lives, outage, lambda: len(outage.done_at) == MACHINES or time.monotonic() > deadline)

    def stored(self) -> dict[str, int]:
        """Reports that VictoriaMetrics has, by instance."""
        span = OUTAGE_SECONDS + LEFT_SECONDS + 3600
        query = {"query": f"count_over_time(node_load1[{span}s])", "time": f"{time.time() + 5:.3f}", "nocache": "1"}
        with urlopen(f"{self.victoria.url}/api/v1/query?{urlencode(query)}", timeout=120) as answer:
            rows = json.load(answer)["data"]["result"]
        return {row["metric"]["instance"]: int(row["value"][1]) for row in rows}


KESKIDEE = (sys.executable, "-m", "keskidee")


@pytest.mark.timeout(300 + LEFT_SECONDS)
def test_live_reports_stay_live_while_a_fleet_brings_its_backlog(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    began = time.time()
    fleet = Fleet(start, victoria_server(start, program, free_port(), tmp_path), free_port(), tmp_path)
    asyncio.run(fleet.enrol())
    outage = Outage(reports=REPORTS, interval_seconds=INTERVAL_SECONDS, ended_at=began - INTERVAL_SECONDS)
    for machine in fleet.fleet:  # encoded before the clock runs
        outage.batches(machine)
    known = Credentials(fleet.machines)
    watched = [each.machine_id for number in range(WATCHED) if (each := known.get(number)) is not None]
    watch, tally = Watch(fleet.collector.pid, fleet.port, fleet.data, fleet.token("metrics"), watched), Tally()
    before = value(watch.page("/metrics/self"), "keskidee_collector_reports_total")
    started, back_at = asyncio.run(_with(watch, fleet, outage, tally)), time.time()
    page = watch.page("/metrics/self")
    worst = watch.stop()
    reports = int(value(page, "keskidee_collector_reports_total"))
    wait_until(lambda: sum(fleet.stored().values()) == reports)
    found = fleet.stored()
    if FULL:
        print(table(back_at - started, time.time() - started, worst, sum(found.values())), answers(tally), sep="\n")

    assert (len(outage.done_at), tally.failed, tally.refused) == (MACHINES, 0, 0)
    assert reports == int(before) + MACHINES * REPORTS + tally.acknowledged
    assert sum(found.values()) == reports
    assert len(found) == MACHINES
    assert value(page, "keskidee_remote_write_dropped_samples_total") == 0
    late_seconds = worst.page_age_seconds - INTERVAL_SECONDS  # a page is an interval old just before the next report
    assert late_seconds <= INTERVAL_SECONDS
    assert worst.rss_mib <= RSS_MIB
    assert worst.queue_mib <= QUEUE_MIB


async def _with(watch: Watch, fleet: Fleet, outage: Outage, tally: Tally) -> float:
    started = time.time()
    coming = asyncio.create_task(fleet.come_back(outage, tally))
    await asyncio.sleep(INTERVAL_SECONDS + 1)  # each has spoken
    watch.start()
    await coming
    return started


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LEFT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(1)


def answers(tally: Tally) -> str:
    took = sorted(tally.seconds)
    half, most, last = (took[min(int(len(took) * share), len(took) - 1)] for share in (0.5, 0.99, 1))
    return f"| answers to live reports and batches: half, 99 %, all within | {half:.2f} s, {most:.2f} s, {last:.1f} s |"


def table(back_seconds: float, passed_on_seconds: float, worst: Figures, found: int) -> str:
    rows = {
        "machines, reports each in the backlog": f"{MACHINES}, {REPORTS}",
        "series a machine, interval": f"{SERIES}, {INTERVAL_SECONDS} s",
        "backlog through after": f"{back_seconds:.0f} s",
        "all in VictoriaMetrics after": f"{passed_on_seconds:.0f} s",
        "reports and samples found there": f"{found}, {found * SERIES}",
        "collector: processor seconds, worst resident memory": f"{worst.cpu_seconds:.0f} s, {worst.rss_mib:.0f} MiB",
        "queue at its longest": f"{worst.queue_reports} reports, {worst.queue_mib:.0f} MiB",
        "live on its page, late by": f"{worst.page_age_seconds - INTERVAL_SECONDS:.1f} s ({worst.pages} pages read)",
        "live on its way to VictoriaMetrics, at most": f"{worst.behind_seconds:.1f} s",
    }
    return "\n".join(f"| {name} | {figure} |" for name, figure in rows.items())
