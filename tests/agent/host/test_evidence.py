"""Which disks count as evidence of which machine this is."""

from pathlib import Path

import pytest

from keskidee_agent.host.evidence import disk_marks
from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_report.identity import mark
from tests.agent.recordings import write_files

PCI = "sys/devices/pci0000:00/0000:00:17.0/"


def marks(root: Path, files: dict[str, str | bytes], *, at: str = PCI + "ata1/host0/target0:0:0/0:0:0:0/") -> str:
    """Of a machine with one disk, sda, that hangs at a place in /sys/devices."""
    write_files(root, {at + "state": "running\n"})
    disk = root / "sys/block/sda"
    disk.mkdir(parents=True)
    (disk / "device").symlink_to("../../../" + at)
    write_files(disk, files)
    return disk_marks(RecordedMachine(str(root)))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"serial": "vol0123456789\n"}, "vol0123456789"),
        ({"device/wwid": "t10.ATA     Samsung SSD 860   S3Z9NB0K \n"}, "t10.ATA Samsung SSD 860 S3Z9NB0K"),
        ({"device/serial": "S4EV\n", "wwid": "eui.0025385991b0a3f7\n"}, "S4EV"),
        ({"device/serial": "0000000000\n", "wwid": "eui.0025385991b0a3f7\n"}, "eui.0025385991b0a3f7"),
    ],
)
def test_a_disk_is_known_by_its_serial_number_or_its_name_in_the_world(
    tmp_path: Path, files: dict[str, str | bytes], told: str
) -> None:
    assert marks(tmp_path, files) == mark(told)


@pytest.mark.parametrize(
    "files",
    [
        {}, {"serial": "To be filled by O.E.M.\n"}, {"device/wwid": "t10.ATA QEMU HARDDISK QM00001\n"},
        {"serial": "S4EV\n", "removable": "1\n"},
    ],
)  # fmt: skip
def test_what_many_disks_say_or_comes_and_goes_is_no_evidence(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    assert marks(tmp_path, files) == ""


def test_a_disk_of_a_dock_is_no_evidence(tmp_path: Path) -> None:
    at = "sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0/"
    assert marks(tmp_path, {"serial": "S4EV\n"}, at=at) == ""


def test_virtual_disks_are_none_and_a_machine_without_disks_has_no_such_fact(tmp_path: Path) -> None:
    write_files(tmp_path, {"sys/block/loop0/serial": "S4EV\n", "sys/block/dm-0/wwid": "eui.00\n"})
    assert "disks" not in facts_of(RecordedMachine(str(tmp_path)))


def test_a_mark_tells_no_serial_number_and_white_space_makes_no_other(tmp_path: Path) -> None:
    found = marks(tmp_path, {"serial": "S4EV\n"})
    assert (len(found), found, "S4EV" in found) == (12, mark(" S4EV  "), False)
