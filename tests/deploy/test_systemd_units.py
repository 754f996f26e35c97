"""The systemd units: what they allow, by systemd's own judgement and line by line."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.units import AGENT, COLLECTOR, FIRMWARE, SYSTEMD, UNITS, directives, text_of

README = SYSTEMD / "README.md"
MOST_EXPOSED = {AGENT: 1.9, FIRMWARE: 0.8, COLLECTOR: 1.4}
"""systemd-analyze's figure, from 0 (locked up) to 10, of systemd 252; a later one may judge a little differently."""
MOST_EXPOSED_POLLER = 2.1
ALIKE = {
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "AmbientCapabilities": [""],
    "ProtectSystem": ["strict"],
    "PrivateTmp": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateMounts": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectKernelModules": ["yes"],
    "ProtectKernelLogs": ["yes"],
    "ProtectControlGroups": ["yes"],
    "RestrictNamespaces": ["yes"],
    "RestrictRealtime": ["yes"],
    "RestrictSUIDSGID": ["yes"],
    "LockPersonality": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "SystemCallArchitectures": ["native"],
    "UMask": ["0077"],
}


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_judges_its_exposure_low(unit: str, program: Callable[[str], Path]) -> None:
    command = [str(program("systemd-analyze")), "security", "--offline=true", "--no-pager", str(SYSTEMD / unit)]
    judged = subprocess.run(command, capture_output=True, text=True)
    figure = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert figure is not None, judged.stderr
    assert float(figure[1]) <= MOST_EXPOSED[unit], judged.stdout


@pytest.mark.parametrize("unit", UNITS)
def test_readme_gives_the_figure(unit: str) -> None:
    assert f"| `{unit}` | {MOST_EXPOSED[unit]:.1f} |" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(unit: str, program: Callable[[str], Path], tmp_path: Path) -> None:
    for name in UNITS:
        text = re.sub(r"/usr/bin/keskidee\b", str(shutil.which("true")), text_of(name))
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [str(program("systemd-analyze")), "verify", "--man=no", "--recursive-errors=no", str(tmp_path / unit)]
    verified = subprocess.run(command, capture_output=True, text=True)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_the_drop_in_of_a_poller_is_understood_and_opens_no_more_than_a_port(
    program: Callable[[str], Path], tmp_path: Path
) -> None:
    with_it = tmp_path / AGENT
    body = text_of(AGENT).partition("[Install]")[0] + text_of("keskidee-agent.poller.conf")
    with_it.write_text(re.sub(r"/usr/bin/keskidee\b", str(shutil.which("true")), body), encoding="utf-8")
    command = [str(program("systemd-analyze")), "security", "--offline=true", "--no-pager", str(with_it)]
    judged = subprocess.run(command, capture_output=True, text=True)
    figure = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert figure is not None, judged.stderr
    assert float(figure[1]) <= MOST_EXPOSED_POLLER, judged.stdout
    assert f"| the same with `keskidee-agent.poller.conf` | {MOST_EXPOSED_POLLER} |" in README.read_text("utf-8")
    found = directives("keskidee-agent.poller.conf")
    assert found == {
        "MemoryMax": ["512M"],
        "CapabilityBoundingSet": ["CAP_NET_BIND_SERVICE"],
        "AmbientCapabilities": ["CAP_NET_BIND_SERVICE"],
    }


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_the_same_walls(unit: str) -> None:
    found = directives(unit)
    assert {name: found.get(name) for name in ALIKE} == ALIKE


def test_only_the_helper_is_root() -> None:
    users = {unit: (directives(unit)["User"], directives(unit)["Group"]) for unit in UNITS}
    assert users == {
        AGENT: (["keskidee-agent"], ["keskidee-agent"]),
        FIRMWARE: (["root"], ["keskidee-agent"]),
        COLLECTOR: (["keskidee-collector"], ["keskidee-collector"]),
    }


def test_the_helper_has_a_fixed_path_no_network_and_one_command() -> None:
    found = directives(FIRMWARE)
    names = ("Environment", "ExecStart", "PrivateNetwork", "RestrictAddressFamilies", "IPAddressDeny", "Type")
    assert [found[name] for name in names] == [
        ["PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C"],
        ["/usr/bin/keskidee agent firmware --output /run/keskidee-firmware"],
        ["yes"],
        ["none"],
        ["any"],
        ["oneshot"],
    ]


def test_no_unit_starts_a_shell_or_runs_anything_outside_its_sandbox() -> None:
    commands = [
        value
        for unit in UNITS
        for name, values in directives(unit).items()
        if name.startswith("Exec")
        for value in values
    ]
    assert {command.split()[0] for command in commands} == {"/usr/bin/keskidee", "/bin/kill"}


def test_the_agent_may_ask_the_clock_and_see_homes_processes_and_the_hosts_name() -> None:
    found = directives(AGENT)
    assert found["ProtectHome"] == ["read-only"]
    assert found["SystemCallFilter"][-1] == "adjtimex clock_adjtime"
    assert not {"ProtectClock", "ProtectProc", "ProcSubset", "ProtectHostname", "PrivateNetwork"} & set(found)


@pytest.mark.parametrize("unit", [AGENT, COLLECTOR])
def test_services_come_back_unless_a_person_must_mend_something(unit: str) -> None:
    found = directives(unit)
    names = ("Restart", "RestartPreventExitStatus", "StartLimitIntervalSec", "WantedBy")
    assert [found[name] for name in names] == [["on-failure"], ["2"], ["0"], ["multi-user.target"]]


@pytest.mark.parametrize("role", ["agent", "collector"])
def test_users_and_folders_are_those_of_the_units(role: str) -> None:
    found = directives(f"keskidee-{role}.service")
    sysusers = (SYSTEMD / f"keskidee-{role}.sysusers").read_text(encoding="utf-8")
    tmpfiles = (SYSTEMD / f"keskidee-{role}.tmpfiles").read_text(encoding="utf-8")
    [secrets] = found["LoadCredential"]
    assert f"\nu {found['User'][0]} - " in sysusers
    assert f"\nd {secrets.partition(':')[2]} 0700 root root -\n" in tmpfiles
    assert f"--{'state' if role == 'agent' else 'data'} /var/lib/{found['StateDirectory'][0]}" in found["ExecStart"][0]
