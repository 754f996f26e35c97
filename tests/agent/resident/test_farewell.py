"""Whether the machine goes down is told by files first and by systemctl, which gets half a second."""

import os
import resource
import time
from pathlib import Path

import pytest

from keskidee_agent.resident import farewell


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where systemd is in charge; `systemctl` in it is the command."""
    monkeypatch.setattr(farewell, "SYSTEMD", str(tmp_path))
    monkeypatch.setattr(farewell, "EVIDENCE", (str(tmp_path / "nologin"), str(tmp_path / "scheduled")))
    monkeypatch.setattr(farewell, "SYSTEMCTL", (str(tmp_path / "none"), str(tmp_path / "systemctl")))
    return tmp_path


def answering(systemd: Path, script: str) -> None:
    command = systemd / "systemctl"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


@pytest.mark.parametrize("file", ["nologin", "scheduled"])
def test_a_file_that_systemd_makes_on_its_way_down_is_enough(systemd: Path, file: str) -> None:
    (systemd / file).write_text("")
    assert farewell.machine_goes_down()


@pytest.mark.parametrize(("state", "down"), [("stopping", True), ("running", False), ("degraded", False), ("", False)])
def test_systemctl_says_whether_the_system_is_stopping(systemd: Path, state: str, down: bool) -> None:
    answering(systemd, f'[ "$1" = is-system-running ] && echo {state}; exit 1')
    assert farewell.machine_goes_down() is down


def test_a_systemctl_that_hangs_is_given_up(systemd: Path) -> None:
    answering(systemd, "exec sleep 30")
    started = time.monotonic()
    assert not farewell.machine_goes_down()
    assert time.monotonic() - started < 5


@pytest.mark.usefixtures("systemd")
def test_without_systemctl_nothing_is_assumed() -> None:
    assert not farewell.machine_goes_down()


def test_without_systemd_the_file_for_logins_is_all_there_is(systemd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farewell, "SYSTEMD", str(systemd / "absent"))
    assert not farewell.machine_goes_down()
    (systemd / "nologin").write_text("")
    assert farewell.machine_goes_down()


def test_an_agent_with_a_thousand_files_open_hears_systemctl_too(systemd: Path) -> None:
    answering(systemd, "echo stopping; exit 1")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert farewell.machine_goes_down()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
