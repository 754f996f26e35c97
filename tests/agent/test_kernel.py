"""What only a real kernel does: a mount that never answers, an interface that goes away under an open file."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.host.space import MOUNT_SECONDS, Space
from keskidee_report.model import TimedOut
from tests.waiting import wait_until

pytestmark = pytest.mark.slow  # a mount hangs until its deadline: together five seconds

AGENT = Path(__file__).parents[2] / "agent"
NAMESPACES = ("unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--mount-proc")


def in_namespaces(script: str, *arguments: str, device: str, mount_sys: bool = False) -> Any:
    """What a script prints as JSON when it may mount and plug without touching this machine."""
    if not os.access(device, os.R_OK | os.W_OK):
        pytest.skip(f"this kernel gives no {device}")
    if subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel gives no namespaces")
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    if mount_sys:
        command = ["/bin/sh", "-c", 'mount -t sysfs sys /sys && exec "$@"', "sh", *command]
    done = subprocess.run(
        [*NAMESPACES, *command],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(AGENT)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def dead_mount(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("dead")
    return in_namespaces("hanging_mount.py", str(folder), device="/dev/fuse")


HUNG = {"node_filesystem_device_error mountpoint timeout": 1, "node_filesystem_readonly mountpoint timeout": 0}
DIED = "transport endpoint is not connected"


def test_a_dead_mount_says_so_in_every_round(dead_mount: Any) -> None:
    assert [found["dead"] for found in dead_mount["rounds"][1:4]] == [HUNG] * 3


def test_a_dead_mount_costs_the_other_mounts_nothing(dead_mount: Any) -> None:
    rounds = dead_mount["rounds"]
    assert {(found["outcome"], found["sizes"]) for found in rounds} == {("ok", rounds[0]["sizes"])}


def test_a_dead_mount_holds_one_thread_however_many_rounds(dead_mount: Any) -> None:
    before, *hung = [found["threads"] for found in dead_mount["rounds"][:4]]
    assert hung == [before + 1] * 3


def test_a_dead_mount_is_waited_for_once(dead_mount: Any) -> None:
    assert dead_mount["waited"] < 2 * MOUNT_SECONDS


def test_a_mount_that_answers_again_is_asked_again(dead_mount: Any) -> None:
    last = dead_mount["rounds"][-1]["dead"]
    assert last == {f"node_filesystem_device_error {DIED}": 1, f"node_filesystem_readonly {DIED}": 0}


def test_an_interface_that_comes_back_is_read_again() -> None:
    found = in_namespaces("hotplugged_interface.py", device="/dev/net/tun", mount_sys=True)
    there, gone, again = found["rounds"]
    assert (len(there), gone, again, len(found["open"])) == (17, [], there, 1)


def test_what_becomes_of_an_interface_is_heard() -> None:
    found = in_namespaces("hotplugged_interface.py", device="/dev/net/tun", mount_sys=True)
    before, there, still, up, gone, again = found["states"]
    off, size = there
    assert (before, still, up[0] == off, up[1], gone, again) == ([], there, False, size, [], there)
    assert found["heard"]


class SlowSystem:
    """A statvfs that answers for `/slow` only when told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.go_on = threading.Event()
        self.real = os.statvfs

    def statvfs(self, path: bytes) -> os.statvfs_result:
        if path == b"/slow":
            self.calls += 1
            self.go_on.wait(30)
        return self.real("/")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowSystem]:
    system = SlowSystem()
    monkeypatch.setattr(os, "statvfs", system.statvfs)
    monkeypatch.setattr("keskidee_agent.host.machine.MOUNT_SECONDS", 0.05)
    yield system
    system.go_on.set()


def test_a_slow_mount_is_late_and_the_others_are_not(slow: SlowSystem) -> None:
    answers = Machine().spaces([(b"/", False), (b"/slow", True), (b"/other", True)])
    assert ([type(answer) for answer in answers], slow.calls) == ([Space, TimedOut, Space], 1)


def test_a_slow_mount_is_not_asked_twice_at_once(slow: SlowSystem) -> None:
    machine = Machine()
    for _ in range(5):
        machine.spaces([(b"/slow", True)])
    assert slow.calls == 1


def test_a_mount_that_answered_late_is_asked_anew(slow: SlowSystem) -> None:
    machine = Machine()
    machine.spaces([(b"/slow", True)])
    slow.go_on.set()
    wait_until(lambda: isinstance(machine.spaces([(b"/slow", True)])[0], Space), "the late answer")
    assert (type(machine.spaces([(b"/slow", True)])[0]), slow.calls) == (Space, 2)


def test_a_mount_that_is_gone_answers_with_its_error() -> None:
    (answer,) = Machine().spaces([(b"/nowhere/at/all", True)])
    assert isinstance(answer, FileNotFoundError)
