"""The Debian package of the agent, through a machine's life: installed, enrolled, upgraded, removed, purged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.collector.served import Served
from tests.deploy.booted import Booted, booted
from tests.deploy.units import AGENT
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUILD = Path(__file__).parents[2] / "deploy" / "debian" / "build"
STATE = "/var/lib/keskidee/agent"
PACKAGE = "/srv/agent.deb"
AS_AGENT = ("setpriv", "--reuid=keskidee-agent", "--regid=keskidee-agent", "--clear-groups")

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def package(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    program("dpkg-deb")
    done = subprocess.run(
        [BUILD, tmp_path_factory.mktemp("package")], capture_output=True, text=True, check=True, timeout=60
    )
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("collector"), {})
    yield served
    served.stop()


@pytest.fixture(scope="module")
def machine(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """One that has the package's file, and no keskidee."""
    with booted(tmp_path_factory.mktemp("debian") / "machine") as running:
        running.run("rm", "-f", "/usr/bin/keskidee", "/usr/sbin/policy-rc.d")  # images of containers forbid services
        running.give(PACKAGE, package.read_bytes())
        yield running


def dpkg(machine: Booted, *words: str) -> str:
    return machine.out("dpkg", *words)


def states(collector: Served) -> list[str]:
    """The state of each machine that the collector knows."""
    return [
        dict(labels)["state"]
        for (name, labels), value in collector.samples().items()
        if name == "keskidee_machine_state" and value
    ]


def process_of(machine: Booted) -> str:
    return machine.out("systemctl", "show", "--property=MainPID", "--value", AGENT).strip()


def test_the_same_checkout_makes_the_same_file(package: Path, tmp_path: Path) -> None:
    subprocess.run([BUILD, tmp_path], check=True, capture_output=True, timeout=60)
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


def test_everything_in_it_is_roots_and_nobody_else_may_write_it(package: Path) -> None:
    listed = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    assert {(row[0][1:], row[1]) for row in rows} == {("rwxr-xr-x", "root/root"), ("rw-r--r--", "root/root")}
    assert {row[5].split("/")[1] for row in rows} == {"", "usr"}


@pytest.mark.skipif(os.geteuid() != 0, reason="a machine of namespaces needs root")
def test_from_its_installation_to_its_purge_it_is_one_machine(machine: Booted, collector: Served) -> None:
    said = dpkg(machine, "--install", PACKAGE)
    assert "keskidee-agent: enrol this machine, then start the service:" in said
    assert "\nnode_load1 " in machine.out("keskidee", "agent", "once")

    machine.give("/run/token", collector.token().encode())
    url = f"http://127.0.0.1:{collector.port}"
    enrol = ("keskidee", "agent", "enrol", url, "--token-file", "/run/token", "--state", STATE)
    machine.run(*AS_AGENT, *enrol)
    machine.run("systemctl", "start", AGENT)
    wait_until(lambda: states(collector) == ["on"])

    before = process_of(machine)
    assert "enrol" not in dpkg(machine, "--install", PACKAGE)
    assert process_of(machine) not in (before, "0")
    wait_until(lambda: states(collector) == ["on"])

    machine.run("systemctl", "disable", "--quiet", AGENT)
    as_dpkg = ("env", "DPKG_MAINTSCRIPT_PACKAGE=keskidee-agent", "/var/lib/dpkg/info/keskidee-agent.postinst")
    machine.run(*as_dpkg, "configure", "0.0.1")
    assert machine.run("systemctl", "is-enabled", AGENT, check=False).stdout == "disabled\n"

    dpkg(machine, "--remove", "keskidee-agent")
    assert machine.run("systemctl", "is-active", AGENT, check=False).stdout == "inactive\n"
    assert machine.run("test", "-e", f"{STATE}/identity.json", check=False).returncode == 0

    dpkg(machine, "--purge", "keskidee-agent")
    for place in ("/var/lib/keskidee", "/etc/keskidee", "/usr/lib/python3/dist-packages/keskidee_agent"):
        assert machine.run("test", "-e", place, check=False).returncode == 1
    assert machine.run("getent", "passwd", "keskidee-agent", check=False).stdout == ""
