"""A fleet whose machines have 300 series each: as pretend machines for us, as text for Pushgateway."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from keskidee_report.model import Reading
from keskidee_simulator.connection import Connection, address_of
from keskidee_simulator.fleet import Pretend, build_fleet
from keskidee_simulator.models import DEBIAN, GIB, Model
from keskidee_simulator.rounds import Rounds
from keskidee_simulator.simulation import simulate
from keskidee_simulator.world import Tally
from tests.bench.house import Collector

SERIES = 300
UPTIME_SECONDS = 200_000.0
BEGAN = date(2026, 3, 2)
MODEL = Model(
    maker="Bench", name="Bench", chassis="server", cpus=10, memory_bytes=32 * GIB, disk_bytes=480 * GIB, disks=2,
    systems=(DEBIAN,),
)  # fmt: skip
"""With ten processors and two disks a Debian server has 300 series."""


def bench_fleet(count: int) -> list[Pretend]:
    """Machines of that model in fifteen sites, none of which ails."""
    fleet = [
        replace(machine, model=MODEL, system=DEBIAN, ailment=None, poller=None, reads_services=False)
        for machine in build_fleet("keskidee", count)
    ]
    assert len(_names(fleet[0])) == SERIES
    return fleet


def named_node() -> int:
    """How many series of such a machine are named node_*, as only a machine's are."""
    return sum(name.startswith("node_") for name in _names(bench_fleet(1)[0]))


def _names(machine: Pretend) -> list[str]:
    readings = Rounds(machine, BEGAN).readings(UPTIME_SECONDS, 0.0)
    return [family.name for reading in readings for family, _, _ in reading.samples]


@asynccontextmanager
async def reporting(
    collector: Collector, token: str, count: int, state: Path, interval_seconds: float
) -> AsyncIterator[Tally]:
    """`count` machines that report to our collector all the while."""
    stop, tally = asyncio.Event(), Tally()
    running = asyncio.create_task(
        simulate(
            collector.url, token, bench_fleet(count), state, ca_file=collector.ca_file,
            interval_seconds=interval_seconds, steady=True, stop=stop, tally=tally,
        )
    )  # fmt: skip
    try:
        yield tally
    finally:
        stop.set()
        await running


def exposition(readings: list[Reading]) -> bytes:
    """The samples in the text format, as a client library would push them."""
    lines: list[str] = []
    last = ""
    for reading in readings:
        for family, labels, value in reading.samples:
            if family.name != last:
                last = family.name
                lines += [f"# HELP {last} {family.help}", f"# TYPE {last} {family.kind}"]
            pairs = ",".join(f'{name}="{text}"' for name, text in labels.items() if text)
            lines.append(f"{last}{{{pairs}}} {value!r}" if pairs else f"{last} {value!r}")
    return ("\n".join(lines) + "\n").encode()


@dataclass
class Pushes:
    """How many pushes Pushgateway has taken."""

    accepted: int = 0
    failures: list[str] = field(default_factory=list)


@asynccontextmanager
async def pushing(url: str, count: int, interval_seconds: float) -> AsyncIterator[Pushes]:
    """The same machines, pushing the same series to Pushgateway: a group and a connection each."""
    pushes = Pushes()
    address = address_of(url)
    tasks = [
        asyncio.create_task(_push(machine, Connection(address), interval_seconds, pushes))
        for machine in bench_fleet(count)
    ]
    try:
        yield pushes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _push(machine: Pretend, connection: Connection, interval_seconds: float, pushes: Pushes) -> None:
    rounds = Rounds(machine, BEGAN)
    path = f"/metrics/job/bench/instance/machine-{machine.number}"
    place = machine.chance(3) * interval_seconds
    try:
        while True:
            now = time.time()
            await asyncio.sleep(interval_seconds - (now - place) % interval_seconds)
            now = time.time()
            body = exposition(rounds.readings(now, now - UPTIME_SECONDS))
            answer = await connection.send("PUT", path, "Content-Type: text/plain\r\n", body)
            if answer.status in {200, 202}:
                pushes.accepted += 1
            else:
                pushes.failures.append(answer.body[:200].decode())
    finally:
        connection.close()
