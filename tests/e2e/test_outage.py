"""An outage with everything killed in it: every sample that was taken stands in both receivers, at its time, once.

`KESKIDEE_PART_SECONDS=240 make soak ARGS="tests/e2e/test_outage.py"` for a shorter one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.acknowledged import one_machines
from tests.receivers import Server, prometheus_server, victoria_server
from tests.scale import scaled
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Process, Start

PART_SECONDS = int(os.environ.get("KESKIDEE_PART_SECONDS") or scaled(8, 600))
"""How long each part of the outage lasts."""

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(300 + 3 * PART_SECONDS)]
SERIES = "node_time_seconds"
"""Each report has it once, and its value is the moment of the reading by the agent's clock."""


def keskidee(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "keskidee", *map(str, words)]


class Chain:
    """An agent that reports each second, its collector, and the receivers that the collector writes to."""

    def __init__(self, start: Start, port: int, folder: Path, receivers: dict[str, Server]) -> None:
        self._start = start
        self.state = folder / "agent"
        settings = folder / "collector.yml"
        destinations = [{"name": name, "url": server.write} for name, server in receivers.items()]
        settings.write_text(json.dumps({"listen": f"127.0.0.1:{port}", "remote_write": destinations}))
        self._serve = keskidee("collector", "serve", "--config", settings, "--data", folder / "data")
        self.collector: Process = start(self._serve, ready="^ready ")
        token = subprocess.run(
            keskidee("collector", "token", "create", "--data", folder / "data"), capture_output=True, check=True
        ).stdout
        enrol = keskidee("agent", "enrol", f"http://127.0.0.1:{port}", "--token-file", "-", "--state", self.state)
        subprocess.run(enrol, input=token, check=True)
        self.agent = self.run_agent()

    def run_agent(self) -> Process:
        return self._start(keskidee("agent", "run", "--state", self.state, "--interval", "1"))

    def serve_again(self) -> None:
        self.collector = self._start(self._serve, ready="^ready ")


def kill(process: Process) -> None:
    process.popen.send_signal(signal.SIGKILL)
    process.popen.wait()


def stored(server: Server, began_ms: int, query: str = SERIES) -> list[tuple[int, float]]:
    """Time and value of every sample of the only machine."""
    points = server.points(began_ms, int(time.time() * 1000) + 1000, query, "instance")
    return [sample for samples in points.values() for sample in samples]


def ends(folder: Path) -> list[int]:
    """The last sequence of each session of which everything was acknowledged, from the first report on."""
    sessions = one_machines(folder / "data").values()
    return [ranges[0][1] for ranges in sessions if len(ranges) == 1 and ranges[0][0] == 0]


def dropped(server: Server, began_ms: int) -> float:
    """Reports that the agent says it gave up."""
    points = server.points(began_ms, int(time.time() * 1000) + 1000, "keskidee_agent_dropped_reports_total", "reason")
    return sum(samples[-1][1] for samples in points.values())


def test_every_sample_of_an_outage_stands_in_both_receivers_at_its_own_time_once(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    began_ms = int(time.time() * 1000) - 5000
    receivers = {
        "prometheus": prometheus_server(start, program, free_port(), tmp_path, window="6h"),
        "victoria": victoria_server(start, program, free_port(), tmp_path),
    }
    chain = Chain(start, free_port(), tmp_path, receivers)
    for server in receivers.values():
        wait_until(lambda s=server: len(stored(s, began_ms)) > 3, "the first samples")  # type: ignore[misc]
    kill(chain.collector)  # the outage begins
    time.sleep(PART_SECONDS)
    kill(chain.agent)  # and half-way through it
    chain.agent = chain.run_agent()
    time.sleep(PART_SECONDS)
    receivers["prometheus"].restart()
    chain.serve_again()  # the link is back
    time.sleep(PART_SECONDS)
    kill(chain.collector)
    held = sum(ends(tmp_path))
    chain.serve_again()
    wait_until(lambda: len(ends(tmp_path)) == 2 and sum(ends(tmp_path)) > held, "both sessions without a hole", 120)
    assert chain.agent.stop() == 0
    wait_until(lambda: len(ends(tmp_path)) == 2, "all that was taken")
    taken = sum(last + 1 for last in ends(tmp_path)) - 1  # the goodbye has a number too
    for name, server in receivers.items():
        wait_until(lambda s=server: len(stored(s, began_ms)) == taken, f"{taken} samples in {name}")  # type: ignore[misc]
    found = [stored(server, began_ms) for server in receivers.values()]
    assert [at for at, _ in found[0]] == [at for at, _ in found[1]]
    assert len({at for at, _ in found[0]}) == taken
    assert all(abs(at / 1000 - value) < 1.0 for at, value in found[0])  # its own time, by the agent's clock
    assert dropped(receivers["prometheus"], began_ms) == 0
