"""node_exporter's own recorded machine with other numbers in it, read by it and by us: the same series and values."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from shutil import copytree

import pytest

from tests.agent.recordings import Series, reading_at, values
from tests.agent.test_beside_node_exporter import Beside
from tests.processes import Start

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

COLLECTORS = (
    *("arp", "bonding", "buddyinfo", "conntrack", "edac", "entropy", "filefd", "infiniband", "interrupts", "meminfo"),
    *("netstat", "nfs", "powersupplyclass", "sockstat", "thermal_zone", "vmstat", "xfs"),
)
# those in which Debian's, older, gives what the newest gives
FILES = (
    *("proc/meminfo", "proc/vmstat", "proc/buddyinfo", "proc/interrupts", "proc/net/netstat", "proc/net/snmp"),
    *("proc/net/snmp6", "proc/net/sockstat", "proc/net/sockstat6", "proc/sys/fs/file-nr", "proc/sys/kernel/random/*"),
    *("proc/sys/net/netfilter/nf_conntrack_*", "sys/class/infiniband/*/ports/*/counters/*"),
    *("sys/class/power_supply/*/energy_*", "sys/class/power_supply/*/voltage_*", "sys/class/thermal/*/temp"),
    *("sys/devices/system/edac/mc/mc*/csrow*/?e_count",),
)
NUMBER = re.compile(rb"(?<![\w.:/(-])\d+(?![\w.:/()-])")
ADDED = (0, 1, 2**31 - 1, 2**32, 2**40 + 1)
"""What is added to each number in turn, so that none is small by chance and each comes to another."""


def change_numbers(root: Path) -> None:
    """Changes the numbers of the files, but for those that are part of a name."""
    turn = count()

    def changed(match: re.Match[bytes]) -> bytes:
        return str(int(match[0]) + ADDED[next(turn) % len(ADDED)]).encode()

    for pattern in FILES:
        for file in sorted(root.glob(pattern)):
            file.chmod(0o644)
            file.write_bytes(NUMBER.sub(changed, file.read_bytes()))


@pytest.fixture
def root(node_exporter_roots: Path, tmp_path: Path) -> Path:
    copied = copytree(node_exporter_roots, tmp_path / "root", symlinks=True)
    change_numbers(copied)
    return copied


@pytest.fixture
def beside(root: Path, program: Callable[[str], Path], start: Start, free_port: Callable[[], int]) -> Beside:
    port = free_port()
    paths = [f"--path.procfs={root}/proc", f"--path.sysfs={root}/sys", f"--path.rootfs={root}"]
    flags = ["--collector.disable-defaults", *paths, *[f"--collector.{name}" for name in COLLECTORS]]
    command = [str(program("prometheus-node-exporter")), *flags, f"--web.listen-address=127.0.0.1:{port}"]
    start(command, ready=f"http://127.0.0.1:{port}/")
    return Beside(port)


def without_empty(found: dict[Series, float]) -> dict[Series, float]:
    """An empty label is none."""
    return {(name, tuple(label for label in labels if label[1])): value for (name, labels), value in found.items()}


def test_a_recorded_machine_with_other_numbers_reads_the_same(beside: Beside, root: Path) -> None:
    theirs = without_empty(beside.theirs())
    ours: dict[Series, float] = {}
    for name in COLLECTORS:
        ours |= without_empty(values(reading_at(name, root)))
    assert len(theirs) > 400
    assert {key: ours.get(key) for key in theirs} == theirs
