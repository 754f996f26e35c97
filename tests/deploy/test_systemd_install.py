"""`deploy/systemd/install` into a folder: what it puts there, twice the same, and what it leaves behind."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.units import SYSTEMD

COMMAND = "/bin/true"
AGENTS = {
    "etc/systemd/system/keskidee-agent.service",
    "etc/systemd/system/keskidee-disks.service",
    "etc/systemd/system/keskidee-disks.timer",
    "etc/systemd/system/keskidee-firmware.service",
    "etc/sysusers.d/keskidee-agent.conf",
    "etc/tmpfiles.d/keskidee-agent.conf",
}
COLLECTORS = {
    "etc/keskidee/collector.yml",
    "etc/systemd/system/keskidee-collector.service",
    "etc/sysusers.d/keskidee-collector.conf",
    "etc/tmpfiles.d/keskidee-collector.conf",
}


def install(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DESTDIR": str(folder)}
    return subprocess.run([SYSTEMD / "install", *words], env=environment, capture_output=True, text=True)


def installed(folder: Path, *words: str) -> set[str]:
    """The files after a run that must succeed."""
    done = install(folder, *words)
    assert done.returncode == 0, done.stderr
    return files(folder)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def contents(folder: Path) -> dict[str, tuple[str, bytes]]:
    return {
        name: (stat.filemode((folder / name).stat().st_mode), (folder / name).read_bytes()) for name in files(folder)
    }


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_without_a_name_it_is_the_agent(tmp_path: Path) -> None:
    assert installed(tmp_path, "--command", COMMAND) == AGENTS


def test_a_poller_has_a_drop_in_which_stays_on_an_upgrade_and_goes_with_the_agent(tmp_path: Path) -> None:
    more = {"etc/systemd/system/keskidee-agent.service.d/poller.conf"}
    assert installed(tmp_path, "--command", COMMAND, "--poller") == AGENTS | more
    before = contents(tmp_path)
    installed(tmp_path, "--command", COMMAND)
    assert contents(tmp_path) == before
    assert installed(tmp_path, "--uninstall") == set()


def test_both_stand_beside_each_other_and_one_goes_alone(tmp_path: Path) -> None:
    assert installed(tmp_path, "--command", COMMAND, "agent", "collector") == AGENTS | COLLECTORS
    assert installed(tmp_path, "--uninstall", "agent") == COLLECTORS


def test_the_units_run_the_command_that_was_named(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND, "agent", "collector")
    units = (tmp_path / "etc/systemd/system").iterdir()
    commands = {line.split()[0] for unit in units for line in unit.read_text().splitlines() if "ExecStart" in line}
    assert commands == {f"ExecStart={COMMAND}"}


def test_a_second_time_changes_nothing_and_keeps_settings(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND, "agent", "collector")
    write(tmp_path / "etc/keskidee/collector.yml", "interval_seconds: 30\n")
    write(tmp_path / "etc/keskidee/agent.yml", "interval_seconds: 30\n")
    before = contents(tmp_path)
    installed(tmp_path, "--command", COMMAND, "agent", "collector")
    assert contents(tmp_path) == before


def test_nothing_that_it_puts_there_can_be_written_by_others(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND, "agent", "collector")
    assert {mode for mode, _ in contents(tmp_path).values()} == {"-rw-r--r--"}


def test_uninstall_leaves_the_agents_spool_and_nothing_else(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND)
    for name in ("identity.json", "ca.pem", "spool/live", "spool/backlog-1"):
        write(tmp_path / "var/lib/keskidee/agent" / name, "x")
    for name in ("agent.yml", "agent.secrets/proxy", "../systemd/system/keskidee-agent.service.d/mine.conf"):
        write(tmp_path / "etc/keskidee" / name, "x")
    left = installed(tmp_path, "--uninstall")
    assert left == {"var/lib/keskidee/agent/spool/live", "var/lib/keskidee/agent/spool/backlog-1"}


def test_uninstall_without_a_spool_leaves_no_folder_of_ours(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND)
    write(tmp_path / "var/lib/keskidee/agent/identity.json", "x")
    installed(tmp_path, "--uninstall")
    assert list(tmp_path.rglob("*keskidee*")) == []


def test_purge_leaves_nothing(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND, "agent", "collector")
    for name in ("agent/spool/live", "collector/register.db"):
        write(tmp_path / "var/lib/keskidee" / name, "x")
    installed(tmp_path, "--uninstall", "--purge", "agent", "collector")
    assert (files(tmp_path), list(tmp_path.rglob("*keskidee*"))) == (set(), [])


def test_a_collectors_register_and_settings_stay_until_they_are_purged(tmp_path: Path) -> None:
    installed(tmp_path, "--command", COMMAND, "collector")
    for name in ("var/lib/keskidee/collector/register.db", "etc/keskidee/collector.secrets/tls.key"):
        write(tmp_path / name, "x")
    kept = {
        "etc/keskidee/collector.yml",
        "etc/keskidee/collector.secrets/tls.key",
        "var/lib/keskidee/collector/register.db",
    }
    assert installed(tmp_path, "--uninstall", "collector") == kept


def test_uninstall_twice_is_no_failure(tmp_path: Path) -> None:
    assert installed(tmp_path, "--uninstall", "--purge", "agent", "collector") == set()


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["--purge"], 2, "install: --purge goes with --uninstall\n"),
        (["agnet"], 2, "install: unknown: agnet (--help tells more)\n"),
        (["--command"], 2, "install: --command FILE\n"),
        (["--command", "/nowhere/keskidee"], 1, "install: /nowhere/keskidee is no program\n"),
        (["--command", "/bin/true|x"], 1, "install: /bin/true|x: a path without blanks and the like, please\n"),
    ],
)
def test_a_slip_is_one_line(tmp_path: Path, words: list[str], status: int, sentence: str) -> None:
    done = install(tmp_path, *words)
    assert (done.returncode, done.stderr, files(tmp_path)) == (status, sentence, set())
