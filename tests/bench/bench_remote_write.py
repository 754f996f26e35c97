"""Remote write: how fast reports become requests, beside protobuf; how fast a Prometheus takes a backlog from us."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from keskidee_config import RemoteWriteSettings
from keskidee_exporters.remote_write.batches import Batches
from keskidee_exporters.remote_write.client import Client
from keskidee_exporters.remote_write.counters import Counters
from keskidee_exporters.remote_write.delivery import Delivery
from keskidee_exporters.remote_write.encode import compressed
from keskidee_exporters.remote_write.names import Catalogue
from tests.bench.cost import cpu_seconds
from tests.bench.stand import Stand, program, say
from tests.bench.table import Row
from tests.exporters.remote_write.prompb import write_request
from tests.exporters.remote_write.standin import NOON_MS, Log, Part
from tests.processes import find_free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEERS = ("prometheus",)
PROMETHEUS_YML = "storage: {tsdb: {out_of_order_time_window: 6h}}\n"
MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
ROUNDS = 20
STEP_MS = 15_000
BACKLOG_REPORTS = 3 * 3600 * 1000 // STEP_MS


def run(stand: Stand) -> Iterator[Row]:
    """Encoding of live reports and of a backlog; then the backlog of one machine, 3 h of 15 s, into a Prometheus."""
    parts = host_parts()
    series = sum(len(part.series) for part in parts)
    live = reports(parts, machines=60, each=1)
    late = reports(parts, machines=1, each=216, live=False)
    say(f"encoding {series} series a report")
    peer = _rate(lambda: _by_protobuf(live), len(live.reports) * series)
    for what, log in (
        (f"live reports of 60 machines x {series} series", live),
        ("a machine's backlog, 216 reports", late),
    ):
        batches = Batches(Catalogue({"region": "pacific"}, lambda _name: True))
        ours = _rate(lambda b=batches, r=log.reports: _by_us(b, r), len(log.reports) * series)  # type: ignore[misc]
        yield Row(
            what=f"remote write: encoded samples a CPU-second, {what}, with snappy",
            ours=f"{ours / 1e6:.2f} M", peer=f"{peer / 1e6:.2f} M (protobuf)", measured=ours,
            first=2e6, stretch=5e6, at_most=False,
        )  # fmt: skip
    yield from _backlog(stand, parts, series)


def host_parts() -> list[Part]:
    """The series of a usual server, source by source: 369 of them."""
    parts = [
        Part(tuple([("node_cpu_seconds_total", (("cpu", str(cpu)), ("mode", m))) for cpu in range(8) for m in MODES])),
        Part(tuple([(f"node_memory_Field{at}_bytes", ()) for at in range(53)])),
    ]
    for kind, names, label, each in (
        ("disk", ("sda", "sdb", "nvme0n1"), "device", 17),
        ("network", ("eth0", "eth1", "docker0"), "device", 29),
        ("filesystem", ("/", "/boot", "/home"), "mountpoint", 9),
    ):
        parts.append(
            Part(tuple([(f"node_{kind}_{at}_total", ((label, name),)) for name in names for at in range(each)]))
        )
    parts += [Part(tuple([(f"node_source{at}_{each}", ()) for each in range(8)])) for at in range(11)]
    return parts


def reports(parts: list[Part], *, machines: int, each: int, live: bool = True, end_ms: int = NOON_MS) -> Log:
    """A log with `each` reports of so many machines."""
    log = Log()
    for back in range(each, 0, -1):
        for machine in range(machines):
            at = end_ms - back * STEP_MS
            values = [(p, [at / 7e6 + n * 1.37 if n % 3 else float(n) for n in range(len(p.series))]) for p in parts]
            log.add(f"srv-{machine:04d}.hq.example.org", at, *values, live=live)
    return log


def _rate(work: Callable[[], object], samples: int) -> float:
    """Samples a CPU-second, the best of some rounds, after one that fills what is kept."""
    costs = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        work()
        costs.append(time.process_time() - began)
    return samples / min(costs[1:])


def _by_us(batches: Batches, log: list) -> int:  # type: ignore[type-arg]
    return sum([len(batch.body()) for batch in batches.of(log)])


def _by_protobuf(log: Log) -> int:
    """The same with protobuf's classes, as a sender would that knows no better."""
    size = 0
    for report in log.reports:
        request = write_request()()
        for part, values in report.parts:
            for (name, own), value in zip(part.series, values, strict=True):
                series = request.timeseries.add()
                given = {
                    "__name__": name, "instance": report.instance, "job": "keskidee", "os": report.os,
                    "region": "pacific", "role": report.role, "site": report.site, **dict(own),
                }  # fmt: skip
                for label in sorted(given):
                    series.labels.add(name=label, value=given[label])
                series.samples.add(value=value, timestamp=report.taken_ms)
        size += len(compressed([request.SerializeToString()]))
    return size


def _backlog(stand: Stand, parts: list[Part], series: int) -> Iterator[Row]:
    config, url = stand.folder / "prometheus.yml", f"http://127.0.0.1:{find_free_port()}"
    config.write_text(PROMETHEUS_YML)
    argv: list[str | Path] = [
        program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={stand.folder / 'tsdb'}",
        f"--web.listen-address={url[7:]}", "--web.enable-remote-write-receiver",
    ]  # fmt: skip
    prometheus = stand.start(argv, f"{url}/-/ready")
    now_ms = int(time.time() * 1000)
    batches = Batches(Catalogue({}, lambda _name: True))
    delivery = _delivery(f"{url}/api/v1/write")
    for batch in batches.of(reports(parts, machines=1, each=1, end_ms=now_ms).reports):
        delivery.deliver(batch)
    late = reports(parts, machines=1, each=BACKLOG_REPORTS, live=False, end_ms=now_ms - STEP_MS).reports
    theirs, ours, began = cpu_seconds(prometheus.pid), time.process_time(), time.monotonic()
    for batch in batches.of(late):
        delivery.deliver(batch)
    took = time.monotonic() - began
    theirs, ours = cpu_seconds(prometheus.pid) - theirs, time.process_time() - ours
    yield Row(
        what=f"remote write: seconds until Prometheus has a 3 h backlog of a machine ({len(late)} x {series} samples)",
        ours=f"{took:.2f} s, of it our CPU {ours:.2f} s", peer=f"{theirs:.2f} s of Prometheus' CPU", measured=took,
        first=1.0, stretch=0.5,
    )  # fmt: skip


def _delivery(url: str) -> Delivery:
    settings = RemoteWriteSettings(name="bench", url=url)
    counters = Counters(CollectorRegistry()).of("bench")
    return Delivery(Client(settings, "0"), counters, name="bench", fresh=lambda: b"", wait=time.sleep)
