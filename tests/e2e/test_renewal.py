"""A real agent that renews its credential at a real collector, whatever is killed or restored in between."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keskidee.cli import main
from keskidee_agent.commands.renewal import renew
from keskidee_agent.transport.identity import read_identity, write_identity
from keskidee_agent.transport.route import Route
from tests.collector.served import Served
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
AGENT = [sys.executable, "-m", "keskidee", "agent"]


@pytest.fixture
def collector(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Served]:
    (tmp_path / "first").mkdir()
    served = Served(tmp_path / "first", {}, listen=f"127.0.0.1:{free_port()}")
    yield served
    served.stop()


@pytest.fixture
def state(tmp_path: Path, collector: Served) -> Path:
    """The folder of an agent that is enrolled there."""
    url, folder = f"http://127.0.0.1:{collector.port}", tmp_path / "agent"
    command = [*AGENT, "enrol", url, "--token-file", "-", "--state", str(folder)]
    subprocess.run(command, input=collector.token(), text=True, check=True, capture_output=True)
    return folder


def status_of(collector: Served, state: Path, credential: str) -> int:
    """What a report with this credential is answered; 422 stands for one that holds: the body is no report."""
    path = f"/v1/machines/{read_identity(state).machine_id}/reports"
    return collector.ask("POST", path, b"nothing", token=credential).status


def test_an_agent_that_was_killed_before_it_kept_the_new_one_goes_on_with_the_old_one(
    collector: Served, state: Path
) -> None:
    before = read_identity(state)
    renew(state, before.collector, ca_file="", route=Route())
    write_identity(state, before, None)  # as a kill leaves it
    assert status_of(collector, state, before.credential) == 422
    renew(state, before.collector, ca_file="", route=Route())
    assert status_of(collector, state, read_identity(state).credential) == 422
    assert status_of(collector, state, before.credential) == 401


def test_the_new_one_and_the_one_before_are_kept(collector: Served, state: Path) -> None:
    before = read_identity(state)
    renew(state, before.collector, ca_file="", route=Route())
    after = read_identity(state)
    assert after == replace(before, credential=after.credential, previous_credential=before.credential)
    assert len(after.credential) == len(before.credential) == 43
    assert after.credential != before.credential


def test_where_it_is_refused_the_identity_stays_and_the_reason_is_one_line(collector: Served, state: Path) -> None:
    machine = read_identity(state).machine_id
    collector.administer("POST", f"/v1/machines/{machine}/revoke")
    before = (state / "identity.json").read_bytes()
    done = subprocess.run(
        [*AGENT, "run", "--state", str(state), "--renew"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "keskidee agent: renewal=failed reason='the collector gives no new credential (status 403)'\n",
    )
    assert (state / "identity.json").read_bytes() == before


def test_a_running_agent_renews_when_it_is_asked_and_finds_its_way_back_to_an_older_backup(
    collector: Served, state: Path, tmp_path: Path, start: Start
) -> None:
    old = read_identity(state)
    start([*AGENT, "run", "--state", str(state), "--interval", "1"], ready=None)
    wait_until(lambda: collector.counts().get("stored", 0) > 1, seconds=40)
    assert main(["collector", "backup", str(tmp_path / "backup"), "--data", str(collector.data)]) == 0

    assert main(["collector", "machines", "rotate", old.instance, "--data", str(collector.data)]) == 0
    wait_until(lambda: status_of(collector, state, old.credential) == 401, seconds=40)
    renewed = read_identity(state)
    stored = collector.counts()["stored"]
    wait_until(lambda: collector.counts()["stored"] > stored + 2, seconds=40)
    assert (renewed.machine_id, renewed.previous_credential) == (old.machine_id, old.credential)
    assert read_identity(state) == renewed  # once was enough
    rows = json.loads(collector.administer("GET", "/v1/machines").body)["machines"]
    assert [(row["id"], row["state"]) for row in rows] == [(old.machine_id, "on")]

    collector.kill()
    arguments = ["restore", str(tmp_path / "backup"), "--data", str(collector.data), "--force"]
    assert main(["collector", *arguments]) == 0
    collector.start()
    wait_until(lambda: collector.counts().get("stored", 0) > 2, seconds=40)
    assert read_identity(state).previous_credential == old.credential
