"""Every panel of the Grafana dashboard has data: a real Prometheus that reads pretend machines is asked its queries."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from deploy.grafana.build import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

EMPTY_IS_GOOD = {"Alerts that fire"}  # test_alert_chain.py sees it filled
TWO_SCRAPES_OF_EVERYTHING_SECONDS = 150  # discovery each 30 s, a scrape each 15 s, and a busy machine


def ask(prometheus: str, expr: str) -> list[dict[str, Any]]:
    """The series that an instant query gives."""
    with urlopen(f"{prometheus}/api/v1/query?{urlencode({'query': expr})}", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


def filled(expr: str, instance: str) -> str:
    """The query as Grafana sends it, with everything chosen and one machine."""
    values = {"$site": ".*", "$role": ".*", "$instance": instance, "$__rate_interval": "2m"}
    for variable, value in values.items():
        expr = expr.replace(variable, value)
    return expr


@pytest.fixture
def prometheus(start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path) -> str:
    """The URL of a Prometheus that reads a collector with 25 pretend machines."""
    collector, listen = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    data = tmp_path / "data"
    up = [sys.executable, "-m", "keskidee", "up", "--data", str(data), "--listen", collector, "--simulate", "25"]
    start(up, ready=rf"^ready http://{re.escape(collector)}/$", timeout_seconds=60)
    options = [f"--config.file={data / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    start([program("prometheus"), *options, f"--web.listen-address={listen}"], ready=f"http://{listen}/-/ready")
    return f"http://{listen}"


def test_every_panel_has_data(prometheus: str) -> None:
    panels = [p for p in json.loads((FOLDER / "keskidee.json").read_text())["panels"] if p["type"] != "row"]
    queries = {
        (p["title"], t["refId"]): t["expr"] for p in panels for t in p["targets"] if p["title"] not in EMPTY_IS_GOOD
    }
    deadline = time.monotonic() + TWO_SCRAPES_OF_EVERYTHING_SECONDS
    empty = set(queries)
    while empty and time.monotonic() < deadline:
        time.sleep(2)
        servers = ask(
            prometheus, "keskidee_machine_up == 1 and on (instance) rate(node_disk_io_time_seconds_total[2m]) >= 0"
        )
        if servers:
            instance = servers[0]["metric"]["instance"]
            empty = {panel for panel, expr in queries.items() if not ask(prometheus, filled(expr, instance))}
    assert sorted(empty) == []
