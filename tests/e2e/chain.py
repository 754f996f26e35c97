"""Everything between an agent and the pager, started for a test with the files we ship.

Agents report and Prometheus reads each 5 s instead of each 15 s, and Alertmanager groups for 1 s: that, and addresses,
is all that differs from what a user runs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from deploy.stack.receivers import with_receivers_at
from keskidee_exporters.prometheus_config import write_configuration

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.processes import Process, Start

INTERVAL = 5
SHIPPED_INTERVAL = 15
GROUP_WAIT = 1
PAGER_TOKEN = "only-for-this-test"


class Chain:
    """A collector, a Prometheus, an Alertmanager and agents, each a process of its own in one folder."""

    def __init__(
        self,
        start: Start,
        program: Callable[[str], Path],
        free_port: Callable[[], int],
        folder: Path,
        *,
        as_shipped: bool = False,
    ) -> None:
        """Starts nothing yet. `as_shipped` waits as long as a user's would."""
        self.interval_seconds = SHIPPED_INTERVAL if as_shipped else INTERVAL
        self.patience_seconds = 3 * self.interval_seconds + (400 if as_shipped else 0)
        """After which nothing more is to be expected."""
        self.processes: dict[str, Process] = {}
        self._as_shipped = as_shipped
        self._start, self._program, self._folder = start, program, folder
        self._collector, self._prometheus, self._alertmanager = (f"127.0.0.1:{free_port()}" for _ in range(3))

    @property
    def collector(self) -> str:
        """HOST:PORT of the collector."""
        return self._collector

    @property
    def data(self) -> Path:
        """The collector's data directory."""
        return self._folder / "collector"

    @property
    def prometheus_url(self) -> str:
        return f"http://{self._prometheus}"

    @property
    def alertmanager_url(self) -> str:
        return f"http://{self._alertmanager}"

    def start_collector(self) -> Process:
        settings = self._folder / "collector.yml"
        settings.write_text(f"listen: {self._collector}\ninterval_seconds: {self.interval_seconds}\n")
        words = ["collector", "serve", "--config", str(settings), "--data", str(self.data)]
        self.processes["collector"] = self._start(keskidee(*words), ready=f"http://{self._collector}/readyz")
        return self.processes["collector"]

    def configure_prometheus(self) -> Path:
        """Writes prometheus.yml as `keskidee up` does. Gives the path of the rules beside it."""
        write_configuration(
            self._folder / "prometheus.yml",
            url=f"http://{self._collector}",
            ca_file=None,
            token_file=None,
            alertmanagers=(self._alertmanager,),
            interval_seconds=self.interval_seconds,
        )
        return self._folder / "rules" / "keskidee.yml"

    def start_prometheus(self, *more: str) -> Process:
        options = [f"--config.file={self._folder / 'prometheus.yml'}", f"--storage.tsdb.path={self._folder / 'tsdb'}"]
        options += [f"--web.listen-address={self._prometheus}", *more]
        return self._start([self._program("prometheus"), *options], ready=f"http://{self._prometheus}/-/ready")

    def start_alertmanager(self, receiver_url: str) -> Process:
        path = self._folder / "alertmanager.yml"
        path.write_text(yaml.safe_dump(self._shipped_alertmanager(receiver_url)))
        options = [f"--config.file={path}", f"--storage.path={self._folder / 'alertmanager'}"]
        options += [f"--web.listen-address={self._alertmanager}", "--cluster.listen-address="]
        ready = f"http://{self._alertmanager}/-/ready"
        return self._start([self._program("prometheus-alertmanager"), *options], ready=ready)

    def _shipped_alertmanager(self, receiver_url: str) -> dict[str, Any]:
        """The shipped routes and inhibitions; each receiver is a path of ours, and nothing waits long."""
        secret = self._folder / "pager_token"
        secret.write_text(PAGER_TOKEN)
        shipped = with_receivers_at(receiver_url, authorization={"credentials_file": str(secret)})
        routes = [shipped["route"]]
        for route in [] if self._as_shipped else routes:
            routes += route.get("routes", [])
            if route.get("receiver") == "heartbeat":
                route |= {"group_interval": f"{GROUP_WAIT}s", "repeat_interval": "2s"}
            elif route.get("group_wait", "0s") != "0s":
                route |= {"group_wait": f"{GROUP_WAIT}s", "group_interval": f"{GROUP_WAIT}s"}
        return shipped

    def token(self, *, site: str, role: str) -> str:
        """With which machines of a site join."""
        return run("collector", "token", "create", "--role", role, "--site", site, "--data", str(self.data)).strip()

    def enrol(self, name: str) -> None:
        """Makes this machine one more server; `name` is its state folder."""
        token = self.token(site="suva", role="server")
        state = str(self._folder / name)
        run("agent", "enrol", f"http://{self._collector}", "--token-file", "-", "--state", state, stdin=token)

    def start_agent(self, name: str) -> Process:
        return self._start(keskidee("agent", "run", "--state", str(self._folder / name), "--interval", str(INTERVAL)))

    def instance(self, name: str) -> str:
        """The name that the collector gave the machine."""
        identity = json.loads((self._folder / name / "identity.json").read_text())
        [row] = self.ask(f'keskidee_machine_info{{id="{identity["machine_id"]}"}}')
        return row["instance"]

    def wait_for_alertmanager(self) -> None:
        """Waits until Prometheus, some seconds after its start, knows it; what fires before waits a minute."""
        url = f"{self.prometheus_url}/api/v1/alertmanagers"

        def known() -> bool:
            with urlopen(url, timeout=10) as answer:
                return bool(json.load(answer)["data"]["activeAlertmanagers"])

        wait_until("Prometheus knows its Alertmanager", known, time.monotonic() + 60)

    def ask(self, expr: str) -> list[dict[str, str]]:
        """The label sets that Prometheus has for a query now."""
        with urlopen(f"http://{self._prometheus}/api/v1/query?{urlencode({'query': expr})}", timeout=10) as answer:
            return [row["metric"] for row in json.load(answer)["data"]["result"]]


def impatient(rules: str, *alerts: str, keep_firing_for: str = "15s") -> str:
    """The rules with these alerts' two minutes of patience made ten seconds; the others keep theirs."""
    pieces = re.split(r"(?m)^(?=      - alert: )", rules)
    for at, piece in enumerate(pieces):
        if piece.startswith(tuple(f"      - alert: {alert}\n" for alert in alerts)):
            quick, replaced = re.subn(r"(?m)^(        for: )2m$", r"\g<1>10s", piece)
            assert replaced == 1, piece
            pieces[at] = re.sub(r"(?m)^(        keep_firing_for: )\S+", rf"\g<1>{keep_firing_for}", quick)
    return "".join(pieces)


def keskidee(*words: str) -> list[str]:
    """The command line of a `keskidee` command."""
    return [sys.executable, "-m", "keskidee", *words]


def run(*words: str, stdin: str = "") -> str:
    """What a short `keskidee` command prints."""
    done = subprocess.run(keskidee(*words), input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_until(what: str, holds: Callable[[], object], deadline: float) -> None:
    """Waits until `holds()` is true; fails with `what` at the deadline (monotonic seconds)."""
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.2)
