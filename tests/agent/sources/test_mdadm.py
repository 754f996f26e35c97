"""Software RAID in what one recorded machine cannot show: arrays that are mended, grow, break or are put together."""

from pathlib import Path

import pytest

from keskidee_agent.sources import mdadm
from keskidee_report.model import Malformed
from tests.agent.recordings import reading_at, values, write_files

MDSTAT = "Personalities : [raid1] [raid0]\n{}\nunused devices: <none>\n"


def arrays(lines: str) -> list[tuple[str, str, tuple[int, int, int], int, int, int]]:
    found = mdadm.parse(MDSTAT.format(lines).encode())
    return [(array.device, array.state, array.disks, array.required, array.blocks, array.synced) for array in found]


@pytest.mark.parametrize(
    ("line", "state", "synced"),
    [
        ("      [=>...]  reshape =  8.5% (16/195) finish=17.0min speed=259783K/sec", "reshape", 16),
        ("      [=>...]  check =100.0% (195/195) finish=0.0min speed=1K/sec", "check", 195),
        ("\tresync=PENDING", "resync", 0),
        ("      resync=REMOTE", "resync", 0),
        ("\trecover=REMOTE", "recovering", 0),
        ("      bitmap: 0/30 pages [0KB], 65536KB chunk, file: /check", "active", 195),
        ("      bitmap: 1/1 pages\n      [=>..]  recovery =  8.5% (16/195) finish=17.0min", "recovering", 16),
    ],
)
def test_an_array_is_brought_into_step_wherever_mdstat_says_so(line: str, state: str, synced: int) -> None:
    array = f"md0 : active raid1 sda1[0](W) sdb1[2](F) sdc1[3](S)\n      195 blocks super 1.2 [2/1] [U_]\n{line}\n"
    assert arrays(array) == [("md0", state, (1, 1, 1), 2, 195, synced)]


def test_an_array_without_spares_counts_the_disks_of_its_line() -> None:
    assert arrays("md_d1 : active (read-only) raid0 sda1[0] sdb1[1]\n      99 blocks 64k chunks\n") == [
        ("md_d1", "active", (2, 0, 0), 2, 99, 99)
    ]


def test_an_array_that_broke_is_in_none_of_the_states_and_counts_its_disks() -> None:
    assert arrays("md0 : broken raid1 sda1[0] sdb1[1](F)\n      99 blocks super 1.2 [2/1] [U_]\n") == [
        ("md0", "broken", (1, 1, 0), 2, 99, 99)
    ]


def test_an_array_that_is_being_put_together_hides_no_other() -> None:
    empty = "md1 : inactive super external:imsm\n       \n"
    whole = "md0 : active raid1 sda1[0] sdb1[1]\n      99 blocks [2/2] [UU]\n      \n"
    assert [device for device, *_ in arrays(empty + whole + empty)] == ["md0"]


@pytest.mark.parametrize(
    "lines",
    [
        "md0 : inactive sda1[0](S)\n       \n",
        "md0 : active raid1 sda1[0]\n",
        "md0 : active raid1 sda1[0]\n      1 blocks [2/1\n",
        "md0 : active raid1 sda1[0]\n      1 blocks [2/x] [U_]\n",
        "md0 : active raid1 sda1[0]\n      1 bytes [2/1] [U_]\n",
        "md0 : ill raid1 sda1[0]\n      1 blocks [2/1] [U_]\n",
        "md0 : active raid1 sda1[0]\n      1 blocks [2/1] [U_]\n      recovery = 8.5% (16\n",
        "      1 blocks [2/1] [U_]\n",
        "md0\n",
    ],
)
def test_another_mdstat_is_refused(lines: str) -> None:
    with pytest.raises(Malformed):
        arrays(lines)


def test_an_array_that_grows_was_made_for_the_disks_to_come(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "proc/mdstat": MDSTAT.format(""),
        "sys/block/md0/md/raid_disks": "4 (3)\n",
        "sys/block/md0/md/level": "raid5\n",
        "sys/block/md1/md/level": "raid5\n",
    }
    reading = reading_at("mdadm", write_files(tmp_path, files))
    assert values(reading) == {("node_md_raid_disks", (("device", "md0"),)): 4}
