"""The agent under CPython for Windows: what wine cannot answer is an outcome, and nothing a traceback.

Wine is no Windows: no PowerShell, no SMBIOS but a UUID. So these tests tell that the calls of Windows (ctypes, winreg,
psutil) are called rightly and that what they refuse is borne; tests/README.md says how to set wine up.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import keskidee
import keskidee_agent
import keskidee_config
import keskidee_report
from keskidee_agent.host.windows import STOP_FILE
from keskidee_report.model import OUTCOMES
from tests.agent.collecting import Collector
from tests.agent.listening import Certified, Listener, certified
from tests.agent.resident.test_resident import enrol

pytestmark = [pytest.mark.wine, pytest.mark.slow, pytest.mark.timeout(240)]
FOLDER = "Program Files"
"""Where Python is found: as most programs of Windows, in a folder whose name has a blank."""
PACKAGES = (keskidee, keskidee_agent, keskidee_config, keskidee_report)


@pytest.fixture(scope="module")
def windows(wine: Path) -> Path:
    """The folder of wine's drive C: with our packages beside Python's. Workers that run tests of here share it."""
    app = wine / "winpy" / "app"
    with open(wine / "lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for package in PACKAGES:
            source = Path(str(package.__file__)).parent
            if modules_of(source) != modules_of(app / source.name):
                shutil.rmtree(app / source.name, ignore_errors=True)
                shutil.copytree(source, app / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        if not (wine / FOLDER).exists():
            (wine / FOLDER).symlink_to("winpy")
    return wine


def modules_of(package: Path) -> dict[str, bytes]:
    """What is in each of its files, by name."""
    return {str(path.relative_to(package)): path.read_bytes() for path in package.rglob("*.py")}


def drive(windows: Path) -> Path:
    """C: and not Z:, where this machine's own /proc would be found."""
    return Path(os.environ.get("WINEPREFIX") or windows / "pfx") / "drive_c"


def command(windows: Path, *words: str) -> list[str | Path]:
    return [windows / "wine.sh", windows / FOLDER / "cp313" / "python.exe", "-m", "keskidee", *words]


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


@pytest.fixture
def collector() -> Collector:
    return Collector(interval_seconds=1)


@pytest.fixture
def tls(tmp_path: Path) -> Certified:
    return certified(tmp_path, "127.0.0.1")


@pytest.fixture
def listener(collector: Collector, tls: Certified) -> Iterator[Listener]:
    listener = Listener(collector, tls=tls.context)
    yield listener
    listener.close()


@pytest.fixture
def state(windows: Path, listener: Listener, tls: Certified) -> Iterator[Path]:
    """The folder of an enrolled agent, with the name of somebody in it."""
    state = drive(windows) / f"José Ångström {os.getpid()}" / "an agent"
    enrol(state, listener.url, tls.ca_file.read_bytes())
    yield state
    shutil.rmtree(state.parent)


def as_windows_has_it(state: Path) -> str:
    """Its path."""
    return "C:\\" + "\\".join(state.parts[-2:])


class Agent:
    """A running agent under Windows."""

    def __init__(self, windows: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            command(windows, "agent", "run", "--interval", "1", *words),
            cwd=drive(windows), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def told(self) -> str:
        """What it said and nobody has read yet, once it has ended."""
        self.process.wait(100)
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)  # wine's server may have it open still
        told = (self.process.stdout.read() or b"").decode("utf-8", "replace")
        assert "Traceback" not in told, told
        return told


@pytest.fixture
def start(windows: Path, state: Path) -> Iterator[Callable[..., Agent]]:
    """`start(*words)`: an agent in the folder `state`."""
    agents: list[Agent] = []

    def one(*words: str) -> Agent:
        agents.append(Agent(windows, "--state", as_windows_has_it(state), *words))
        return agents[-1]

    yield one
    for agent in agents:
        agent.process.kill()
        print(agent.told())
        assert agent.process.stdout is not None
        agent.process.stdout.close()


def test_the_resident_agent_reports_from_windows_by_settings_of_its_editor_until_a_file_ends_it(
    start: Callable[..., Agent], collector: Collector, listener: Listener, state: Path
) -> None:
    service = f"{{name: port, tcp: '127.0.0.1:{listener.port}', interval_seconds: 5}}"
    (state / "agent.yml").write_bytes(f"# José\r\nservices: [{service}]\r\n".encode("utf-16"))
    agent = start("--config", as_windows_has_it(state) + r"\agent.yml")
    collector.wait_for(lambda: len(collector.reports) >= 4, seconds=120)
    collector.wait_for((state / "services.prom").exists, seconds=120)  # by a process of its own
    assert collector.reports[:4] == [0, 1, 2, 3]
    assert (collector.facts[0]["os"], len(collector.connections)) == ("windows", 1)
    assert 'probe_success{service="port"} 1' in (state / "services.prom").read_text()
    (state / STOP_FILE).write_text("upgrade\r\n")
    assert agent.process.wait(100) == 0
    assert (state / "spool" / "last-word").read_text().split()[2] == "upgrade"


def test_an_outage_and_a_kill_lose_nothing_and_a_second_agent_is_refused(
    start: Callable[..., Agent], collector: Collector
) -> None:
    collector.statuses = [503] * 500
    killed = start()
    collector.wait_for(lambda: len(collector.posts) >= 3, seconds=120)
    killed.process.kill()
    killed.process.wait(100)
    posts = len(collector.posts)
    start()
    collector.wait_for(lambda: len(collector.posts) > posts, seconds=120)
    second = start()
    assert second.process.wait(100) == 1
    collector.statuses = []
    collector.wait_for(lambda: is_whole(collector.taken), seconds=120)
    assert len(set(collector.taken)) == len(collector.taken)
    assert collector.facts[0]["away_reason"] == "crash"
    assert "another agent is running on " in second.told()


def is_whole(taken: list[tuple[bytes, int]]) -> bool:
    """Whether all reports of two sessions have come, the first of each to the last."""
    last = dict(sorted(taken))
    return len(last) == 2 and len(taken) >= sum(last.values()) + 2
