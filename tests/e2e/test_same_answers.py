"""What dashboards made for node_exporter ask, asked of a real Prometheus that reads node_exporter and our agent."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.processes import Start

MINUTES = float(os.environ.get("KESKIDEE_SAME_ANSWERS_MINUTES", "3"))
"""How long both are read before they are asked; ten minutes for the figures."""
SCRAPE_SECONDS = 5
CLOSE = 0.05
WINDOW_SECONDS = int(MINUTES * 30)
ENDS_SECONDS = int(MINUTES * 20)
APART_SECONDS = 2 * SCRAPE_SECONDS
"""A question is asked with windows that end over a while and answered by their mean, and theirs may be that much
earlier or later than ours: a page holds values of up to an interval ago, and a burst at a window's edge is in one only.
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(int(MINUTES * 60) + 180)]

# One question a collector that node_exporter has on by default and that has something to say on most machines:
# the query with JOB in it, and what is close enough to zero to be no difference.
QUESTIONS = {
    "arp": ("sum by (device) (avg_over_time(node_arp_entries{JOB}[RANGE]))", 0.5),
    "conntrack": ("avg_over_time(node_nf_conntrack_entries_limit{JOB}[RANGE])", 0),
    "cpu": ('sum by (mode) (rate(node_cpu_seconds_total{JOB,mode=~"idle|user|system"}[RANGE]))', 0.02),
    "diskstats": ("rate(node_disk_written_bytes_total{JOB}[RANGE])", 4096),
    "entropy": ("avg_over_time(node_entropy_available_bits{JOB}[RANGE])", 0),
    "filefd": ("avg_over_time(node_filefd_allocated{JOB}[RANGE])", 30),
    "filesystem": ("avg_over_time(node_filesystem_avail_bytes{JOB}[RANGE]) / node_filesystem_size_bytes{JOB}", 0.001),
    "loadavg": ("avg_over_time(node_load1{JOB}[RANGE])", 0.1),
    "meminfo": (
        "avg_over_time(node_memory_MemAvailable_bytes{JOB}[RANGE]) / node_memory_MemTotal_bytes{JOB}",
        0.001,
    ),
    "netdev": ("rate(node_network_receive_bytes_total{JOB}[RANGE])", 100),
    "netclass": ("avg_over_time(node_network_up{JOB}[RANGE])", 0),
    "netstat": ("rate(node_netstat_Tcp_InSegs{JOB}[RANGE])", 2),
    "pressure": ("rate(node_pressure_cpu_waiting_seconds_total{JOB}[RANGE])", 0.02),
    "schedstat": ("sum(rate(node_schedstat_running_seconds_total{JOB}[RANGE]))", 0.05),
    "sockstat": ("avg_over_time(node_sockstat_UDP_inuse{JOB}[RANGE])", 1),
    "softnet": ("sum(rate(node_softnet_processed_total{JOB}[RANGE]))", 2),
    "stat": ("rate(node_context_switches_total{JOB}[RANGE])", 50),
    "time": ("avg_over_time(node_time_zone_offset_seconds{JOB}[RANGE])", 0),
    "timex": ("avg_over_time(node_timex_tai_offset_seconds{JOB}[RANGE])", 0),
    # the middle one: a burst of another test is in one reading of one of both
    "udp_queues": ("quantile_over_time(0.5, node_udp_queues{JOB}[RANGE])", 0),
    "uname": ("count by (sysname, release, machine) (node_uname_info{JOB})", 0),
    "vmstat": ("rate(node_vmstat_pgfault{JOB}[RANGE])", 500),
}

Answer = dict[tuple[tuple[str, str], ...], dict[int, float]]
"""By labels: the value at each second."""


def keskidee(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "keskidee", *map(str, words)]


@pytest.fixture(scope="module")
def busy() -> Iterator[None]:
    """A little steady work, so that rates are not all zero, and a socket that nobody reads."""
    stop = threading.Event()
    unread = socket.socket(type=socket.SOCK_DGRAM)
    unread.bind(("127.0.0.1", 0))
    for _ in range(20):
        unread.sendto(bytes(1000), unread.getsockname())

    def work() -> None:
        while not stop.wait(0.05):
            sum(range(100_000))
            with contextlib.suppress(OSError):
                urlopen("http://127.0.0.1:9/", timeout=0.05)

    threading.Thread(target=work, daemon=True).start()
    yield
    stop.set()
    unread.close()


