"""Every panel of every dashboard has data: a real Prometheus that reads pretend machines is asked all their queries.

They are started as `make stack` starts them, so this is what its user sees.
"""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from deploy.grafana.build import BOARDS
from deploy.stack.__main__ import COLLECTOR
from tests.e2e.asking import ask
from tests.panels import filled, panels_of, queries
from tests.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(900)]

MACHINES = scaled(42, 50)  # the last of which is a Mac that stays on at night
ANSWER_WITHIN_SECONDS = 200  # two scrapes of everything, of a busy machine
SCRAPE = "5s"
SERIES_AT_MOST = 50
"""In a panel that is no table: more, and nobody reads it."""
EMPTY_IS_RIGHT = {
    ("keskidee-fleet.json", "Alerts that fire", "A"): "at first nothing fires; test_alert_chain.py sees it filled",
    ("keskidee-itself.json", "How late", "A"): "no settings name a destination of remote write; B is of all reports",
    ("Load", "windows", "A"): "Windows has no load average; D shows its cores",
    ("Load", "windows", "B"): "Windows has no load average; D shows its cores",
    ("Load", "windows", "C"): "Windows has no load average; D shows its cores",
}
"""Queries that have no answer, and why that is as it should be: of the dashboard of one machine, by its system."""


@pytest.fixture
def prometheus(start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path) -> str:
    """The URL of a Prometheus that reads a collector with pretend machines, twice over."""
    collector, listen = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    data = tmp_path / "data"
    up = [sys.executable, "-m", "keskidee", "up", "--data", str(data), "--listen", collector]
    up += ["--config", str(COLLECTOR)]
    start([*up, "--simulate", str(MACHINES)], ready=rf"^ready http://{re.escape(collector)}/$", timeout_seconds=60)
    config, rules = data / "prometheus.yml", data / "rules" / "keskidee.yml"
    quick = re.sub(r"(_interval: )\d+s", rf"\g<1>{SCRAPE}", config.read_text())
    config.write_text(quick + job("whole-fleet", collector, "/metrics"))
    rules.write_text(re.sub(r"interval: [12]m", f"interval: {SCRAPE}", rules.read_text()))
    options = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    start([program("prometheus"), *options, f"--web.listen-address={listen}"], ready=f"http://{listen}/-/ready")
    return f"http://{listen}"


def job(name: str, address: str, path: str) -> str:
    """One more scrape job, as the lines of prometheus.yml."""
    target = f"    static_configs: [{{ targets: ['{address}'] }}]"
    return f"\n  - job_name: {name}\n    honor_labels: true\n    metrics_path: {path}\n{target}\n"


def test_every_panel_has_data_on_every_system_and_no_query_fails(prometheus: str) -> None:
    all_of_them = {(name, title, ref): expr for name, title, ref, expr in queries()}
    until_answered(prometheus, {key: filled(expr) for key, expr in all_of_them.items() if "$instance" not in expr})
    for system in ("linux", "windows", "darwin"):
        until_answered(prometheus, of_one_machine(one_of(prometheus, system), system))
    assert crowded(prometheus) == {}


def of_one_machine(instance: str, system: str) -> dict[tuple[str, ...], str]:
    """The queries of the dashboard of one machine."""
    return {
        (panel["title"], system, target["refId"]): filled(target["expr"], instance)
        for panel in panels_of("keskidee-machine.json")
        for target in panel["targets"]
    }


def crowded(prometheus: str) -> dict[str, int]:
    """Panels with more series than anybody reads, and how many."""
    found = {}
    for name in BOARDS:
        for panel in panels_of(name):
            exprs = [target["expr"] for target in panel["targets"] if "$instance" not in target["expr"]]
            series = sum(len(ask(prometheus, filled(expr))) for expr in exprs)
            if panel["type"] != "table" and series > SERIES_AT_MOST:
                found[f"{name} {panel['title']}"] = series
    return found


def one_of(prometheus: str, system: str) -> str:
    """A machine of this system that reports now."""
    deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
    reports = f'keskidee_machine_up == 1 and on (instance) keskidee_machine_info{{os="{system}", simulated="true"}}'
    while not (found := ask(prometheus, f"{reports} and on (instance) node_time_seconds")):
        assert time.monotonic() < deadline, f"no {system} machine"
        time.sleep(1)
    return str(found[0]["metric"]["instance"])


def until_answered(prometheus: str, wanted: dict[tuple[str, ...], str]) -> None:
    """Waits until each query has an answer; those of EMPTY_IS_RIGHT are asked once. Raises Refused at once for one that
    can have none.
    """
    deadline = time.monotonic() + ANSWER_WITHIN_SECONDS
    empty = {key: expr for key, expr in wanted.items() if not ask(prometheus, expr)}
    while unanswered := sorted(empty.keys() - EMPTY_IS_RIGHT.keys()):
        assert time.monotonic() < deadline, unanswered
        time.sleep(2)
        empty = {key: empty[key] for key in unanswered if not ask(prometheus, empty[key])}
