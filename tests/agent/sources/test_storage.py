"""Caches and file systems in what one recorded machine cannot show: bcache, bcachefs, Btrfs, XFS and ZFS."""

from pathlib import Path
from shutil import copytree

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import bcache, bcachefs, btrfs, xfs, zfs
from keskidee_report.model import Malformed
from tests.agent.recordings import FIXTURES, reading_at, reading_of, values, write_files


@pytest.mark.parametrize("content", ["", "debug 0\n", "rw 1\n", "rw 1 2\nrw 1 2\n", "rw 1 -2\n"])
def test_other_statistics_of_xfs_are_refused(content: str) -> None:
    with pytest.raises(Malformed):
        list(xfs.parse(content.encode(), {}))


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", 0), ("1023", 1023), ("1.1M", 1150976), ("-427.5k", -437748), ("20.4G", 21894266880), ("3k", 3072)],
)
def test_an_amount_written_for_people_is_read_as_node_exporter_does(text: str, amount: int) -> None:
    assert bcache.amount_of(text.encode()) == amount


@pytest.mark.parametrize("text", ["", "-", "k", "1.5", "1.k", ".5k", "1.5x", "+1", "1_0", "--1", "1" * 30])
def test_another_amount_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        bcache.amount_of(text.encode())


@pytest.mark.parametrize(
    ("mode", "devices", "ratio"),
    [("single", 1, 1), ("raid1", 2, 2), ("raid1c4", 4, 4), ("raid5", 4, 4 / 3), ("raid6", 4, 2), ("raid6", 2, None)],
)
def test_bytes_on_devices_for_a_byte_of_data(mode: str, devices: int, ratio: float | None) -> None:
    assert btrfs.ratio_of(mode, devices) == ratio


def test_a_second_snapshot_of_a_disk_is_told_by_the_name_of_its_folder(tmp_path: Path) -> None:
    source = FIXTURES / "btrfs/two_file_systems/sys/fs/btrfs/11111111-2222-4333-8444-555555555555"
    for name in ("1111-first", "2222-second"):
        copytree(source, tmp_path / "sys/fs/btrfs" / name)
    found = values(reading_at("btrfs", tmp_path))
    inside = (source / "metadata_uuid").read_text().strip()
    assert [dict(labels)["uuid"] for name, labels in found if name == "node_btrfs_info"] == [inside, "2222-second"]


@pytest.mark.parametrize("text", ["", "k", "1.5", "1.5x", "-1k", "1_0", "1.5k5"])
def test_another_amount_of_bcachefs_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        bcachefs.amount_of(text.encode())


@pytest.mark.parametrize("content", ["a: 1", "a:\n", "\n", "a: 1 2\n\n"])
def test_another_table_of_bcachefs_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        list(bcachefs.table(content.encode(), 1, headed=False))


@pytest.mark.parametrize("content", ["", "commits 1", "commits x\n", "commits 1\ncommits 2\n", "total_commit_ms \n"])
def test_other_commits_are_refused(content: str) -> None:
    with pytest.raises(Malformed):
        btrfs.parse_commits(content.encode())


def test_commits_may_lack_the_last_newline() -> None:
    assert btrfs.parse_commits(b"commits 1\ntotal_commit_ms 25") == {b"commits": 1, b"total_commit_ms": 25}


@pytest.mark.parametrize("content", ["", "ONLINE", "online\n", "ONLINE\nONLINE\n", "NEW\n"])
def test_another_state_of_a_pool_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        zfs.parse_state(content.encode())


def test_a_data_set_that_was_renamed_has_its_new_name_in_the_next_round(tmp_path: Path) -> None:
    machine = RecordedMachine(str(tmp_path))
    for name in ("tank/old", "tank/new"):
        content = f"23 1 0x01 2 96 1 2\nname type data\ndataset_name 7 {name}\nwrites 4 5\n"
        write_files(tmp_path, {"proc/spl/kstat/zfs/tank/objset-1": content})
        machine.begin_round()
        reading = reading_of("zfs", machine)
    labels = (("dataset", "tank/new"), ("zpool", "tank"))
    assert values(reading) == {("node_zfs_zpool_dataset_writes", labels): 5}
