"""A recorded machine: a folder answers, and nothing outside it is read or run."""

import json
from pathlib import Path

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.host.space import Space
from keskidee_report.model import Malformed, NotHere, TimedOut
from tests.agent.recordings import write_files


def machine(root: Path, files: dict[str, str | bytes] | None = None) -> RecordedMachine:
    return RecordedMachine(str(write_files(root, files or {})))


def with_calls(root: Path, calls: object) -> RecordedMachine:
    return machine(root, {"calls.json": json.dumps(calls)})


def fields(space: Space | Exception) -> tuple[int, int, int, int, int, bool]:
    assert isinstance(space, Space)
    return (space.size_bytes, space.free_bytes, space.avail_bytes, space.files, space.files_free, space.readonly)


@pytest.mark.parametrize(
    "target", ["/secret", "../secret", "../../../../secret", "/etc/../../secret", "nowhere/../../../secret"]
)
def test_no_link_leads_out_of_the_folder(tmp_path: Path, target: str) -> None:
    write_files(tmp_path, {"secret": "outside\n"})
    recorded = machine(tmp_path / "root", {"etc/hostname": ""})
    (tmp_path / "root/etc/hostname").unlink()
    (tmp_path / "root/etc/hostname").symlink_to(target)
    with pytest.raises(NotHere):
        recorded.content("etc/hostname")


def test_no_link_to_a_folder_leads_out(tmp_path: Path) -> None:
    write_files(tmp_path, {"outside/mountinfo": "outside\n"})
    recorded = machine(tmp_path / "root", {"etc/x": ""})
    (tmp_path / "root/proc").symlink_to(tmp_path / "outside")
    with pytest.raises(NotHere):
        recorded.content("proc/mountinfo")


def test_no_path_leads_out(tmp_path: Path) -> None:
    write_files(tmp_path, {"secret": "outside\n"})
    with pytest.raises(NotHere):
        machine(tmp_path / "root", {"etc/x": ""}).content("../secret")


def test_an_absolute_link_is_followed_inside(tmp_path: Path) -> None:
    recorded = machine(tmp_path, {"usr/lib/os-release": "ID=inside\n", "etc/x": ""})
    (tmp_path / "etc/os-release").symlink_to("/usr/lib/os-release")
    assert recorded.content("etc/os-release") == b"ID=inside\n"


