"""A running agent tells a real collector what its machine is made of, by a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from keskidee.cli import main
from keskidee_agent.transport.identity import read_identity
from tests.collector.served import Served
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
AGENT = [sys.executable, "-m", "keskidee", "agent"]


@pytest.fixture
def state(tmp_path: Path, collector: Served) -> Path:
    """The folder of an agent that is enrolled there."""
    url, folder = f"http://127.0.0.1:{collector.port}", tmp_path / "agent"
    command = [*AGENT, "enrol", url, "--token-file", "-", "--state", str(folder)]
    subprocess.run(command, input=collector.token(), text=True, check=True, capture_output=True)
    return folder


def told(collector: Served, state: Path) -> Any:
    """The asset of the agent's machine as it is listed, once its inventory was taken."""
    rows = collector.ask("GET", f"/v1/assets?machine_id={read_identity(state).machine_id}").json["assets"]
    return next((row for row in rows if row["inventory_at"] is not None), None)


def test_where_the_settings_want_none_no_inventory_is_kept_or_sent(
    collector: Served, state: Path, tmp_path: Path, start: Start
) -> None:
    config = tmp_path / "agent.yml"
    config.write_text("inventory: {enabled: false}\n")
    kept = [state / "inventory.json", state / "inventory.metrics"]
    for path in kept:
        path.write_text("of before")
    command = [*AGENT, "run", "--state", str(state), "--config", str(config)]
    start(command, ready=None)
    wait_until(lambda: not any(path.exists() for path in kept), "what was kept to be taken away", 60)
    done = subprocess.run([*command, "--inventory"], capture_output=True, text=True, check=False)
    off = "keskidee agent: inventory=off by inventory.enabled of the settings\n"
    assert (done.returncode, done.stderr, told(collector, state)) == (2, off, None)
    assert not any(path.exists() for path in kept)


def test_a_running_agent_tells_what_its_machine_is_made_of(collector: Served, state: Path, start: Start) -> None:
    start([*AGENT, "run", "--state", str(state), "--interval", "1"], ready=None)
    wait_until(lambda: told(collector, state), "the inventory", 150)
    asset = told(collector, state)
    whole = collector.ask("GET", f"/v1/assets/{asset['id']}").json
    wait_until((state / "inventory.json").exists, "what the agent knows to be there", 150)
    known = json.loads((state / "inventory.json").read_bytes())
    assert whole["history"] == []
    assert {(row["kind"], row["key"]) for row in whole["items"]} == {
        (kind, key) for kind, of in known["items"].items() for key in of
    }
    assert {"processor", "network"} <= {row["kind"] for row in whole["items"]}
    counted = collector.samples
    wait_until(lambda: "keskidee_inventory_items" in {name for name, _ in counted("/metrics")}, "the counts", 60)


def test_what_is_to_be_told_waits_on_disk_for_an_agent_and_is_no_one_elses_to_read(state: Path) -> None:
    done = subprocess.run([*AGENT, "run", "--state", str(state), "--inventory"], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    left = {file.name: file.stat().st_mode & 0o777 for file in state.glob("inventory*")}
    assert left == {"inventory.body": 0o600, "inventory.next": 0o600, "inventory.metrics": 0o600}


def test_what_was_printed_on_a_machine_without_a_link_is_carried_to_the_register(
    collector: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = subprocess.run([*AGENT, "inventory"], capture_output=True, check=True)
    (tmp_path / "inventory.json").write_bytes(printed.stdout)
    arguments = ["register", "import-inventory", str(tmp_path / "inventory.json"), "--data", str(collector.data)]
    statuses = [main(arguments), main(arguments)]
    [asset] = collector.ask("GET", "/v1/assets").json["assets"]
    captured = capsys.readouterr()
    assert (statuses, asset["machine_id"]) == ([0, 1], None)
    assert captured.out.startswith(asset["id"])
    assert "an inventory that is as new" in captured.err
