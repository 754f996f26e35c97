"""`keskidee collector backup` and `restore` as people run them, on collectors and agents that are processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keskidee.cli import main
from keskidee_collector.commands.keeping import restored_directory
from keskidee_collector.commands.running import collector_directory
from tests.collector.served import Served
from tests.collector.test_kill import Talker
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.processes import Start


def run(capfd: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    """The status of a command and what it said; stdout is for data only and stays empty."""
    status = main(["collector", *map(str, words)])
    out, err = capfd.readouterr()
    assert out == ""
    return status, err


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("serving"), {"interval_seconds": 20}, listen="0.0.0.0:0")
    yield served
    assert (served.stop(), served.log) == (0, "")


@pytest.mark.slow
def test_a_backup_of_a_running_collector_over_tls_is_restored(
    serving: Served, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    agent = serving.enrol("srv-01")
    serving.post(agent, agent.body())
    file = tmp_path / "backup.tar.gz"
    file.write_text("the one of yesterday")
    assert run(capfd, "backup", file, "--data", serving.data) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == [
            "manifest.json", "register.db", "reports.db", "tls/ca.key", "tls/ca.pem", "settings.yml"
        ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [file]

    status, said = run(capfd, "restore", file, "--data", tmp_path / "empty")
    home = tmp_path / "empty" / "collector"
    assert (status, said.splitlines()[1:]) == (
        0,
        [f"its settings are in {home / 'restored-settings.yml'}, for --config"],
    )
    assert (home / "restored-settings.yml").read_text() == "listen: 0.0.0.0:0\ninterval_seconds: 20\n"
    assert (home / "tls" / "ca.pem").read_bytes() == (serving.data / "tls" / "ca.pem").read_bytes()


@pytest.mark.slow
def test_a_backup_through_a_pipe_is_restored(serving: Served, tmp_path: Path) -> None:
    keskidee = f"{sys.executable} -m keskidee collector"
    pipe = f"{keskidee} backup - --data {serving.data} | {keskidee} restore - --data {tmp_path}/empty"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", pipe], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, (tmp_path / "empty/collector/register.db").is_file()) == (0, "", True)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_one_line(serving: Served) -> None:
    command = [sys.executable, "-m", "keskidee", "collector", "backup", "-", "--data", str(serving.data)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n"), "No space left on device" in done.stderr) == (1, 1, True)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_restored_elsewhere_after_a_crash_it_has_all_that_was_acknowledged_before_and_agents_go_on(
    tmp_path: Path, free_port: Callable[[], int], capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    listen = f"127.0.0.1:{free_port()}"
    first = Served(tmp_path / "first", {}, listen=listen)
    talkers = [Talker(first.enrol(f"srv-{number}")) for number in range(5)]
    stop = threading.Event()
    threads = [threading.Thread(target=talker.talk, args=(first, stop)) for talker in talkers]
    for thread in threads:
        thread.start()
    time.sleep(1)
    before = [len(talker.acknowledged) for talker in talkers]
    assert run(capfd, "backup", tmp_path / "backup", "--data", first.data)[0] == 0
    after = [len(talker.acknowledged) for talker in talkers]
    first.kill()
    stop.set()
    for thread in threads:
        thread.join()
    assert min(before) > 0
    assert before != after  # they went on meanwhile

    assert run(capfd, "restore", tmp_path / "backup", "--data", tmp_path / "second")[0] == 0
    second = Served(tmp_path / "second", {}, listen=listen)
    for talker, count in zip(talkers, before, strict=True):
        assert second.post(talker.agent, talker.agent.packed(talker.acknowledged[:count])).status == 200
    assert second.counts() == {"repeat": sum(before)}
    assert [second.post(talker.agent, talker.agent.body()).status for talker in talkers] == [200] * 5
    assert (second.stop(), "Traceback" in second.log) == (0, False)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_real_agent_goes_on_by_itself_at_the_restored_collector(
    tmp_path: Path, free_port: Callable[[], int], start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    listen = f"0.0.0.0:{free_port()}"
    first = Served(tmp_path / "first", {}, listen=listen)
    (tmp_path / "agent.yml").write_text("interval_seconds: 1\n")
    agent = [sys.executable, "-m", "keskidee", "agent"]
    url = f"https://127.0.0.1:{first.port}"
    enrol = [*agent, "enrol", url, "--token-file", "-", "--state", str(tmp_path / "agent")]
    subprocess.run(enrol, input=first.token(), text=True, check=True, capture_output=True)
    start([*agent, "run", "--config", str(tmp_path / "agent.yml"), "--state", str(tmp_path / "agent")], ready=None)
    wait_until(lambda: first.counts().get("stored", 0) > 2, seconds=40)
    assert run(capfd, "backup", tmp_path / "backup", "--data", first.data)[0] == 0
    stored = first.counts()["stored"]
    wait_until(lambda: first.counts()["stored"] > stored + 2, seconds=40)  # which the backup does not know
    first.kill()

    assert run(capfd, "restore", tmp_path / "backup", "--data", tmp_path / "second")[0] == 0
    second = Served(tmp_path / "second", {}, listen=listen)
    wait_until(lambda: second.counts().get("stored", 0) > 3, seconds=40)
    assert {"credential", "revoked", "malformed"} & set(second.counts()) == set()
    assert second.stop() == 0


def test_a_directory_without_a_collector_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "backup", tmp_path / "out", "--data", tmp_path / "nothing") == (
        1,
        f"keskidee: {tmp_path / 'nothing'}: no register.db there; name the collector's data directory with --data\n",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "problem"), [(b"hallo", "not a backup of keskidee"), (b"", "not a backup of keskidee")]
)
def test_a_file_that_is_no_backup_is_one_line_and_leaves_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, problem: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert run(capfd, "restore", tmp_path / "file", "--data", tmp_path / "new") == (
        1, f"keskidee: {tmp_path / 'file'}: {problem}\n"
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_backup_is_not_written_over_a_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "backup", tmp_path, "--data", tmp_path) == (1, f"keskidee: {tmp_path}: not a file; - is stdout\n")


@pytest.mark.parametrize("data", ["home", "home/collector"])
def test_what_is_restored_is_found_again_by_the_same_name(tmp_path: Path, data: str) -> None:
    restored_directory(tmp_path / data).mkdir(parents=True)
    assert (
        collector_directory(tmp_path / data) == tmp_path / "home" / "collector" == restored_directory(tmp_path / data)
    )


def test_a_data_directory_of_another_name_is_restored_in_place(tmp_path: Path) -> None:
    (tmp_path / "register.db").touch()
    (tmp_path / "collector").mkdir()
    assert collector_directory(tmp_path) == restored_directory(tmp_path) == tmp_path


IS_ROOT = os.name == "posix" and os.geteuid() == 0


@pytest.mark.skipif(IS_ROOT, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "register.db").touch()
    (tmp_path / "closed").mkdir(mode=0o500)
    file = tmp_path / "closed" / "backup"
    assert run(capfd, "backup", file, "--data", tmp_path) == (1, f"keskidee collector: {file}: Permission denied\n")
