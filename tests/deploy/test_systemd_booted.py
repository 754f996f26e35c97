"""The units under a real systemd (booted.py): the same readings with the sandbox and without, and no right beyond."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.deploy.booted import INSTALL, Booted, booted
from tests.deploy.units import AGENT, COLLECTOR, FIRMWARE, with_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.agent.recordings import Series

ONCE = "/usr/bin/keskidee agent once --format json"
WITHOUT = f"[Service]\nUser=keskidee-agent\nGroup=keskidee-agent\n{{}}Type=oneshot\nExecStart={ONCE}\n"
ATTEMPTS = 30
"""Free memory that wavers both ways beside other tests is between its neighbours in one attempt of three."""
PATIENCE_SECONDS = 30.0
STATE = "/var/lib/keskidee"
ROOTS_ALONE = {"rapl": "energy counters are root's since CVE-2020-8694", "slabinfo": "/proc/slabinfo is root's"}
"""Sources that an agent of root's reads and this one does not, and why. Nothing else may be missing."""
TMP = (("device", "tmp"), ("fstype", "tmpfs"), ("mountpoint", "/tmp"))
OF_THE_SANDBOX: dict[Series, str] = {
    ("node_filesystem_files_free", TMP): "the sandbox's private /tmp is two folders there",
    ("node_memory_VmallocUsed_bytes", ()): "the kernel holds the filter of system calls",
}
"""What the sandbox itself takes of the machine, truly reported; everything else has the same value."""
MORE_IN_THE_SANDBOX: dict[Series, float] = {("node_filefd_allocated", ()): 1.0}  # its private /dev holds a file open
OF_WHOEVER_TALKS = "node_tcp_connection_states"
"""It has a series for each state that some connection is in just now; the network is shared with all other tests."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="a machine of namespaces needs root"),
]


class Once:
    """What one `keskidee agent once` told: series, outcomes, facts."""

    def __init__(self, text: str) -> None:
        told = json.loads(text)
        self.facts: dict[str, str] = told["machine"]
        self.outcomes = {row["source"]: (row["outcome"], row["reason"]) for row in told["outcomes"]}
        self.series: dict[Series, float] = {
            (family["name"], tuple(sorted(labels.items()))): float(value)
            for family in told["families"]
            for labels, value in family["samples"]
        }

    def names(self) -> set[Series]:
        """All series but those that come and go with what others do."""
        return {key for key in self.series if key[0] != OF_WHOEVER_TALKS}

    def of(self, name: str) -> dict[str, float]:
        """The samples of one family by mount point."""
        return {dict(key[1])["mountpoint"]: value for key, value in self.series.items() if key[0] == name}


class House:
    """A machine with agent and collector installed, started and enrolled."""

    def __init__(self, machine: Booted, port: int) -> None:
        self.machine = machine
        self.url = f"http://127.0.0.1:{port}"
        machine.run(INSTALL, "agent", "collector")
        self.write("/etc/keskidee/collector.yml", f"listen: 127.0.0.1:{port}\n")
        machine.run("systemctl", "start", COLLECTOR)
        machine.wait("journalctl", "--unit", COLLECTOR, says=f"ready {self.url}/")
        token = machine.out("keskidee", "collector", "token", "create").strip()
        self.write("/run/token", token)
        machine.run("chmod", "0644", "/run/token")
        user = ("setpriv", "--reuid=keskidee-agent", "--regid=keskidee-agent", "--clear-groups")
        enrol = ("keskidee", "agent", "enrol", self.url, "--token-file", "/run/token")
        machine.run(*user, *enrol, "--state", f"{STATE}/agent")
        machine.run("systemctl", "start", AGENT)
        machine.wait("keskidee", "collector", "machines", "list", says=" on ")

    def write(self, path: str, text: str) -> None:
        self.machine.run("python3", "-c", "import sys; open(sys.argv[1], 'w').write(sys.argv[2])", path, text)

    def once(self, name: str, unit: str) -> Once:
        """What a unit that runs `keskidee agent once` writes to /run/NAME.json."""
        return Once(self.output(name, unit))

    def output(self, name: str, unit: str) -> str:
        """What a oneshot unit writes on standard output."""
        self.write(f"/run/systemd/system/{name}.service", unit)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", f"{name}.service")
        return self.machine.out("cat", f"/run/{name}.out")

    def page(self) -> str:
        """What the collector has heard, for Prometheus."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    def inside(self) -> Once:
        return self.once("inside", with_command(AGENT, ONCE, "/run/inside.out"))

    def outside(self, *, root: bool = False) -> Once:
        output = "StandardOutput=truncate:/run/outside.out\nStandardError=journal\n"
        text = WITHOUT.format(output)
        return self.once("outside", text.replace("keskidee-agent", "root") if root else text)

    def python(self, unit: str, code: str) -> str:
        """What a line of Python prints in the sandbox of a unit."""
        self.write("/opt/line.py", code)
        [python] = self.machine.out("sh", "-c", "ls /opt/python/bin/python3.??").split()
        return self.output("line", with_command(unit, f"{python} /opt/line.py", "/run/line.out"))


