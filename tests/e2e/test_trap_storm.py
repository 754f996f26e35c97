"""A device that storms, 10,000 notifications a minute: all are counted, few events kept, others polled as ever."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from keskidee_agent.devices.traps.events import MOST_OPEN, QUIET_SECONDS
from keskidee_agent.sources.inventoried import parse
from tests.agent.devices.notifying import KEYS
from tests.agent.devices.test_storm import captured_trap, datagrams
from tests.bench.cost import MIB, cpu_seconds, rss_bytes
from tests.collector.served import Served
from tests.e2e.test_devices import asset, enrolled
from tests.processes import find_free_port
from tests.scale import FULL, scaled
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Process, Start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(scaled(240, 7200)),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and needs more than one address of loopback"),
]
A_MINUTE, WARM_MINUTES, MINUTES = 10_000, scaled(0.06, 1), scaled(0.06, 10)
COUNT, INTERVAL_SECONDS = scaled(3, 200), scaled(5, 60)
SETTLE_SECONDS = scaled(0, 60)
SECONDS = scaled(120, 600)
STORMS = "127.0.0.2"
MOST_GROWTH, LEAST_POLLED = 1.1, 0.95


class House:
    """A poller of quiet switches and of one that storms."""

    def __init__(self, folder: Path, start: Start) -> None:
        (folder / "first").mkdir()
        self.collector = Served(folder / "first", {})
        self.state = enrolled(self.collector, folder / "agent")
        quiet = start([sys.executable, "-m", "tests.agent.devices.responder", str(COUNT)], ready="^ports ")
        storms = start([sys.executable, "-m", "tests.agent.devices.responder", "1", STORMS], ready="^ports ")
        for name, text in {"public": "public", "auth": KEYS[3], "priv": KEYS[7]}.items():
            (folder / name).write_text(text)
        named = [(f"quiet-{at}", "127.0.0.1", port) for at, port in enumerate(quiet.stdout.split()[1:])]
        devices = [
            {"name": name, "address": address, "port": int(port), "interval_seconds": INTERVAL_SECONDS,
             "community_file": str(folder / "public"), "timeout_seconds": 10}
            for name, address, port in [*named, ("storms", STORMS, storms.stdout.split()[1])]
        ]  # fmt: skip
        self.address = ("127.0.0.1", find_free_port())
        user = {"user": "monitor", "auth": f"SHA:{folder / 'auth'}", "priv": f"AES:{folder / 'priv'}"}
        traps = {"listen": f"127.0.0.1:{self.address[1]}", "users": [user], "community_files": [str(folder / "public")]}
        (folder / "agent.yml").write_text(yaml.safe_dump({"devices": devices, "traps": traps}))
        words = ["agent", "run", "--devices", "--state", str(self.state), "--config", str(folder / "agent.yml")]
        self.poller: Process = start([sys.executable, "-m", "keskidee", *words], ready="traps=heard")

    def stored(self) -> float:
        return self.collector.counts().get("stored", 0)

    def told(self) -> float:
        """How many notifications the storming device's own series account for, and how many never were heard."""
        return self.lost() + sum(
            value
            for (name, labels), value in self.collector.samples("/metrics").items()
            if name in ("keskidee_traps_total", "keskidee_traps_refused_total") and ("instance", "storms") in labels
        )

    def lost(self) -> float:
        """How many the socket had no room for, as the poller wrote it last."""
        samples = parse((self.state / "devices" / "traps.metrics").read_bytes())
        return next(value for family, _, value in samples if family.name == "keskidee_traps_lost_total")

    def events(self) -> list[object]:
        """The event log of the one that storms."""
        found = asset(self.collector, "storms")
        rows: list[object] = self.collector.ask("GET", f"/v1/assets/{found['id']}/events").json["events"]
        return rows

    def storm(self, captured: bytes, minutes: float) -> int:
        """Sends at its pace; how many."""
        count, storm, began = int(A_MINUTE * minutes), datagrams(captured), time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((STORMS, 0))
            for at in range(count):
                wait = began + at * 60 / A_MINUTE - time.monotonic()
                if wait > 0.05:
                    time.sleep(wait)
                sock.sendto(next(storm), self.address)
        return count


def test_a_storm_is_counted_coalesced_and_hurts_no_other_device(
    start: Start, tmp_path: Path, program: Callable[[str], Path]
) -> None:
    house = House(tmp_path, start)
    try:
        wait_until(lambda: house.stored() >= 2 * COUNT, "two polls of all", SECONDS)
        wait_until(lambda: asset(house.collector, "storms"), "the asset of the one that storms", SECONDS)
        captured = asyncio.run(captured_trap(program("snmptrap")))
        pid = house.poller.pid
        sent = house.storm(captured, WARM_MINUTES)
        wait_until(lambda: house.told() >= sent, "all of a first storm", SECONDS)
        time.sleep(SETTLE_SECONDS)
        memory, polls, cpu = rss_bytes(pid), house.stored(), cpu_seconds(pid)
        began = time.monotonic()
        again = house.storm(captured, MINUTES)
        took, polled, cost = time.monotonic() - began, house.stored() - polls, cpu_seconds(pid) - cpu
        due = took / INTERVAL_SECONDS * COUNT
        grown = rss_bytes(pid) / memory
        print(
            f"\n{again} notifications in {took:.0f} s beside {COUNT} switches each {INTERVAL_SECONDS} s: {polled} polls"
            f" ({polled / due:.3f} of those due), {100 * cost / took:.1f} % of a processor, {memory / MIB:.0f} MiB,"
            f" then {grown:.3f} times that; lost: {house.lost():.0f}"
        )
        wait_until(lambda: house.told() >= sent + again, "all that was sent", SECONDS)
        assert house.told() == sent + again
        assert 0 < len(house.events()) <= (MOST_OPEN + 1) * (2 + int(2 * took / QUIET_SECONDS))
        assert (grown < MOST_GROWTH and polled > LEAST_POLLED * due) or not FULL
    finally:
        house.collector.stop()
