"""Every panel of every dashboard has data: a real Prometheus that reads pretend machines is asked all their queries."""

from __future__ import annotations

import re
import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.e2e.asking import ask
from tests.panels import filled, panels_of, queries
from tests.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(900)]

MACHINES = scaled(25, 50)
ANSWER_WITHIN_SECONDS = 200  # two scrapes of everything, of a busy machine
SCRAPE = "5s"
BESIDE = Path(__file__).with_name("beside.prom")
EMPTY_IS_GOOD = {
    ("keskidee-fleet.json", "Alerts that fire", "A"),  # test_alert_chain.py sees it filled
}
NOT_ON = {
    ("Load", "windows"): {"A", "B", "C"},  # Windows has no load average; the panel shows its cores
}
"""Queries of the dashboard of one machine that a system has no answer to; the panel has others."""


@pytest.fixture
def beside() -> Iterator[int]:
    """The port on which what pretend machines do not tell can be read."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=BESIDE.parent))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def prometheus(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path, beside: int
) -> str:
    """The URL of a Prometheus that reads a collector with pretend machines, twice over, and what they do not tell."""
    collector, listen = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    data = tmp_path / "data"
    up = [sys.executable, "-m", "keskidee", "up", "--data", str(data), "--listen", collector]
    start([*up, "--simulate", str(MACHINES)], ready=rf"^ready http://{re.escape(collector)}/$", timeout_seconds=60)
    config, rules = data / "prometheus.yml", data / "rules" / "keskidee.yml"
    quick = re.sub(r"(_interval: )\d+s", rf"\g<1>{SCRAPE}", config.read_text())
    jobs = [job("beside", beside, f"/{BESIDE.name}"), job("whole-fleet", int(collector.rpartition(":")[2]), "/metrics")]
    config.write_text("".join([quick, *jobs]))
    rules.write_text(re.sub(r"interval: [15]m", f"interval: {SCRAPE}", rules.read_text()))
    options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    start([program("prometheus"), *options, f"--web.listen-address={listen}"], ready=f"http://{listen}/-/ready")
    return f"http://{listen}"


def job(name: str, port: int, path: str) -> str:
    """One more scrape job, as the lines of prometheus.yml."""
    target = f"    static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]"
    return f"\n  - job_name: {name}\n    honor_labels: true\n    metrics_path: {path}\n{target}\n"


def test_every_panel_has_data_on_every_system_and_no_query_fails(prometheus: str) -> None:
    wanted = {(name, title, ref): expr for name, title, ref, expr in queries()}
    fleet = {key: filled(expr) for key, expr in wanted.items() if "$instance" not in expr}
    until_answered(prometheus, {key: expr for key, expr in fleet.items() if key not in EMPTY_IS_GOOD})
    for system in ("linux", "windows", "darwin"):
        instance = one_of(prometheus, system)
        until_answered(prometheus, of_one_machine(instance, system))


def of_one_machine(instance: str, system: str) -> dict[tuple[str, ...], str]:
    """The queries of the dashboard of one machine that this system answers."""
    return {
        (system, panel["title"], target["refId"]): filled(target["expr"], instance)
        for panel in panels_of("keskidee-machine.json")
        for target in panel["targets"]
        if target["refId"] not in NOT_ON.get((panel["title"], system), ())
    }


def one_of(prometheus: str, system: str) -> str:
    """A machine of this system that reports now."""
    deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
    reports = f'keskidee_machine_up == 1 and on (instance) keskidee_machine_info{{os="{system}", simulated="true"}}'
    while not (found := ask(prometheus, f"{reports} and on (instance) node_time_seconds")):
        assert time.monotonic() < deadline, f"no {system} machine"
        time.sleep(1)
    return str(found[0]["metric"]["instance"])


def until_answered(prometheus: str, wanted: dict[tuple[str, ...], str]) -> None:
    """Waits until each query has an answer. Raises Refused at once for one that can have none."""
    deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
    while unanswered := sorted(key for key, expr in wanted.items() if not ask(prometheus, expr)):
        assert time.monotonic() < deadline, unanswered
        wanted = {key: wanted[key] for key in unanswered}
        time.sleep(2)
