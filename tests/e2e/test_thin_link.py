"""An office on a link that loses every fifth packet keeps to its budget, and what is urgent goes first.

`KESKIDEE_WATCHED_SECONDS=900 make soak ARGS="tests/e2e/test_thin_link.py"` for a shorter one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.delivery.stock import PIECE_BYTES
from tests.acknowledged import Ranges, one_machines
from tests.e2e.thin_link import THERE, ThinLink
from tests.scale import scaled
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.processes import Process, Start

WATCHED_SECONDS = int(os.environ.get("KESKIDEE_WATCHED_SECONDS") or scaled(30, 3600))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.timeout(600 + WATCHED_SECONDS),
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of our own need root"),
]

BUDGET = 430_000
"""Bytes an hour: at one report a second it makes one of four seconds, eight at once."""
BATCH = 8
PORT = 5375


@pytest.fixture
def link(program: Callable[[str], Path]) -> Iterator[ThinLink]:
    yield from thin_link(program("ip"), loss=0.2)


@pytest.fixture
def slow_link(program: Callable[[str], Path]) -> Iterator[ThinLink]:
    """One that only loses packets where there is time for it."""
    yield from thin_link(program("ip"), loss=scaled(0.0, 0.2))


def thin_link(ip: Path, *, loss: float) -> Iterator[ThinLink]:
    link = ThinLink(ip, loss=loss, bits_per_second=64_000, delay_seconds=0.05, seed=1)
    yield link
    link.close()


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A file system of the test's own, which may turn read-only."""
    folder = tmp_path / "volume"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "keskidee", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


class Office:
    """A machine at the end of the link, and the collector at its other end. `run` starts the agent."""

    def __init__(self, start: Start, link: ThinLink, folder: Path, **site: int) -> None:
        self._start, self._link, self._data, self.state = start, link, folder / "data", folder / "agent"
        settings = folder / "collector.yml"
        self._interval = site.setdefault("interval_seconds", 1)
        settings.write_text(json.dumps({"sites": [{"name": "castries", **site}]}))
        serve = ["collector", "serve", "--config", settings, "--data", self._data, "--listen", f"{THERE}:{PORT}"]
        start(self._there(*serve), ready="^ready https://")
        token = self._token("--site", "castries")
        enrol = ["agent", "enrol", f"https://{THERE}:{PORT}", "--token-file", "-", "--state", self.state]
        for _ in range(5):  # a person who joins a machine over such a link tries again
            if subprocess.run(self._here(*enrol), input=token, check=False).returncode == 0:
                break
        self._bearer = self._token("--scope", "metrics").decode().strip()

    def run(self) -> Process:
        """Starts the agent."""
        return self._start(self._here("agent", "run", "--state", self.state, "--interval", self._interval))

    def take_inventory(self) -> int:
        """Leaves this machine's inventory to be sent, as the agent's child does; how long it is."""
        command = self._here("agent", "run", "--state", self.state, "--inventory")
        subprocess.run(command, check=True)
        return (self.state / "inventory.body").stat().st_size

    def page(self) -> str:
        """/metrics, read beside the collector, so that it costs the link nothing."""
        url = f"https://{THERE}:{PORT}/metrics"
        script = (
            "import ssl, sys, urllib.request as r\n"
            "request = r.Request(sys.argv[1], headers={'Authorization': 'Bearer ' + sys.argv[3]})\n"
            "tls = ssl.create_default_context(cafile=sys.argv[2])\n"
            "print(r.urlopen(request, context=tls, timeout=10).read().decode())\n"
        )
        ca_file = self._data / "tls" / "ca.pem"
        command = self._link.centre.inside(sys.executable, "-c", script, url, ca_file, self._bearer)
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def value(self, pattern: str) -> float | None:
        """The value of the series that the pattern finds on the page."""
        found = re.search(rf"^{pattern} (\S+)$", self.page(), re.MULTILINE)
        return None if found is None else float(found[1])

    def reports(self) -> int:
        """How many are acknowledged: what went first may have left older ones for later."""
        return sum(last - first + 1 for first, last in self._acknowledged())

    def is_accounted_for(self) -> bool:
        """Whether each report up to the newest acknowledged one is acknowledged, or waits as the agent itself says.

        What is old waits until the site has half of what it may spend at once, which on such a link can take an hour.
        """
        ranges = self._acknowledged()
        missing = ranges[-1][1] + 1 - sum(last - first + 1 for first, last in ranges)
        waiting = self.value(r"keskidee_agent_spool_reports\{[^}]*\}")
        lost = re.findall(r"^keskidee_agent_dropped_reports_total\{.* (\S+)$", self.page(), re.MULTILINE)
        return waiting is not None and missing <= waiting and not any(map(float, lost))

    def _acknowledged(self) -> Ranges:
        sessions = one_machines(self._data)
        assert len(sessions) < 2  # the agent is started once
        return next(iter(sessions.values()), [])

    def _token(self, *words: str) -> bytes:
        command = self._there("collector", "token", "create", "--data", self._data, *words)
        return subprocess.run(command, capture_output=True, check=True).stdout

    def _here(self, *words: object) -> list[str]:
        return self._link.office.inside(sys.executable, "-m", "keskidee", *map(str, words))

    def _there(self, *words: object) -> list[str]:
        return self._link.centre.inside(sys.executable, "-m", "keskidee", *map(str, words))


