"""The agent under CPython for Windows: what wine cannot answer is an outcome, and nothing a traceback.

Wine is no Windows: no PowerShell, no SMBIOS but a UUID. So these tests tell that the calls of Windows (ctypes, winreg,
psutil) are called rightly and that what they refuse is borne; tests/README.md says how to set wine up.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import keskidee
import keskidee_agent
import keskidee_config
import keskidee_report
from keskidee_report.model import OUTCOMES
from tests.agent.collecting import Collector
from tests.agent.listening import Listener
from tests.agent.test_resident import enrol

pytestmark = [pytest.mark.wine, pytest.mark.slow, pytest.mark.timeout(240)]
PACKAGES = (keskidee, keskidee_agent, keskidee_config, keskidee_report)


@pytest.fixture(scope="module")
def windows(wine: Path) -> Path:
    """The folder of wine's drive C: with our packages beside Python's."""
    app = wine / "winpy" / "app"
    for package in PACKAGES:
        source = Path(str(package.__file__)).parent
        shutil.rmtree(app / source.name, ignore_errors=True)
        shutil.copytree(source, app / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    return wine


def drive(windows: Path) -> Path:
    """C: and not Z:, where this machine's own /proc would be found."""
    return Path(os.environ.get("WINEPREFIX") or windows / "pfx") / "drive_c"


def command(windows: Path, *words: str) -> list[str | Path]:
    return [windows / "wine.sh", windows / "winpy" / "cp313" / "python.exe", "-m", "keskidee", *words]


def run(windows: Path, *words: str) -> Any:
    """What `keskidee ...` prints, as JSON."""
    done = subprocess.run(
        command(windows, *words), cwd=drive(windows), stdin=subprocess.DEVNULL, capture_output=True, timeout=200
    )
    told = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in told, told
    assert done.returncode == 0, told
    return json.loads(done.stdout)


def test_one_reading_of_windows(windows: Path) -> None:
    told = run(windows, "agent", "once", "--format", "json")
    names = {family["name"] for family in told["families"]}
    assert told["machine"]["os"] == "windows"
    assert {row["outcome"] for row in told["outcomes"]} <= set(OUTCOMES)
    assert [row for row in told["outcomes"] if row["outcome"] == "failed"] == []
    assert names >= {"node_time_seconds", "node_uname_info", "node_os_info", "node_memory_MemTotal_bytes"}
    assert "node_load1" not in names


def test_an_inventory_of_windows(windows: Path) -> None:
    told = run(windows, "agent", "inventory")
    outcomes = {row["source"]: (row["outcome"], row["reason"]) for row in told["outcomes"]}
    assert {outcome for outcome, _ in outcomes.values()} <= set(OUTCOMES)
    assert outcomes["windows_disk"] == ("failed", "malformed: PowerShell tells of no class")
    assert outcomes["dpkg"] == ("absent", "not on windows")
    [system] = told["items"]["operating_system"]
    assert (system["id"], system["build"].isdecimal(), "container" in str(told["items"])) == ("windows", True, False)
    assert [item["key"] for item in told["items"]["system"]] == ["system"]


def test_the_resident_agent_reports_from_windows(windows: Path) -> None:
    collector = Collector(interval_seconds=1)
    listener = Listener(collector)
    state = drive(windows) / "keskidee-test"
    try:
        enrol(state, listener.url)
        agent = subprocess.Popen(
            command(windows, "agent", "run", "--state", r"C:\keskidee-test", "--interval", "1"),
            cwd=drive(windows), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert agent.stdout is not None
        try:
            collector.wait_for(lambda: len(collector.reports) >= 4, seconds=120)
        finally:
            agent.kill()
            told = agent.stdout.read().decode("utf-8", "replace")
            agent.wait()
    finally:
        listener.close()
        shutil.rmtree(state, ignore_errors=True)
    assert "Traceback" not in told, told
    assert collector.reports[:4] == [0, 1, 2, 3]
    assert (collector.facts[0]["os"], len(collector.connections)) == ("windows", 1)
