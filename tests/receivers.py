"""Real receivers of remote write: Prometheus and VictoriaMetrics, and what stands in them."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Process, Start

Points = dict[str, list[tuple[int, float]]]
"""Time (epoch ms) and value of every sample of a series."""


class Server:
    """A receiver that may be ended and started again on the same data."""

    def __init__(self, start: Start, argv: list[str | Path], url: str, write: str, ready: str) -> None:
        self._start, self._argv, self.url, self._ready = start, argv, url, url + ready
        self.write = url + write
        self.process: Process = start(argv, ready=self._ready)

    def restart(self) -> None:
        self.process.stop(signal.SIGKILL)
        self.process = self._start(self._argv, ready=self._ready)

    def points(self, start_ms: int, end_ms: int, query: str = "node_test", label: str = "at") -> Points:
        """Every sample of a metric as it is stored, by a label."""
        asked = {"query": f"{query}[{(end_ms - start_ms) // 1000 + 1}s]", "time": str(end_ms / 1000)}
        with urlopen(f"{self.url}/api/v1/query?{urlencode(asked)}", timeout=10) as answer:
            rows = json.load(answer)["data"]["result"]
        return {
            row["metric"].get(label, ""): [(round(at * 1000), float(value)) for at, value in row["values"]]
            for row in rows
        }


def prometheus_server(start: Start, program: Callable[[str], Path], port: int, folder: Path, *, window: str) -> Server:
    """A Prometheus that takes samples which are so late."""
    config = folder / "prometheus.yml"
    config.write_text(f"storage: {{tsdb: {{out_of_order_time_window: {window}}}}}\n")
    url = f"http://127.0.0.1:{port}"
    argv: list[str | Path] = [
        program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={url[7:]}", "--web.enable-remote-write-receiver",
    ]  # fmt: skip
    return Server(start, argv, url, "/api/v1/write", "/-/ready")


def victoria_server(start: Start, program: Callable[[str], Path], port: int, folder: Path) -> Server:
    """VictoriaMetrics as the README says: a sample that comes twice is one."""
    url = f"http://127.0.0.1:{port}"
    argv: list[str | Path] = [
        program("victoria-metrics"), f"-storageDataPath={folder / 'victoria'}", f"-httpListenAddr={url[7:]}",
        "-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s",
    ]  # fmt: skip
    return Server(start, argv, url, "/api/v1/write", "/health")