def test_a_loop_of_links_is_not_here(tmp_path: Path) -> None:
    recorded = machine(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(NotHere):
        recorded.content("loop")
    assert not recorded.exists("loop")


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write_files(tmp_path, {"real/proc/loadavg": "1\n"})
    (tmp_path / "link").symlink_to("real")
    assert RecordedMachine(str(tmp_path / "link")).content("proc/loadavg") == b"1\n"


def test_udev_lies_at_the_top_of_a_recording(tmp_path: Path) -> None:
    assert machine(tmp_path, {"udev/data/b8:0": "E:A=1\n"}).content("run/udev/data/b8:0") == b"E:A=1\n"


def test_udev_may_lie_under_run_as_on_the_machine(tmp_path: Path) -> None:
    assert machine(tmp_path, {"run/udev/data/b8:0": "E:A=1\n"}).content("run/udev/data/b8:0") == b"E:A=1\n"


def test_psutil_is_never_there(tmp_path: Path) -> None:
    with pytest.raises(NotHere):
        _ = machine(tmp_path).psutil


@pytest.mark.parametrize(
    ("file", "platform"),
    [
        ("proc/stat", "linux"),
        ("wmi/Win32_BIOS.txt", "windows"),
        ("registry/software.reg", "windows"),
        ("commands/system_profiler", "darwin"),
        ("commands/system_profiler SPHardwareDataType", "darwin"),
        ("commands/dmidecode", "linux"),
    ],
)
def test_a_recording_tells_its_system(tmp_path: Path, file: str, platform: str) -> None:
    assert machine(tmp_path, {file: ""}).platform == platform


@pytest.mark.parametrize("name", ["lspci", "lspci -vmm -k", "_usr_bin_lspci -vmm -k"])
def test_a_command_is_answered_by_its_recording(tmp_path: Path, name: str) -> None:
    recorded = machine(tmp_path, {f"commands/{name}": "Slot: 00:00.0\n"})
    assert recorded.run("/usr/bin/lspci", "-vmm", "-k") == b"Slot: 00:00.0\n"


def test_the_bare_tool_answers_before_the_command_line(tmp_path: Path) -> None:
    recorded = machine(tmp_path, {"commands/lspci": "bare", "commands/lspci -v": "line"})
    assert recorded.run("lspci", "-v") == b"bare"


def test_a_command_that_is_not_recorded_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(NotHere):
        machine(tmp_path).run("touch", str(tmp_path / "made"))
    assert not (tmp_path / "made").exists()


UNAME = ("Linux", "pc", "6.1", "#1", "x86_64")


@pytest.mark.parametrize(
    "recorded",
    [
        {"sysname": "Linux", "nodename": "pc", "release": "6.1", "version": "#1", "machine": "x86_64"},
        ["Linux", "pc", "6.1", "#1", "x86_64"],
    ],
)
def test_uname_is_an_object_or_the_five_texts(tmp_path: Path, recorded: object) -> None:
    assert with_calls(tmp_path, {"uname": recorded}).uname() == UNAME


@pytest.mark.parametrize("recorded", [12.5, {"seconds": 12.5}])
def test_time_is_a_number_or_an_object_with_seconds(tmp_path: Path, recorded: object) -> None:
    assert with_calls(tmp_path, {"time": recorded}).time() == 12.5


def test_the_time_zone_is_recorded_beside_the_time(tmp_path: Path) -> None:
    zone = {"seconds": 1, "zone": "AST", "offset_seconds": -14400}
    assert with_calls(tmp_path, {"time": zone}).zone() == ("AST", -14400)


@pytest.mark.parametrize("call", ["uname", "time", "zone"])
def test_what_a_recording_lacks_is_not_here(tmp_path: Path, call: str) -> None:
    with pytest.raises(NotHere):
        getattr(with_calls(tmp_path, {}), call)()


@pytest.mark.parametrize("calls", [[], 1, {"uname": 1}, {"uname": "Linux"}])
def test_calls_of_another_shape_are_malformed(tmp_path: Path, calls: object) -> None:
    with pytest.raises(Malformed):
        with_calls(tmp_path, calls).uname()


@pytest.mark.parametrize("time", ["now", True, {"seconds": "now"}, {}])
def test_a_time_that_is_no_number_is_malformed(tmp_path: Path, time: object) -> None:
    with pytest.raises(Malformed):
        with_calls(tmp_path, {"time": time}).time()


def test_calls_that_are_no_json_are_malformed(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        machine(tmp_path, {"calls.json": b"\xff{"}).uname()


@pytest.mark.parametrize(
    "recorded",
    [
        {"f_bsize": 4096, "f_frsize": 512, "f_blocks": 10, "f_bfree": 5, "f_bavail": 4, "f_files": 3, "f_ffree": 2},
        {"bsize": 512, "blocks": 10, "bfree": 5, "bavail": 4, "files": 3, "ffree": 2, "flag": 0},
        [4096, 512, 10, 5, 4, 3, 2],
    ],
)
def test_statvfs_is_recorded_by_mount_point(tmp_path: Path, recorded: object) -> None:
    spaces = with_calls(tmp_path, {"statvfs": {"/srv/é": recorded}}).spaces([("/srv/é".encode(), False)])
    assert [fields(space) for space in spaces] == [(5120, 2560, 2048, 3, 2, False)]


def test_a_recorded_mount_may_be_in_trouble(tmp_path: Path) -> None:
    recorded = with_calls(tmp_path, {"statvfs": {"/a": {"error": "EIO"}, "/b": {"error": "timeout"}}})
    broken, hung, missing = recorded.spaces([(b"/a", False), (b"/b", True), (b"/c", False)])
    assert (type(broken), type(hung), type(missing)) == (OSError, TimedOut, NotHere)
