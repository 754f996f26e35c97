"""What root's second helper leaves of disks, and that an agent without root's rights takes it."""

import json
import stat
from pathlib import Path

import pytest

from keskidee.cli import main
from keskidee_agent.host.handed import DISKS
from keskidee_report.model import DENIED, OK
from tests.agent.inventory.reading import found_in
from tests.agent.recordings import write_files

REFUSED = json.dumps(
    {"smartctl": {"messages": [{"string": "Smartctl open device: /dev/sda failed: Permission denied"}]}}
)
TOLD = json.dumps({"device": {"name": "/dev/sda", "protocol": "ATA"}, "smart_status": {"passed": False}})
SDA: dict[str, str | bytes] = {"sys/block/sda/device/model": "X", "sys/block/sda/size": "8"}


def hand_over(root: Path) -> int:
    (root / "run").mkdir(exist_ok=True)
    return main(["agent", "disks", "--root", str(root), "--output", str(root / DISKS)])


def test_an_agent_that_may_not_ask_a_disk_takes_what_was_left_of_it(tmp_path: Path) -> None:
    write_files(tmp_path, {**SDA, "commands/smartctl": TOLD})
    assert hand_over(tmp_path) == 0
    found = found_in(tmp_path, "disk", {"commands/smartctl": REFUSED})
    assert (found.outcome, found.items[0].fields["smart_passed"]) == (OK, False)
    (tmp_path / DISKS / "sda.json").unlink()
    assert found_in(tmp_path, "disk", {}).outcome == DENIED


def test_what_is_left_is_for_the_group_alone_and_of_disks_that_are_there(tmp_path: Path) -> None:
    write_files(tmp_path, {**SDA, "commands/smartctl": TOLD})
    hand_over(tmp_path)
    (tmp_path / DISKS / "sdb.json").write_text("of a disk that was pulled")
    assert hand_over(tmp_path) == 0
    assert {path.name: stat.filemode(path.stat().st_mode) for path in (tmp_path / DISKS).iterdir()} == {
        "sda.json": "-rw-r-----"
    }


def test_disks_behind_a_controller_are_handed_over_too(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "commands/smartctl --json --scan": '{"devices": [{"name": "/dev/bus/0", "type": "megaraid,8"}]}',
        "commands/smartctl --json --xall _dev_bus_0 -d megaraid,8": '{"serial_number": "S8"}',
        "commands/smartctl --json --xall _dev_sda": TOLD,
    }
    write_files(tmp_path, {**SDA, **files})
    assert hand_over(tmp_path) == 0
    for command in files:
        (tmp_path / command).unlink()
    found = found_in(tmp_path, "disk", {"commands/smartctl": REFUSED})
    assert [(each.key, each.fields.get("serial")) for each in found.items] == [
        ("sda", None),
        ("bus/0 megaraid,8", "S8"),
    ]


def test_without_smartctl_nothing_is_left(tmp_path: Path) -> None:
    write_files(tmp_path, SDA)
    assert (hand_over(tmp_path), list((tmp_path / DISKS).iterdir())) == (0, [])


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, SDA)
    (tmp_path / DISKS).mkdir(parents=True)
    (tmp_path / DISKS).chmod(0o777)
    assert (hand_over(tmp_path), capsys.readouterr().err.count("\n")) == (2, 1)


def test_a_copy_that_was_cut_short_does_not_count(tmp_path: Path) -> None:
    found = found_in(tmp_path, "disk", {**SDA, "commands/smartctl": REFUSED, f"{DISKS}/sda.json": TOLD[:-5]})
    assert (found.outcome, found.items[0].fields["model"]) == (DENIED, "X")
