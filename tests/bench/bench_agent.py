"""The agent of this machine beside node_exporter: both read the same families at the same times."""

import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.cost import MIB, cpu_seconds, lone_pss_bytes, pss_bytes
from tests.bench.house import Collector, start_agent
from tests.bench.stand import NODE_EXPORTER, Stand, program, say
from tests.bench.table import Row, beside
from tests.processes import find_free_port

PEERS = (NODE_EXPORTER,)
SOURCES = ("cpu", "stat", "loadavg", "meminfo", "diskstats", "filesystem", "netdev", "uname", "time", "dmi", "os")
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
        self.bytes = 0

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
            self.bytes = len(self._connection.getresponse().read())
            self.scrapes += 1
            due += self._interval

    def stop(self) -> None:
        self._ended.set()
        self.join()


def run(stand: Stand) -> Iterator[Row]:
    """CPU a report against CPU a scrape, and memory at the end of the window."""
    interval = 2 if stand.quick else 15
    collector = Collector(stand, stand.folder / "collector", tls=True, interval_seconds=interval)
    agent = start_agent(stand, collector, stand.folder / "agent-state", interval)
    port = find_free_port()
    argv: list[str | Path] = [
        program(NODE_EXPORTER),
        f"--web.listen-address=127.0.0.1:{port}",
        "--collector.disable-defaults",
    ]
    argv += [*[f"--collector.{source}" for source in SOURCES], "--web.disable-exporter-metrics"]
    exporter = stand.start(argv, f"http://127.0.0.1:{port}/metrics")
    scraper = Scraper(port, interval)
    scraper.start()
    say(f"agent and node_exporter side by side, {SETTLE_ROUNDS + ROUNDS} rounds of {interval} s")
    time.sleep(SETTLE_ROUNDS * interval + interval / 2)
    began = (cpu_seconds(agent.pid), cpu_seconds(exporter.pid), collector.stored(), scraper.scrapes)
    time.sleep(ROUNDS * interval)
    ended = (cpu_seconds(agent.pid), cpu_seconds(exporter.pid), collector.stored(), scraper.scrapes)
    ours, theirs, reports, scrapes = (after - before for before, after in zip(began, ended, strict=True))
    memory = [(of(agent.pid), of(exporter.pid)) for of in (pss_bytes, lone_pss_bytes)]
    scraper.stop()
    yield beside(
        f"agent: CPU a report / a scrape, each {interval} s ({reports:.0f} and {scrapes:.0f} of them)",
        1000 * ours / reports, 1000 * theirs / scrapes, unit="ms", first=0.25, stretch=0.10,
    )  # fmt: skip
    (ours, theirs), (ours_alone, theirs_alone) = memory
    yield beside("agent: PSS", ours / MIB, theirs / MIB, unit="MiB", first=0.80, stretch=0.50)
    yield beside("agent: PSS if no other Python ran here", ours_alone / MIB, theirs_alone / MIB, unit="MiB")