@pytest.fixture(scope="module")
def house(
    program: Callable[[str], Path], free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    program("systemd-analyze")
    with booted(tmp_path_factory.mktemp("booted") / "machine") as machine:
        yield House(machine, free_port())


def test_series_outcomes_and_facts_are_the_same_with_the_sandbox_and_without(house: House) -> None:
    inside, outside = house.inside(), house.outside()
    assert inside.names() == outside.names()
    assert inside.outcomes == outside.outcomes
    assert inside.facts == outside.facts


def test_values_are_the_same_with_the_sandbox_and_without(house: House) -> None:
    """What wavers (free memory) may differ once: a value is right when an attempt has it among those from outside."""
    seen: dict[Series, list[float]] = {}
    wrong: dict[Series, tuple[float, ...]] = {}
    for attempt in range(ATTEMPTS):
        before, inside, after = house.outside(), house.inside(), house.outside()
        for key in before.series.keys() & after.series.keys():
            seen.setdefault(key, []).extend([before.series[key], after.series[key]])
        found = {
            key: value - MORE_IN_THE_SANDBOX.get(key, 0.0)
            for key, value in inside.series.items()
            if key in before.series and key in after.series and key not in OF_THE_SANDBOX
        }
        off = {
            key: (value, *seen[key]) for key, value in found.items() if not min(seen[key]) <= value <= max(seen[key])
        }
        wrong = off if not attempt else {key: row for key, row in off.items() if key in wrong}
        if not wrong:
            break
    assert wrong == {}


def test_an_agent_of_roots_reads_nothing_more_but_what_is_listed(house: House) -> None:
    inside, root = house.inside(), house.outside(root=True)
    other = {source for source, outcome in inside.outcomes.items() if outcome != root.outcomes[source]}
    assert other <= set(ROOTS_ALONE)
    families = {key[0] for key in root.names() - inside.names()}
    assert {
        name for name in families if not name.startswith(tuple(f"node_{source}" for source in ROOTS_ALONE))
    } == set()
    assert inside.facts == root.facts


def test_serial_numbers_reach_the_agent_through_the_helper_alone(house: House) -> None:
    told = house.inside()
    house.machine.run("systemctl", "stop", FIRMWARE)
    without = house.outside()  # which does not want the helper
    house.machine.run("systemctl", "start", FIRMWARE)
    found = [(once.outcomes["dmi"][0], "uuid" in once.facts) for once in (told, without)]
    assert found == [("ok", True), ("denied", False)]


def test_nobody_else_may_read_the_copies(house: House) -> None:
    seen = house.machine.out("stat", "--format=%U %G %A", "/run/keskidee-firmware", "/run/keskidee-firmware/DMI")
    assert seen == "root keskidee-agent drwxr-x---\nroot keskidee-agent -rw-r-----\n"


def test_read_only_is_what_is_mounted_so_and_not_what_the_sandbox_may_not_write(house: House) -> None:
    assert house.inside().of("node_filesystem_readonly") == {
        "/home": 0, "/opt/keskidee": 1, "/opt/python": 1, "/srv": 0, "/srv/sealed": 1, "/tmp": 0,
    }  # fmt: skip


def test_a_file_system_that_turns_read_only_is_told(house: House) -> None:
    house.machine.run("mount", "-o", "remount,ro", "/srv")
    turned = house.inside().of("node_filesystem_readonly")["/srv"]
    house.machine.run("mount", "-o", "remount,rw", "/srv")
    assert turned == 1


def test_the_clock_is_asked_although_it_cannot_be_set(house: House) -> None:
    assert house.inside().outcomes["timex"] == ("ok", "")
    assert (
        house.python(AGENT, "import time\ntry:\n time.clock_settime(0, 0)\nexcept OSError as e: print(e.errno)")
        == "1\n"
    )


def test_the_running_agent_has_no_right_left(house: House) -> None:
    [process] = house.machine.out("systemctl", "show", "--property=MainPID", "--value", AGENT).split()
    lines = house.machine.out("cat", f"/proc/{process}/status").splitlines()
    status = dict(line.split(":\t") for line in lines if ":\t" in line)
    names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
    assert [status[name].strip("0") for name in names] == ["", "", "", "", "", "1", "2"]
    assert status["Uid"].split()[0] != "0"


@pytest.mark.parametrize("unit", [AGENT, FIRMWARE, COLLECTOR])
def test_memory_that_is_written_and_run_is_refused(house: House, unit: str) -> None:
    code = "import mmap\ntry:\n mmap.mmap(-1, 4096, prot=7)\nexcept PermissionError: print('refused')"
    assert house.python(unit, code) == "refused\n"


@pytest.mark.parametrize(("unit", "own"), [(AGENT, "agent"), (COLLECTOR, "collector")])
def test_a_service_writes_in_its_own_folder_and_nowhere_else(house: House, unit: str, own: str) -> None:
    code = f"""
import os
for folder in ("/etc", "/home", "/usr", "/srv", "/var/lib", "{STATE}", "{STATE}/agent", "{STATE}/collector"):
    try:
        open(folder + "/trial", "w").close()
        os.unlink(folder + "/trial")
        print(folder)
    except OSError:
        pass
"""
    assert house.python(unit, code) == f"{STATE}/{own}\n"


def test_secrets_of_roots_are_handed_over(house: House) -> None:
    house.write("/etc/keskidee/agent.secrets/proxy", "user:password\n")
    code = "print(open('/run/credentials/line.service/secret_proxy').read(), end='')"
    told = house.python(AGENT, code)
    house.machine.run("rm", "/etc/keskidee/agent.secrets/proxy")
    assert told == "user:password\n"


def test_a_reload_reads_the_settings_again_and_keeps_the_process(house: House) -> None:
    show = ("systemctl", "show", "--property=MainPID,NRestarts", AGENT)
    before, told = house.machine.out(*show), "node_load1{" in house.page()
    house.write("/etc/keskidee/agent.yml", "sources:\n  disabled: [loadavg]\n")
    house.machine.run("systemctl", "reload", AGENT)
    until = time.monotonic() + PATIENCE_SECONDS
    while "node_load1{" in house.page() and time.monotonic() < until:
        time.sleep(0.1)
    house.machine.run("rm", "/etc/keskidee/agent.yml")
    assert (told, "node_load1{" in house.page(), house.machine.out(*show)) == (True, False, before)


def test_an_agent_that_is_killed_comes_back(house: House) -> None:
    show = ("systemctl", "show", "--property=NRestarts", "--value", AGENT)
    before = int(house.machine.out(*show))
    house.machine.run("systemctl", "kill", "--signal=KILL", AGENT)
    house.machine.wait(*show, says=str(before + 1))
    house.machine.wait("systemctl", "is-active", AGENT, says="active\n")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("chown", "nobody"), "/opt/ours/another"),
        (("chmod", "0775"), "/opt/ours/another"),
        (("chmod", "0777"), "/opt/ours"),
    ],
)
def test_a_program_that_others_may_write_is_not_made_roots_service(
    house: House, change: tuple[str, str], place: str
) -> None:
    """By a link in a folder that is root's alone: it is what the link leads to that counts."""
    house.machine.run("mkdir", "/opt/ours")
    house.machine.run("cp", "/usr/bin/keskidee", "/opt/ours/another")
    house.machine.run("ln", "-s", "/opt/ours/another", "/opt/linked")
    house.machine.run(*change, place)
    refused = house.machine.run(INSTALL, "--command", "/opt/linked", check=False)
    house.machine.run("rm", "-r", "/opt/ours", "/opt/linked")
    assert (refused.returncode, "not root's alone to write, and root would run" in refused.stderr) == (1, True)


def test_a_second_install_keeps_the_enrolment_and_the_agent_running(house: House) -> None:
    house.machine.run(INSTALL, "agent", "collector")
    house.machine.wait("systemctl", "is-active", AGENT, says="active\n")
    house.machine.wait("keskidee", "collector", "machines", "list", says=" on ")


def test_uninstall_leaves_the_spool_and_a_purge_nothing(house: House) -> None:
    """The last one: it takes the house down."""
    find = ("find", "/etc", "/run", "/tmp", "/usr", "/var", "-name", "*keskidee*", "-not", "-path", "/usr/bin/keskidee")
    house.machine.run(INSTALL, "--uninstall", "agent")
    users = house.machine.out("getent", "passwd")
    spool = house.machine.out("find", f"{STATE}/agent", "-printf", "%P %u\n").split("\n")
    house.machine.run(INSTALL, "--uninstall", "--purge", "agent", "collector")
    left = house.machine.out(*find).split()
    assert ("keskidee-agent" in users, spool[:2], left) == (False, [" root", "spool root"], [])
    assert "keskidee" not in house.machine.out("getent", "passwd")
