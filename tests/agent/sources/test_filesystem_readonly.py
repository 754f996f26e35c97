"""Read-only: by the mounts of process 1 and not by what the agent's own sandbox may write; and seen at once."""

import json
from pathlib import Path

from keskidee_agent.gather.gather import read
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import filesystem
from keskidee_report.model import OK
from tests.agent.recordings import SOURCES, values, write_files

READ_ONLY = 1  # ST_RDONLY of statvfs(3)


class SilentKernel(RecordedMachine):
    """It does not tell that mountinfo has changed, as Linux does not where an error on a disk made it read-only."""

    def changed(self, path: str) -> bool:
        return False


def readonly(machine: RecordedMachine, *, mount: str, file_system: str, statvfs: int) -> float:
    """node_filesystem_readonly of `/` in the next round, with these flags in mountinfo and this one of statvfs."""
    space = {"f_frsize": 4096, "f_blocks": 9, "f_bfree": 5, "f_bavail": 5, "f_files": 1, "f_ffree": 1}
    files: dict[str, str | bytes] = {
        "proc/1/mountinfo": f"27 1 254:0 / / {mount} - ext4 /dev/vda1 {file_system}\n",
        "calls.json": json.dumps({"statvfs": {"/": {**space, "f_flag": statvfs}}}),
    }
    write_files(Path(machine.root), files)
    machine.begin_round()
    machine._calls = None  # a recording does not change, and this one does
    reading = read(SOURCES["filesystem"], machine)
    assert reading.outcome == OK, reading.reason
    labels = (("device", "/dev/vda1"), ("fstype", "ext4"), ("mountpoint", "/"))
    return values(reading)["node_filesystem_readonly", labels]


def test_a_sandbox_that_may_not_write_turns_nothing(tmp_path: Path) -> None:
    machine = SilentKernel(str(tmp_path))
    rounds = [readonly(machine, mount="rw,relatime", file_system="rw", statvfs=READ_ONLY) for _ in range(3)]
    assert rounds == [0, 0, 0]


def test_what_is_mounted_read_only_is(tmp_path: Path) -> None:
    assert readonly(SilentKernel(str(tmp_path)), mount="ro", file_system="rw", statvfs=READ_ONLY) == 1


def test_the_agents_own_mountinfo_tells_of_file_systems_and_not_of_mounts() -> None:
    lines = b"27 1 254:0 / / ro,relatime - ext4 /dev/vda1 rw\n31 27 8:1 / /srv rw,relatime - xfs /dev/sda1 ro,attr2\n"
    assert [mount.readonly for mount in filesystem.parse(lines)] == [True, True]
    assert [mount.readonly for mount in filesystem.parse(lines, own=True)] == [False, True]


def test_mountinfo_is_right_where_a_recording_has_no_flags(tmp_path: Path) -> None:
    machine = RecordedMachine(str(tmp_path))
    assert [readonly(machine, mount="rw", file_system=each, statvfs=0) for each in ("ro", "rw")] == [1, 0]


def test_a_file_system_that_an_error_made_read_only_is_seen_in_the_same_round(tmp_path: Path) -> None:
    machine = SilentKernel(str(tmp_path))
    before = readonly(machine, mount="rw", file_system="rw", statvfs=0)
    after = readonly(machine, mount="rw", file_system="ro", statvfs=READ_ONLY)
    assert (before, after) == (0, 1)


def test_one_that_may_be_written_again_is_seen_in_the_same_round(tmp_path: Path) -> None:
    machine = SilentKernel(str(tmp_path))
    before = readonly(machine, mount="rw", file_system="ro", statvfs=READ_ONLY)
    after = readonly(machine, mount="rw", file_system="rw", statvfs=0)
    assert (before, after) == (1, 0)
