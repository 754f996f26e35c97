"""Pools of ZFS and btrfs."""

from pathlib import Path

from keskidee_report.items import Item
from tests.agent.inventory.reading import items_in

POOLS = (("rpool", "ONLINE"), ("tank", "DEGRADED"))
UUID = "7f07c59f-6136-449c-ab87-e1cf2328731b"


def test_pools_of_zfs_with_their_state_and_no_counters(tmp_path: Path) -> None:
    folder = "proc/spl/kstat/zfs"
    files: dict[str, str | bytes] = {f"{folder}/{name}/state": f"{state}\n" for name, state in POOLS}
    assert items_in(tmp_path, "pool", {**files, f"{folder}/arcstats": "x\n"}) == [
        Item("raid", "rpool", {"level": "zfs", "state": "online", "degraded": False}),
        Item("raid", "tank", {"level": "zfs", "state": "degraded", "degraded": True}),
    ]


def test_btrfs_over_several_disks_and_the_one_that_is_missing(tmp_path: Path) -> None:
    folder = f"sys/fs/btrfs/{UUID}"
    files: dict[str, str | bytes] = {
        f"{folder}/devices/sdb/size": "1\n",
        f"{folder}/devinfo/1/missing": "0\n",
        f"{folder}/devinfo/2/missing": "1\n",
        f"{folder}/allocation/data/raid1/total_bytes": "1\n",
        f"{folder}/allocation/data/flags": "1\n",
        f"{folder}/label": "archive\n",
        "sys/fs/btrfs/features/raid56": "0\n",
        "sys/fs/btrfs/11111111-6136-449c-ab87-e1cf2328731b/devices/sda2/size": "1\n",
    }
    assert items_in(tmp_path, "pool", files) == [
        Item("raid", "archive", {"level": "btrfs raid1", "members": ("sdb",), "degraded": True, "uuid": UUID})
    ]