def configuration(node_exporter: int, collector: int) -> str:
    page = f"http://127.0.0.1:{collector}/v1/targets"
    return f"""\
global: {{scrape_interval: {SCRAPE_SECONDS}s}}
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ["127.0.0.1:{node_exporter}"]}}]
  - job_name: keskidee
    honor_labels: true
    http_sd_configs: [{{url: "{page}", refresh_interval: 5s}}]
"""


def asked(prometheus: str, question: str, job: str, times: range) -> Answer:
    """The answers at these times, each over the window before it."""
    query = question.replace("JOB", f'job="{job}"').replace("RANGE", f"{WINDOW_SECONDS}s")
    asked_for = {"query": query, "start": times[0], "end": times[-1], "step": times.step}
    with urlopen(f"{prometheus}/api/v1/query_range?{urlencode(asked_for)}", timeout=20) as answer:
        rows = json.load(answer)["data"]["result"]
    told = {"job", "instance", "site", "role", "os", "__name__"}
    return {
        tuple(sorted((name, value) for name, value in row["metric"].items() if name not in told)): {
            int(second): float(value) for second, value in row["values"]
        }
        for row in rows
    }


def means(values: dict[int, float], ends: range, *, apart: int = 0) -> list[float]:
    """The mean over the ends, and over the ends shifted by up to so many seconds either way."""
    shifts = range(-apart, apart + 1)
    shifted = ([values[end + shift] for end in ends if end + shift in values] for shift in shifts)
    return [statistics.fmean(held) for held in shifted if held]


def differences(ours: Answer, theirs: Answer, ends: range, floor: float) -> list[str]:
    """Series that only one has, and values that differ by more than 5 % and more than `floor`.

    What neither has from the first second to the last came or went meanwhile, as a volume of another test does.
    """
    seconds = len(ends) + 2 * APART_SECONDS
    lasting = {key for answer in (ours, theirs) for key, values in answer.items() if len(values) == seconds}
    found = [f"only ours: {dict(key)}" for key in lasting - theirs.keys()]
    found += [f"only node_exporter's: {dict(key)}" for key in lasting - ours.keys()]
    for key in lasting & ours.keys() & theirs.keys():
        if len(ours[key]) < seconds:
            found.append(f"{dict(key)}: ours at {len(ours[key])} of {seconds} seconds")
            continue
        [our_mean] = means(ours[key], ends)
        their_means = means(theirs[key], ends, apart=APART_SECONDS)
        if not any(math.isclose(our_mean, mean, rel_tol=CLOSE, abs_tol=floor) for mean in their_means):
            found.append(f"{dict(key)}: {our_mean:g}, where node_exporter has {their_means}")
    return found


def test_prometheus_answers_alike_for_our_agent_and_for_node_exporter(  # type: ignore[no-untyped-def]
    start: Start, program, free_port, tmp_path: Path, busy: None
) -> None:
    node_port, collector_port, listen = free_port(), free_port(), f"127.0.0.1:{free_port()}"
    start([program("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{node_port}"])
    data, state = tmp_path / "collector", tmp_path / "agent"
    url = f"http://127.0.0.1:{collector_port}"
    start(keskidee("collector", "serve", "--data", data, "--listen", f"127.0.0.1:{collector_port}"), ready="^ready ")
    token = subprocess.run(keskidee("collector", "token", "create", "--data", data), capture_output=True, check=True)
    subprocess.run(
        keskidee("agent", "enrol", url, "--token-file", "-", "--state", state), input=token.stdout, check=True
    )
    start(keskidee("agent", "run", "--state", state, "--interval", str(SCRAPE_SECONDS)))
    (tmp_path / "prometheus.yml").write_text(configuration(node_port, collector_port))
    argv = [program("prometheus"), f"--config.file={tmp_path / 'prometheus.yml'}", f"--web.listen-address={listen}"]
    start([*argv, f"--storage.tsdb.path={tmp_path / 'tsdb'}"], ready=f"http://{listen}/-/ready")
    time.sleep(MINUTES * 60)

    last = int(time.time()) - APART_SECONDS
    ends = range(last - ENDS_SECONDS, last + 1)
    times = range(ends[0] - APART_SECONDS, ends[-1] + APART_SECONDS + 1)
    found = {}
    for collector, (question, floor) in QUESTIONS.items():
        ours, theirs = (asked(f"http://{listen}", question, job, times) for job in ("keskidee", "node"))
        if wrong := differences(ours, theirs, ends, floor):
            found[collector] = wrong
    assert found == {}
