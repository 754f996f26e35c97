"""File systems and what they lie on: volumes and their groups, encryption, an array that lost a disk."""

import json
from pathlib import Path

from keskidee_report.items import Item
from tests.agent.inventory.reading import items_in
from tests.agent.inventory.specimens import LAYERS, MDSTAT, MOUNTS, STATVFS


def test_file_systems_say_what_they_lie_on(tmp_path: Path) -> None:
    calls = json.dumps({"statvfs": STATVFS})
    udev = {"udev/data/b8:1": "E:ID_FS_LABEL=EFI\nE:ID_FS_UUID=1234-ABCD\n"}
    files: dict[str, str | bytes] = {"proc/self/mountinfo": MOUNTS, "calls.json": calls, **LAYERS, **udev}
    assert items_in(tmp_path, "filesystem", files) == [
        Item(
            "filesystem",
            "/",
            {
                "mount": "/",
                "device": "/dev/mapper/vg0-root",
                "type": "ext4",
                "size_bytes": 409600,
                "free_bytes": 163840,
                "encrypted": True,
            },
        ),
        Item(
            "filesystem",
            "/boot",
            {
                "mount": "/boot",
                "device": "/dev/sda1",
                "type": "vfat",
                "label": "EFI",
                "uuid": "1234-ABCD",
                "read_only": True,
                "encrypted": False,
            },
        ),
        Item("logical_volume", "vg0/root", {"device": "dm-0", "on": ("dm-1",), "size_bytes": 1 << 20, "uuid": "abc"}),
        Item("encryption", "sda2_crypt", {"device": "dm-1", "on": ("sda2",), "format": "LUKS2", "enabled": True}),
        Item("volume_group", "vg0", {"volumes": ("root",), "on": ("dm-1",)}),
    ]


def test_a_volume_group_is_told_by_its_volumes(tmp_path: Path) -> None:
    of_group, of_volume = "eFNPYrUFbmeCzvOOPKcnIXUqJh0lWkTQ", "g9mJD1K0kTJMbF0BXmmyEUr0DWNvCzMv"
    files: dict[str, str | bytes] = {
        "sys/block/dm-0/dm/name": "my--group-a--b_tdata\n",
        "sys/block/dm-0/dm/uuid": f"LVM-{of_group}{of_volume}-tdata\n",
        "sys/block/dm-0/slaves/sdb1/dev": "8:17\n",
        "sys/block/dm-1/dm/name": "my--group-pool\n",
        "sys/block/dm-1/dm/uuid": f"LVM-{of_group}{of_volume[::-1]}\n",
        "sys/block/dm-1/slaves/dm-0/dev": "254:0\n",
    }
    *volumes, group = items_in(tmp_path, "filesystem", files)
    assert [(each.key, each.fields["uuid"]) for each in volumes] == [
        ("my-group/a-b_tdata", "g9mJD1-K0kT-JMbF-0BXm-myEU-r0DW-NvCzMv-tdata"),
        ("my-group/pool", "vMzCvN-WD0r-UEym-mXB0-FbMJ-Tk0K-1DJm9g"),
    ]
    uuid = "eFNPYr-UFbm-eCzv-OOPK-cnIX-UqJh-0lWkTQ"
    assert group == Item("volume_group", "my-group", {"uuid": uuid, "volumes": ("a-b_tdata", "pool"), "on": ("sdb1",)})


def test_an_array_that_lost_a_disk(tmp_path: Path) -> None:
    assert items_in(tmp_path, "filesystem", {"proc/mdstat": MDSTAT}) == [
        Item(
            "raid",
            "md0",
            {"level": "raid1", "state": "active", "members": ("sdb1", "sda1"), "failed": ("sdb1",), "degraded": True},
        )
    ]
