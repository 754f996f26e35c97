"""A house in which everything may break: agent, collector, Prometheus, their disks, their clocks and the link."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keskidee_agent.gather.gather import found_sources
from tests.e2e.disks import full
from tests.e2e.ledger import Ledger
from tests.e2e.page import Page
from tests.e2e.wire import CUT, DEAF, HALF, OPEN, Steps, Wire
from tests.receivers import prometheus_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.processes import Process, Start

MARK = "node_context_switches_total"
"""Every report has it, and no two reports of one boot have the same."""
HOUR = 3600
SOURCES = ("agent", "loadavg", "meminfo", "stat", "time", "uname")
CLOCK_CACHE_SECONDS = 1.0
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
"""For faketime 0.9.10, under which a sleep until a moment of the monotonic clock (Python's) fails with EINVAL."""
CATCH_UP_SECONDS = 150.0
"""For what a wait can last: a collector without a disk asks for 30 s, an unreachable one is tried each minute."""


class House:
    """Agent -> wire -> collector -> Prometheus. Each fault is a method that brings it about and mends it.

    `folder` holds `collector` and `agent/spool`, each a small disk of its own.
    """

    def __init__(
        self, start: Start, program: Callable[[str], Path], free_port: Callable[[], int], folder: Path, chance: Random
    ) -> None:
        self._start, self._folder, self._chance = start, folder, chance
        self._library = faketime_library(program)
        self.agent_clock, self.collector_clock = Steps(), Steps()
        self.ledger = Ledger(MARK)
        prometheus_folder = folder / "prometheus"
        prometheus_folder.mkdir()
        self.prometheus = prometheus_server(start, program, free_port(), prometheus_folder, window="6h")
        self.data, self.state = folder / "collector" / "data", folder / "agent"
        self.collector_port = free_port()
        self.wire = Wire(self.collector_port, self.ledger)
        self._start_collector()
        self._enrol()
        self._start_agent()
        machine_id = json.loads((self.state / "identity.json").read_text())["machine_id"]
        self.page = Page(f"http://127.0.0.1:{self.collector_port}/metrics/machines/{machine_id}", MARK)
        self.page.start()

    # faults

    def agent_is_killed(self) -> None:
        self._kill(self.agent)
        self._pause()
        self._start_agent()

    def collector_is_killed(self) -> None:
        self._kill(self.collector)
        self._pause()
        self._start_collector()

    def prometheus_is_killed(self) -> None:
        self._kill(self.prometheus.process)
        self._pause()
        self.prometheus.restart()

    def agent_has_no_disk(self) -> None:
        """Reports are lost while the link is cut too; the link comes back before the disk, and perhaps a kill."""
        with full(self.state / "spool"):
            self.wire.mode = CUT
            self._pause(3.0)
            self.wire.mode = OPEN
            self._until(lambda: self._is_heard_since(time.time() - 1.0), "a report from a full disk")
            if self._chance.random() < 0.5:
                self.agent_is_killed()
            self._pause()

    def collector_has_no_disk(self) -> None:
        with full(self.data.parent):
            self._pause(2.0)
            if self._chance.random() < 0.3:
                self._kill(self.collector)
        if self.collector.popen.poll() is not None:
            self._start_collector()
        if self._chance.random() < 0.7:  # an agent that starts anew does not wait the 30 s that it was asked to
            self.agent_is_killed()

    def agent_clock_is_set(self) -> None:
        self._set(self.agent_clock, "agent")

    def collector_clock_is_set(self) -> None:
        self._set(self.collector_clock, "collector")
        if self._chance.random() < 0.3:
            self.collector_is_killed()

    def answers_are_lost(self) -> None:
        self.wire.mode = DEAF
        self._pause(1.0)
        if self._chance.random() < 0.3:
            self.agent_is_killed()
        self.wire.mode = OPEN

    def link_breaks(self) -> None:
        self.wire.mode = self._chance.choice([CUT, HALF])
        self._pause(1.0)
        self.wire.mode = OPEN

    # what tests ask

    def settle(self) -> None:
        """Waits until nothing waits in the agent any more, by a report that was taken meanwhile: one from before a
        fault that was short says so too.
        """
        began = time.time()
        self._until(lambda: self._is_quiet_since(began), "the backlog")

    def end(self) -> None:
        """Stops the agent once all that the collector has is in the ledger."""
        self.wire.cut()
        self._kill(self.agent)
        self.page.stop()

    def marks_in_prometheus(self) -> list[tuple[float, float]]:
        """Time (epoch seconds) and mark of every sample."""
        end_ms = int((time.time() + 2 * HOUR) * 1000)
        series = self.prometheus.points(end_ms - 5 * HOUR * 1000, end_ms, MARK, "instance")
        return [(at / 1000, value) for points in series.values() for at, value in points]

    def close(self) -> None:
        self.wire.close()

    # inside

    def _start_collector(self) -> None:
        self.data.parent.mkdir(exist_ok=True)
        config = self._folder / "collector.yml"
        config.write_text(f"remote_write: [{{name: prometheus, url: '{self.prometheus.write}'}}]\n")
        self.collector = self._start(
            keskidee("collector", "serve", "--config", config, "--data", self.data,
                     "--listen", f"127.0.0.1:{self.collector_port}"),
            ready="^ready ", environment=self._faked("collector"),
        )  # fmt: skip

    def _enrol(self) -> None:
        made = subprocess.run(
            keskidee("collector", "token", "create", "--data", self.data), capture_output=True, check=True
        )
        url = f"http://127.0.0.1:{self.wire.port}"
        enrol = keskidee("agent", "enrol", url, "--token-file", "-", "--state", self.state)
        subprocess.run(enrol, input=made.stdout, check=True, stdout=subprocess.DEVNULL)

    def _start_agent(self) -> None:
        disabled = [source.name for source in found_sources() if source.name not in SOURCES]
        config = self._folder / "agent.yml"
        config.write_text(json.dumps({"interval_seconds": 1, "sources": {"disabled": disabled}}))
        self.agent = self._start(
            keskidee("agent", "run", "--config", config, "--state", self.state, "--interval", "1"),
            environment=self._faked("agent"),
        )

    def _faked(self, name: str) -> dict[str, str]:
        """The environment in which a program sees the clock of a file; the clocks that never step are left alone."""
        offset = self._folder / f"{name}.offset"
        if not offset.exists():
            offset.write_text("+0\n")
        (self._folder / "sitecustomize.py").write_text(SLEEP)
        return {
            "LD_PRELOAD": str(self._library), "FAKETIME_TIMESTAMP_FILE": str(offset), "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1", "FAKETIME_CACHE_DURATION": f"{CLOCK_CACHE_SECONDS:g}",
            "PYTHONPATH": str(self._folder),
        }  # fmt: skip

    def _set(self, steps: Steps, name: str) -> None:
        """Sets a clock an hour forward, back, or right again. What was taken before has arrived by then where it is the
        collector's: its samples stand where its clock was.
        """
        if name == "collector":
            self.settle()
        offset = self._chance.choice([other for other in (-HOUR, 0, HOUR) if other != steps.now])
        beside = self._folder / f"{name}.new"
        beside.write_text(f"{offset:+d}\n")
        beside.rename(self._folder / f"{name}.offset")
        steps.step(offset)
        time.sleep(2 * CLOCK_CACHE_SECONDS)
        self.settle()

    @staticmethod
    def _kill(process: Process) -> None:
        process.popen.send_signal(signal.SIGKILL)
        process.popen.wait()

    def _pause(self, least: float = 0.2) -> None:
        time.sleep(least + self._chance.uniform(0.0, 1.0))

    def _is_heard_since(self, moment: float) -> bool:
        newest = self.ledger.newest
        return newest is not None and newest.taken_at >= moment

    def _is_quiet_since(self, moment: float) -> bool:
        newest = self.ledger.newest
        return newest is not None and not newest.waiting and newest.taken_at >= moment

    @staticmethod
    def _until(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come within {CATCH_UP_SECONDS:g} s"
            time.sleep(0.1)


def keskidee(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "keskidee", *map(str, words)]


def faketime_library(program: Callable[[str], Path]) -> Path:
    """What is loaded before a program to set its clock alone. It lies where its Debian package puts it."""
    program("faketime")
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