def told_after(office: Office, volume: Path) -> tuple[float, int]:
    """Right after a batch the volume turns read-only: the seconds until the page says so, the reports sent by then.

    On such a link a try may be lost as a whole, and more reports wait than a batch has before the next.
    """
    subprocess.run(["mount", "-o", "remount,rw", volume], check=True)
    readonly = rf'node_filesystem_readonly{{[^}}]*mountpoint="{re.escape(str(volume))}"[^}}]*}}'
    wait_until(lambda: office.value(readonly) == 0, "the volume that may be written", 90)
    held = office.reports()
    wait_until(lambda: office.reports() > held, "a batch", 90)
    held = office.reports()
    subprocess.run(["mount", "-o", "remount,ro", volume], check=True)
    broke = time.monotonic()
    wait_until(lambda: office.value(readonly) == 1, "the volume that turned read-only", 90)
    return time.monotonic() - broke, office.reports() - held


def test_an_office_keeps_to_its_budget_and_what_is_urgent_goes_first(
    start: Start, link: ThinLink, volume: Path, tmp_path: Path
) -> None:
    office = Office(start, link, tmp_path, bytes_per_hour=BUDGET)
    office.run()
    wait_until(lambda: office.reports() > 0, "the first report", 60)  # and with them the first wishes
    began, before = time.monotonic(), link.bytes
    for _ in range(3):
        seconds, reports = told_after(office, volume)
        if reports < BATCH:
            break
    assert reports < BATCH  # it went before its batch was full, and took along what waited
    print(f"what was urgent was told after {seconds:.1f} s")
    time.sleep(max(0.0, WATCHED_SECONDS - (time.monotonic() - began)))
    seconds, spent = time.monotonic() - began, link.bytes - before
    allowed = BUDGET * (0.25 + 0.75 * seconds / 3600)
    print(f"20 % loss for {seconds:.0f} s: {spent} bytes, {allowed:.0f} allowed, {office.reports()} reports")
    assert spent <= allowed
    wait_until(office.is_accounted_for, "an account of each report", 60)


def test_between_the_pieces_of_an_inventory_there_are_live_reports(
    start: Start, slow_link: ThinLink, tmp_path: Path
) -> None:
    office = Office(start, slow_link, tmp_path, interval_seconds=scaled(1, 15))
    length = office.take_inventory()
    began, spent = time.monotonic(), slow_link.bytes
    office.run()
    silence, heard, last = 0.0, 0, began
    while not (office.state / "inventory.json").exists():
        assert time.monotonic() < began + 540
        reports = office.reports()
        if reports > heard:
            heard, last = reports, time.monotonic()
        silence = max(silence, time.monotonic() - last)
        time.sleep(0.2)
    print(
        f"an inventory of {length} bytes took {time.monotonic() - began:.0f} s, {office.reports()} reports and "
        f"{slow_link.bytes - spent} bytes on the wire; the longest silence was {silence:.1f} s"
    )
    wait_until(lambda: office.reports() >= length // PIECE_BYTES[1], "a report before each piece", 60)
