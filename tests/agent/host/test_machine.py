"""The door to the world: commands, the clock, psutil."""

import os
import sys
import time
from types import SimpleNamespace

import pytest

from keskidee_agent.host.machine import Machine, this_platform
from keskidee_report.model import Denied, NotHere, TimedOut
from tests.agent.recordings import write_files


def test_a_command_speaks_english_and_knows_its_path() -> None:
    told = Machine().run("/usr/bin/env").decode().splitlines()
    assert sorted(told) == ["LANG=C", "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]


def test_a_command_is_given_its_arguments_as_they_are() -> None:
    assert Machine().run("printf", "%s", "a b;$(id)") == b"a b;$(id)"


def test_a_command_that_does_not_end_is_ended() -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"sleep did not end within 0\.2 s"):
        Machine().run("sleep", "60", seconds=0.2)
    assert time.monotonic() - started < 30


def test_a_command_that_is_not_installed_is_not_here() -> None:
    with pytest.raises(NotHere, match="no-such-tool is not installed"):
        Machine().run("no-such-tool")


def test_a_command_that_fails_says_its_last_words() -> None:
    with pytest.raises(OSError, match="sh ended with status 3: second") as raised:
        Machine().run("sh", "-c", "echo first >&2; echo second >&2; exit 3")
    assert isinstance(raised.value, OSError)


def test_a_command_reads_no_input() -> None:
    assert Machine().run("cat") == b""


@pytest.mark.parametrize(
    ("raised", "becomes"),
    [
        (RuntimeError("counters"), NotHere),
        (NotImplementedError(), NotHere),
        (AttributeError("no such"), NotHere),
        (PermissionError(13, "no"), Denied),
    ],
)
def test_what_psutil_cannot_say_is_translated(raised: Exception, becomes: type[Exception]) -> None:
    def swap_memory() -> None:
        raise raised

    with pytest.raises(becomes):
        Machine(psutil=SimpleNamespace(swap_memory=swap_memory)).ask("swap_memory")


def test_a_function_that_psutil_lacks_here_is_not_here() -> None:
    with pytest.raises(NotHere):
        Machine(psutil=SimpleNamespace()).ask("getloadavg")


def test_psutil_is_the_real_one_elsewhere() -> None:
    assert Machine(platform="darwin").ask("virtual_memory").total > 0


def test_memory_is_kept_for_each_source() -> None:
    machine = Machine()
    machine.memory("cpu")["ticks"] = 1
    assert (machine.memory("cpu"), machine.memory("stat")) == ({"ticks": 1}, {})


def test_the_registry_is_not_here_but_on_windows() -> None:
    with pytest.raises(NotHere):
        Machine(platform="linux").registry("SOFTWARE", "x")


def test_the_platform_is_this_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("linux", "win32", "darwin", "freebsd14"):
        monkeypatch.setattr(sys, "platform", name)
        found.append(this_platform())
    assert found == ["linux", "windows", "darwin", "linux"]


def test_a_time_zone_that_was_changed_is_noticed(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """TZ stands in for /etc/localtime, which a test may not change: both are read by tzset only."""

    class Traveller(Machine):
        """A machine whose /etc/localtime is a file of the test's."""

        def _real(self, path: str) -> str:
            return f"{tmp_path}/{path}"

    from pathlib import Path

    root = Path(str(tmp_path))
    write_files(root, {"etc/localtime": "AST"})
    monkeypatch.setenv("TZ", "AST4")
    machine = Traveller()
    before = machine.zone()
    monkeypatch.setenv("TZ", "GYT4:30")
    write_files(root, {"etc/localtime": "GYT, another file"})
    after = machine.zone()
    monkeypatch.undo()
    time.tzset()
    assert (before, after) == (("AST", -14400), ("GYT", -16200))


def test_closing_a_machine_that_read_leaves_nothing_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    machine = Machine()
    machine.content("proc/loadavg")
    machine.close()
    assert len(os.listdir("/proc/self/fd")) == before
