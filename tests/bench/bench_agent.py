"""The agent of this machine beside node_exporter: both read the same families at the same times."""

import gzip
import http.client
import importlib
import pkgutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keskidee_agent.sources
from tests.bench.cost import MIB, cpu_seconds, lone_pss_bytes
from tests.bench.house import Collector, start_agent
from tests.bench.stand import NODE_EXPORTER, Stand, program, say
from tests.bench.table import Row, beside
from tests.processes import find_free_port

PEERS = (NODE_EXPORTER,)
HOST_SOURCES = ("cpu", "stat", "loadavg", "meminfo", "diskstats", "filesystem", "netdev", "uname", "time", "dmi", "os")
"""What a person looks at first; read beside all that both have, which costs more."""
CPU_GOALS = {"first": 0.25, "stretch": 0.10}
PSS_GOALS = {"first": 0.80, "stretch": 0.50}
ROUNDS = 12
SETTLE_ROUNDS = 3
"""Rounds before the window: what is read once an hour or kept open has been by then."""


class Scraper(threading.Thread):
    """Scrapes as Prometheus does: one kept connection, gzip, the newest text format first."""

    def __init__(self, port: int, interval_seconds: float) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._interval = interval_seconds
        self._ended = threading.Event()
        self.scrapes = 0
        self.series = 0

    def run(self) -> None:
        headers = {
            "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "Accept-Encoding": "gzip",
            "User-Agent": "Prometheus/2.42.0",
            "X-Prometheus-Scrape-Timeout-Seconds": "10",
        }
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            self._connection.request("GET", "/metrics", headers=headers)
            page = gzip.decompress(self._connection.getresponse().read())
            lines = [line for line in page.splitlines() if line.startswith(b"node_")]
            self.series = sum(not line.startswith(b"node_scrape_") for line in lines)
            self.scrapes += 1
            due += self._interval

    def stop(self) -> None:
        self._ended.set()
        self.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where both stand at a moment: processor time in seconds, and how many reports and scrapes there were."""

    ours_seconds: float
    theirs_seconds: float
    reports: int
    scrapes: int


class Pair:
    """An agent with its own collector, and a node_exporter that is scraped; both read the same sources."""

    def __init__(self, stand: Stand, what: str, sources: list[str], interval_seconds: int) -> None:
        self.what = what
        folder = stand.folder / what.replace(" ", "-")
        disabled = sorted(set(agent_sources()) - set(sources))
        self._collector = Collector(stand, folder / "collector", tls=True, interval_seconds=interval_seconds)
        self._agent = start_agent(stand, self._collector, folder / "state", interval_seconds, disabled)
        port = find_free_port()
        argv: list[str | Path] = [program(NODE_EXPORTER), f"--web.listen-address=127.0.0.1:{port}"]
        argv += ["--collector.disable-defaults", "--web.disable-exporter-metrics"]
        argv += [f"--collector.{source}" for source in sources]
        self._exporter = stand.start(argv, f"http://127.0.0.1:{port}/metrics")
        self._scraper = Scraper(port, interval_seconds)
        self._scraper.start()

    def reading(self) -> Reading:
        return Reading(
            ours_seconds=cpu_seconds(self._agent.pid),
            theirs_seconds=cpu_seconds(self._exporter.pid),
            reports=self._collector.stored(),
            scrapes=self._scraper.scrapes,
        )

    def rows(self, began: Reading, ended: Reading, interval_seconds: int) -> Iterator[Row]:
        """The window between two readings, and memory now."""
        reports, scrapes = ended.reports - began.reports, ended.scrapes - began.scrapes
        ours = 1000 * (ended.ours_seconds - began.ours_seconds) / reports
        theirs = 1000 * (ended.theirs_seconds - began.theirs_seconds) / scrapes
        mean = f"mean of {reports}, each {interval_seconds} s"
        yield beside(f"agent, {self.what}: CPU a report / a scrape, {mean}", ours, theirs, unit="ms", **CPU_GOALS)
        ours, theirs = lone_pss_bytes(self._agent.pid) / MIB, lone_pss_bytes(self._exporter.pid) / MIB
        yield beside(f"agent, {self.what}: PSS", ours, theirs, unit="MiB", **PSS_GOALS)
        self._scraper.stop()
        page = [line for line in self._collector.get("/metrics").splitlines() if line.startswith(b"node_")]
        series = sum(not line.startswith(b"node_scrape_") for line in page)
        yield Row(what=f"agent, {self.what}: series", ours=str(series), peer=str(self._scraper.series))


def agent_sources() -> list[str]:
    """The sources that the agent finds in itself."""
    return [found.name for found in pkgutil.iter_modules(keskidee_agent.sources.__path__)]


def shared_sources() -> list[str]:
    """Those that the agent reads here without being asked to, and that node_exporter has too."""
    done = subprocess.run([program(NODE_EXPORTER), "--help"], capture_output=True, text=True, timeout=30)
    words = (done.stdout + done.stderr).split()
    modules = {name: importlib.import_module(f"keskidee_agent.sources.{name}") for name in agent_sources()}
    unasked = [name for name, module in modules.items() if not getattr(module, "OPT_IN", False)]
    return [name for name in unasked if f"--collector.{name}" in words]


def run(stand: Stand) -> Iterator[Row]:
    """CPU a report against CPU a scrape, and memory at the end of the window."""
    interval = 2 if stand.quick else 15
    pairs = [Pair(stand, "eleven host sources", list(HOST_SOURCES), interval)]
    everything = shared_sources()
    if set(everything) != set(HOST_SOURCES):
        pairs.append(Pair(stand, f"all {len(everything)} shared sources", everything, interval))
    say(f"agent and node_exporter side by side, {SETTLE_ROUNDS + ROUNDS} rounds of {interval} s")
    time.sleep(SETTLE_ROUNDS * interval + interval / 2)
    began = [pair.reading() for pair in pairs]
    time.sleep(ROUNDS * interval)
    ended = [pair.reading() for pair in pairs]
    for pair, before, after in zip(pairs, began, ended, strict=True):
        yield from pair.rows(before, after, interval)
