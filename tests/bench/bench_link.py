"""Bytes of a report beside a scrape of the same series: packed, and on the wire with everything around it.

Both connections are kept, with TLS; the kernel counts (TCP_INFO): headers of TCP and IP, TLS records, HTTP heads.
"""

import gzip
import http.client
import json
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keskidee_agent.transport.connection import bytes_on_wire
from tests.bench.bench_agent import agent_sources, shared_sources
from tests.bench.house import Collector, start_agent
from tests.bench.stand import NODE_EXPORTER, Stand, program, say
from tests.bench.table import Row, beside
from tests.processes import find_free_port

PEERS = (NODE_EXPORTER,)
INTERVAL_SECONDS = 15
ROUNDS = 12
BATCH = 4
PAYLOAD_GOALS = {"first": 1 / 30, "stretch": 1 / 40}
WIRE_GOALS = {"first": 1 / 12, "stretch": 1 / 20}
BATCHED_GOALS = {"first": 1 / 20, "stretch": 1 / 30}


class Scrapes(threading.Thread):
    """Scrapes as Prometheus does, over TLS on one kept connection, with gzip; counts bytes of pages and of the wire."""

    def __init__(self, port: int, ca_file: Path, interval_seconds: float) -> None:
        super().__init__(daemon=True)
        tls = ssl.create_default_context(cafile=ca_file)
        self._connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=tls)
        self._interval = interval_seconds
        self._ended = threading.Event()
        self.scrapes = self.packed_bytes = self.wire_bytes = self.series = 0

    def run(self) -> None:
        headers = {
            "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "Accept-Encoding": "gzip",
            "User-Agent": "Prometheus/2.42.0",
            "X-Prometheus-Scrape-Timeout-Seconds": "10",
        }
        while not self._ended.wait(self._interval if self.scrapes else 0):
            self._connection.request("GET", "/metrics", headers=headers)
            page = self._connection.getresponse().read()
            self.scrapes += 1
            self.packed_bytes += len(page)
            self.wire_bytes = bytes_on_wire(self._connection.sock)  # type: ignore[arg-type]  # a socket with TLS is one
            self.series = sum(line.startswith(b"node_") for line in gzip.decompress(page).splitlines())

    def stop(self) -> None:
        self._ended.set()
        self.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What an agent and its collector say of the way between them."""

    wire_bytes: float
    reports: float
    body_bytes: float


class Agent:
    """An agent of this machine and a collector of its own, which asks it for so many reports a POST."""

    def __init__(self, stand: Stand, sources: list[str], batch: int, interval_seconds: int) -> None:
        folder = stand.folder / f"batch-{batch}"
        site = {"name": "default", "interval_seconds": interval_seconds, "batch": batch}
        self._collector = Collector(
            stand, folder / "collector", tls=True, interval_seconds=interval_seconds, more={"sites": [site]}
        )
        disabled = sorted(set(agent_sources()) - set(sources))
        start_agent(stand, self._collector, folder / "state", interval_seconds, disabled)

    def counted(self) -> Counted:
        page = self._collector.get("/metrics").decode()  # the machine's series, and the collector's own

        def total(pattern: str) -> float:
            return sum(float(value) for value in re.findall(rf"^{pattern} (\S+)$", page, re.MULTILINE))

        return Counted(
            wire_bytes=total(r"keskidee_agent_link_bytes_total\{[^}]*\}"),
            reports=total(r'keskidee_collector_reports_total\{result="(?:stored|late)"\}'),
            body_bytes=total("keskidee_collector_received_bytes_total"),
        )


def node_exporter(stand: Stand, sources: list[str]) -> tuple[int, Path]:
    """A node_exporter that reads the same sources and serves them over TLS; its port and what to trust."""
    folder = stand.folder / "node-exporter"
    folder.mkdir()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "web.yml"
    config.write_text(json.dumps({"tls_server_config": {"cert_file": str(certificate), "key_file": str(key)}}))
    port = find_free_port()
    argv: list[str | Path] = [program(NODE_EXPORTER), f"--web.listen-address=127.0.0.1:{port}"]
    argv += [f"--web.config.file={config}", "--collector.disable-defaults", "--web.disable-exporter-metrics"]
    stand.start([*argv, *[f"--collector.{source}" for source in sources]], "Listening on|listening on|TLS is enabled")
    return port, certificate


def run(stand: Stand) -> Iterator[Row]:
    """Payload and wire, a report at a time and four at once, each beside a scrape."""
    interval, rounds = (2, ROUNDS) if stand.quick else (INTERVAL_SECONDS, ROUNDS)
    sources = shared_sources()
    port, ca_file = node_exporter(stand, sources)
    agents = {batch: Agent(stand, sources, batch, interval) for batch in (1, BATCH)}
    say(f"two agents and node_exporter, {BATCH + rounds} rounds of {interval} s")
    time.sleep(BATCH * interval + interval / 2)  # names have been sent, and sessions of TLS begun
    scrapes = Scrapes(port, ca_file, interval)
    began = {batch: agent.counted() for batch, agent in agents.items()}
    scrapes.start()
    time.sleep(rounds * interval)
    ended = {batch: agent.counted() for batch, agent in agents.items()}
    scrapes.stop()
    packed, wire = scrapes.packed_bytes / scrapes.scrapes, scrapes.wire_bytes / scrapes.scrapes
    for batch in agents:
        reports = ended[batch].reports - began[batch].reports
        ours = (ended[batch].body_bytes - began[batch].body_bytes) / reports
        spent = (ended[batch].wire_bytes - began[batch].wire_bytes) / reports
        what = f"link, {scrapes.series} series of node_exporter, {batch} a POST"
        yield beside(f"{what}: payload of a report / gzipped scrape", ours, packed, unit="B", **PAYLOAD_GOALS)
        goals = WIRE_GOALS if batch == 1 else BATCHED_GOALS
        yield beside(f"{what}: bytes on the wire, TLS, kept alive", spent, wire, unit="B", **goals)
