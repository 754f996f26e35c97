"""Our own programs for a benchmark: a real collector, with TLS or without, and a real agent."""

import json
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.bench.stand import Stand
from tests.processes import Process, find_free_port

KESKIDEE = (sys.executable, "-m", "keskidee")
LOOPBACK_WITH_TLS = "127.1"
"""127.0.0.1, written so that the collector does not take it for loopback and serves TLS as on any other address."""


class Collector:
    """A collector on a data directory; the second one on the same directory has the machines of the first."""

    def __init__(
        self,
        stand: Stand,
        directory: Path,
        *,
        tls: bool,
        interval_seconds: int = 15,
        more: Mapping[str, object] | None = None,
    ) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        config = directory.with_suffix(".yml")
        settings = {
            "interval_seconds": interval_seconds,
            "limits": {"enrolments_per_minute": 100_000, "connections_per_minute": 1_000_000},
        }
        config.write_text(json.dumps(settings | dict(more or {})))  # which is YAML too
        port = find_free_port()
        listen = f"{LOOPBACK_WITH_TLS if tls else '127.0.0.1'}:{port}"
        argv: list[str | Path] = [
            *KESKIDEE,
            "collector",
            "serve",
            "--config",
            config,
            "--data",
            directory,
            "--listen",
            listen,
        ]
        self._stand = stand
        self.process: Process = stand.start(argv, f"^ready https?://.*:{port}/")
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self.ca_file = directory / "tls" / "ca.pem" if tls else None
        self._metrics_token = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def token(self, scope: str) -> str:
        """A new token from the running collector."""
        command = [*KESKIDEE, "collector", "token", "create", "--scope", scope, "--data", str(self.directory)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()

    def get(self, path: str, *, gzip: bool = False) -> bytes:
        """A page as Prometheus reads it, with a metrics token, not unpacked."""
        if self.ca_file and not self._metrics_token:
            self._metrics_token = self.token("metrics")
        request = urllib.request.Request(self.url + path)
        if self._metrics_token:
            request.add_header("Authorization", f"Bearer {self._metrics_token}")
        if gzip:
            request.add_header("Accept-Encoding", "gzip")
        tls = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None
        with urllib.request.urlopen(request, timeout=60, context=tls) as answer:
            return bytes(answer.read())

    def stored(self) -> int:
        """How many reports it has acknowledged as new."""
        name = 'keskidee_collector_reports_total{result="stored"} '
        lines = self.get("/metrics/self").decode().splitlines()
        return int(sum(float(line.removeprefix(name)) for line in lines if line.startswith(name)))


def start_agent(stand: Stand, collector: Collector, state: Path, interval_seconds: int, disabled: list[str]) -> Process:
    """Enrols an agent of this machine and runs it; it is the lean resident process once it has begun to report.

    It takes no inventory: once a day it would fall into a window of three minutes, and bench_inventory.py measures it.
    """
    config = state.with_suffix(".yml")
    settings = {
        "collector": collector.url,
        "interval_seconds": interval_seconds,
        "sources": {"disabled": disabled},
        "inventory": {"enabled": False},
    }
    config.write_text(json.dumps(settings))  # which is YAML too
    enrol = [*KESKIDEE, "agent", "enrol", collector.url, "--token-file", "-", "--state", str(state)]
    subprocess.run(enrol, input=collector.token("join"), text=True, check=True, timeout=60, stdout=subprocess.DEVNULL)
    before = collector.stored()
    process = Process([*KESKIDEE, "agent", "run", "--config", config, "--state", state], state.with_name("agent"))
    stand.adopt(process)
    stand.wait(lambda: collector.stored() > before, "the agent's first report")
    return process
