"""`keskidee up` as a new user meets it: one command, this machine in Prometheus, everything gone after Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families

from tests.processes import Process, Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def keskidee(*words: str) -> list[str]:
    return [sys.executable, "-m", "keskidee", *words]


def read(url: str, **headers: str) -> str:
    with urlopen(Request(url, headers=headers), timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def eventually(what: str, check, seconds: float = 60):  # type: ignore[no-untyped-def]
    """The first true value of `check()`; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if value := check():
                return value
        except OSError:
            pass
        time.sleep(0.3)
    pytest.fail(f"not within {seconds} s: {what}")


@pytest.fixture
def collector(start: Start, free_port, tmp_path: Path) -> tuple[str, Path, Process]:  # type: ignore[no-untyped-def]
    """URL, data directory and process of a running `keskidee up` whose agent has reported."""
    url = f"http://127.0.0.1:{free_port()}"
    data = tmp_path / "data"
    argv = keskidee("up", "--data", str(data), "--listen", url.removeprefix("http://"))
    process = start(argv, ready=rf"^ready {re.escape(url)}/$")
    eventually("the agent's first report", lambda: "node_load1" in read(f"{url}/metrics"), 40)
    return url, data, process


def series_of(text: str, parse=text_families) -> set[tuple[str, tuple[tuple[str, str], ...]]]:  # type: ignore[no-untyped-def]
    names = {re.split(r"[{ ]", line, maxsplit=1)[0] for line in text.splitlines() if not line.startswith("#")}

    def written(name: str) -> str:
        """The parser gives a counter of the text format `_total` where it has none."""
        return name if name in names else name.removesuffix("_total")

    return {(written(s.name), tuple(sorted(s.labels.items()))) for family in parse(text) for s in family.samples}


def test_the_last_line_says_ready_and_readyz_agrees(collector) -> None:  # type: ignore[no-untyped-def]
    url, _, process = collector
    assert process.stdout.splitlines()[-1] == f"ready {url}/"
    assert read(f"{url}/readyz") == "ready\n"


def test_prometheus_has_every_series_of_this_machine_by_service_discovery(  # type: ignore[no-untyped-def]
    collector, start: Start, program, free_port, tmp_path: Path
) -> None:
    url, data, _ = collector
    [target] = json.loads(read(f"{url}/v1/targets"))
    page = read(f"{url}{target['labels']['__metrics_path__']}")
    listen = f"127.0.0.1:{free_port()}"
    argv = [
        program("prometheus"),
        f"--config.file={data / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
    ]
    start([*argv, f"--web.listen-address={listen}"], ready=f"http://{listen}/-/ready")

    query = urlencode({"query": f'{{instance="{target["labels"]["instance"]}",job="keskidee"}}'})

    def stored() -> set[str]:
        rows = json.loads(read(f"http://{listen}/api/v1/query?{query}"))["data"]["result"]
        return {row["metric"]["__name__"] for row in rows}

    names = {name for name, _ in series_of(page)}
    seen = eventually("Prometheus has scraped the machine", stored, 90)
    assert names - seen == set()
    up = urlencode({"query": f'keskidee_machine_up{{instance="{target["labels"]["instance"]}"}}'})
    presence = lambda: json.loads(read(f"http://{listen}/api/v1/query?{up}"))["data"]["result"]  # noqa: E731
    assert [row["value"][1] for row in eventually("presence is scraped", presence, 40)] == ["1"]


def test_promtool_accepts_configuration_and_page_and_its_lint_names_nothing_of_ours(collector, program) -> None:  # type: ignore[no-untyped-def]
    url, data, _ = collector
    checked = subprocess.run(
        [program("promtool"), "check", "config", data / "prometheus.yml"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    page = read(f"{url}/metrics")
    linted = subprocess.run([program("promtool"), "check", "metrics"], input=page, capture_output=True, text=True)
    assert "error while" not in linted.stderr
    assert [line for line in linted.stderr.splitlines() if line.startswith("keskidee_")] == []


def test_openmetrics_has_the_same_samples_as_the_text_format(collector) -> None:  # type: ignore[no-untyped-def]
    url, _, _ = collector
    [target] = json.loads(read(f"{url}/v1/targets"))
    page = f"{url}{target['labels']['__metrics_path__']}"
    strict = read(page, Accept="application/openmetrics-text;version=1.0.0")
    assert series_of(strict, openmetrics_families) == series_of(read(page))


def test_the_register_is_exported_as_csv_while_it_runs(collector) -> None:  # type: ignore[no-untyped-def]
    _, data, _ = collector
    done = subprocess.run(
        keskidee("register", "export", "--format", "csv", "--data", str(data)), capture_output=True, text=True
    )
    header, row = done.stdout.splitlines()
    assert header.split(",")[:5] == ["instance", "hostname", "id", "site", "role"]
    assert os.uname().nodename in row


def test_a_second_collector_on_the_port_is_one_line_and_no_traceback(collector, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url, _, _ = collector
    argv = keskidee("up", "--data", str(tmp_path / "other"), "--listen", url.removeprefix("http://"))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    said = f"keskidee: cannot listen on {url.removeprefix('http://')}: Address already in use"
    assert done.stderr == f"{said}; stop what listens there, or name another with --listen\n"


def test_sigterm_stops_collector_and_agent_who_says_goodbye_first(collector) -> None:  # type: ignore[no-untyped-def]
    _, _, process = collector
    agents = children_of(process.pid)
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(20) == 0
    assert [pid for pid in agents if Path(f"/proc/{pid}").exists()] == []
    assert "undelivered" not in process.stderr


def test_a_killed_collector_takes_its_agent_with_it(collector) -> None:  # type: ignore[no-untyped-def]
    _, _, process = collector
    agents = children_of(process.pid)
    process.popen.kill()
    process.popen.wait(10)
    eventually("the agent ends too", lambda: not any(Path(f"/proc/{pid}").exists() for pid in agents), 20)


def children_of(pid: int) -> list[str]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert children
    return children
