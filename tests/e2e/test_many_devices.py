"""Thousands of switches polled each minute by one agent: all are up, the poller keeps its pace and its memory."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from keskidee_agent.transport.identity import read_identity
from tests.bench.cost import MIB, cpu_seconds, rss_bytes
from tests.collector.served import Served
from tests.scale import FULL, scaled
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.processes import Start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(scaled(300, 7200)),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
COUNT = scaled(25, 2000)
INTERVAL_SECONDS = scaled(5, 60)
ROUNDS = scaled(2, 12)
SETTLE_SECONDS = scaled(0, 180)
BEGIN_SECONDS = scaled(200, 900)
UP = b"keskidee_device_up{"
MOST_GROWTH = 1.1


def enrolled(collector: Served, state: Path) -> Path:
    command = [sys.executable, "-m", "keskidee", "agent", "enrol", f"http://127.0.0.1:{collector.port}"]
    command += ["--token-file", "-", "--state", str(state)]
    subprocess.run(command, input=collector.token(), text=True, check=True, capture_output=True)
    return state


def test_one_agent_polls_them_all_each_interval(start: Start, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    collector = Served(tmp_path / "first", {})
    responder = start([sys.executable, "-m", "tests.agent.devices.responder", str(COUNT)], ready="^ports ")
    ports = responder.stdout.split()[1:]
    state = enrolled(collector, tmp_path / "agent")
    assert read_identity(state).role == "server"
    (tmp_path / "community").write_text("public")
    devices = [
        {"name": f"switch-{number}", "address": "127.0.0.1", "port": int(port), "interval_seconds": INTERVAL_SECONDS,
         "community_file": str(tmp_path / "community"), "timeout_seconds": 10}
        for number, port in enumerate(ports)
    ]  # fmt: skip
    config = tmp_path / "agent.yml"
    config.write_text(yaml.safe_dump({"devices": devices}))
    words = ["agent", "run", "--devices", "--state", str(state), "--config", str(config)]
    poller = start([sys.executable, "-m", "keskidee", *words])
    try:
        wait_until(lambda: stored(collector) >= 2 * COUNT, f"two polls of {COUNT} switches", BEGIN_SECONDS)
        time.sleep(SETTLE_SECONDS)
        memory, polls, cpu = rss_bytes(poller.pid), stored(collector), cpu_seconds(poller.pid)
        began = time.monotonic()
        wait_until(
            lambda: stored(collector) >= polls + ROUNDS * COUNT, f"{ROUNDS} rounds", 10 * ROUNDS * INTERVAL_SECONDS
        )
        polled, took = stored(collector) - polls, time.monotonic() - began
        share, grown = (cpu_seconds(poller.pid) - cpu) / took, rss_bytes(poller.pid) / memory
        print(
            f"\n{COUNT} switches each {INTERVAL_SECONDS} s for {took:.0f} s: {polled} polls"
            f" ({polled * INTERVAL_SECONDS / took / COUNT:.3f} of those due), {100 * share:.1f} % of a processor"
            f" ({1000 * share * took / polled:.2f} ms a poll), {memory / MIB:.0f} MiB, then {grown:.3f} times that;"
            f" collector {collector.memory_bytes() / MIB:.0f} MiB"
        )
        wait_until(lambda: up(collector) == COUNT, f"{COUNT} switches that are up", BEGIN_SECONDS)
        assert grown < MOST_GROWTH or not FULL
    finally:
        collector.stop()


def up(collector: Served) -> int:
    """How many devices answered their last poll; the page may be of 60 MB, so nobody takes it apart."""
    return sum(
        line.endswith(b" 1") for line in collector.ask("GET", "/metrics").body.split(b"\n") if line.startswith(UP)
    )


def stored(collector: Served) -> float:
    """How many reports it took."""
    return collector.counts().get("stored", 0)
