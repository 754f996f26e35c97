"""What is left out by default is decided without `re`, exactly as the regular expression in the settings says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import diskstats, filesystem, netdev
from tests.agent.recordings import FIXTURES, reading_of

NAMES = {
    "disk": (
        diskstats.EXCLUDE,
        diskstats.is_excluded,
        "ram0 loop12 fd0 sda sda1 sdaa1 hdb2 vdc10 xvda1 nvme0n1 nvme0n1p1 nvme10n2p10 nvmen1p1 md0 dm-0 sr0 zram0",
    ),
    "interface": (netdev.EXCLUDE, netdev.is_excluded, "lo lo0 eth0 xlo"),
    "type": (
        filesystem.TYPES_EXCLUDE,
        filesystem.EXCLUDED_TYPES.__contains__,
        "ext4 cgroup cgroup2 cgroup3 overlay tmpfs xfs squashfs proc procfs nfs4 fuse.sshfs",
    ),
    "mount point": (
        filesystem.MOUNT_POINTS_EXCLUDE,
        filesystem.is_excluded_mount_point,
        "/ /dev /dev/shm /device /proc /run/lock /runtime /mnt /media /home dev /var/lib/docker /var/lib/docker/x/y",
    ),
}
PIECES = {
    "disk": st.sampled_from(
        ["ram", "loop", "fd", "h", "s", "v", "xv", "z", "d", "a", "z", "1", "09", "nvme", "n", "p", "²"]
    ),
    "interface": st.sampled_from(["l", "o", "0", "eth"]),
    "type": st.sampled_from(["cgroup", "2", "?", "|", "proc", "fs", "ext4", "^", "$", ""]),
    "mount point": st.sampled_from(
        ["/", "dev", "proc", "run", "sys", "mnt", "media", "/var/lib/docker", "/var/lib/containers/storage", "x", "/x"]
    ),
}


@pytest.mark.parametrize("what", NAMES)
def test_a_usual_name_is_decided_as_the_expression_does(what: str) -> None:
    expression, decide, names = NAMES[what]
    assert [name for name in names.split() if decide(name) != bool(re.search(expression, name, re.ASCII))] == []


@pytest.mark.parametrize("what", NAMES)
@given(data=st.data())
def test_any_name_is_decided_as_the_expression_does(what: str, data: st.DataObject) -> None:
    expression, decide, _ = NAMES[what]
    name = "".join(data.draw(st.lists(PIECES[what], max_size=6)))
    assert decide(name) == bool(re.search(expression, name, re.ASCII))


@pytest.mark.parametrize(
    ("source", "case", "setting", "expression", "label", "left"),
    [
        ("netdev", "server", "netdev.device_exclude", "^eth0", "device", {"lo", "enp0s31f6abcdef"}),
        ("diskstats", "with_udev", "diskstats.device_exclude", "^[a-r]", "device", {"sda", "sda1", "vda"}),
        ("filesystem", "server", "filesystem.mount_points_exclude", "^/(srv|run)", "mountpoint", {"/"}),
        ("filesystem", "server", "filesystem.types_exclude", "^[^x]", "mountpoint", {"/srv/files"}),
    ],
)
def test_a_setting_takes_the_place_of_the_default(
    source: str, case: str, setting: str, expression: str, label: str, left: set[str]
) -> None:
    machine = RecordedMachine(str(FIXTURES / source / case), excludes={setting: expression})
    assert {labels[label] for _, labels, _ in reading_of(source, machine).samples} == left


def test_an_expression_is_compiled_once(tmp_path: Path) -> None:
    machine = RecordedMachine(str(tmp_path), excludes={"netdev.device_exclude": "x"})

    def test() -> Callable[[str], bool]:
        return machine.excluded("netdev.device_exclude", netdev.EXCLUDE, netdev.is_excluded)

    assert test() is test()
