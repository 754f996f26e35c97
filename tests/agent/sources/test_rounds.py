"""From round to round: what a source remembers is never in the way of what has changed."""

import os
from pathlib import Path

import pytest

from keskidee_agent.gather.gather import read
from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import cpu, diskstats, filesystem, meminfo
from keskidee_report.model import FAILED, OK, Malformed
from tests.agent.recordings import FIXTURES, SOURCES, Series, values, write_files

CPU = "cpu  0 0 0 0 0 0 0 0 0 0\n"


class Rounds:
    """A recorded machine that changes between its rounds."""

    def __init__(self, source: str, root: Path) -> None:
        self.source = SOURCES[source]
        self.root = root
        self.machine = RecordedMachine(str(root))

    def read(self, files: dict[str, str | bytes]) -> dict[Series, float]:
        """The next round, after these files were written."""
        write_files(self.root, files)
        self.machine.begin_round()
        reading = read(self.source, self.machine)
        assert reading.outcome == OK, reading.reason
        return values(reading)


def seconds(found: dict[Series, float], mode: str, processor: str = "0") -> float | None:
    return found.get(("node_cpu_seconds_total", (("cpu", processor), ("mode", mode))))


def test_a_little_step_back_of_iowait_is_not_reported(tmp_path: Path) -> None:
    rounds = Rounds("cpu", tmp_path)
    rounds.read({"proc/stat": CPU + "cpu0 1 1 1 1000 500 1 1 1 1 1\n"})
    found = rounds.read({"proc/stat": CPU + "cpu0 1 1 1 1010 499 1 1 1 1 1\n"})
    assert (seconds(found, "iowait"), seconds(found, "idle")) == (5.0, 10.1)


def test_a_processor_that_was_plugged_in_again_counts_anew(tmp_path: Path) -> None:
    rounds = Rounds("cpu", tmp_path)
    rounds.read({"proc/stat": CPU + "cpu0 900 1 1 100000 500 1 1 1 1 1\n"})
    found = rounds.read({"proc/stat": CPU + "cpu0 5 1 1 20 3 1 1 1 1 1\n"})
    assert (seconds(found, "user"), seconds(found, "idle")) == (0.05, 0.2)


def test_a_processor_that_was_plugged_out_is_gone(tmp_path: Path) -> None:
    rounds = Rounds("cpu", tmp_path)
    one, two = "cpu0 1 1 1 1000\n", "cpu1 1 1 1 2000\n"
    rounds.read({"proc/stat": CPU + one + two})
    found = rounds.read({"proc/stat": CPU + one})
    assert (seconds(found, "idle"), seconds(found, "idle", "1")) == (10.0, None)


def test_a_processor_that_was_plugged_in_is_there(tmp_path: Path) -> None:
    rounds = Rounds("cpu", tmp_path)
    one, two = "cpu0 1 1 1 1000\n", "cpu1 1 1 1 2000\n"
    rounds.read({"proc/stat": CPU + one})
    assert seconds(rounds.read({"proc/stat": CPU + one + two}), "idle", "1") == 20.0


@pytest.mark.parametrize(
    ("last", "now", "told"), [([5, 5, 5, 5], [6, 5, 5, 4], [6, 5, 5, 5]), ([5, 5], [1, 1, 1], [1, 1, 1])]
)
def test_ticks_never_run_backwards(last: list[int], now: list[int], told: list[int]) -> None:
    assert cpu.forward(last, now) == told


def test_memory_of_another_layout_is_laid_out_anew(tmp_path: Path) -> None:
    rounds = Rounds("meminfo", tmp_path)
    rounds.read({"proc/meminfo": "MemTotal:  100 kB\nMemFree:  50 kB\n"})
    found = rounds.read({"proc/meminfo": "MemTotal:  100 kB\nHugePages_Total:   3\nMemFree:  60 kB\n"})
    assert found == {
        ("node_memory_MemTotal_bytes", ()): 102400,
        ("node_memory_HugePages_Total", ()): 3,
        ("node_memory_MemFree_bytes", ()): 61440,
    }


def test_a_count_that_the_kernel_let_run_below_zero_costs_no_other(tmp_path: Path) -> None:
    rounds = Rounds("meminfo", tmp_path)
    found = rounds.read({"proc/meminfo": "MemTotal:  100 kB\nHugePages_Rsvd:    18446744073709551615\n"})
    assert found == {
        ("node_memory_MemTotal_bytes", ()): 102400,
        ("node_memory_HugePages_Rsvd", ()): (1 << 64) - 1,
    }


@pytest.mark.parametrize(
    "content",
    [b"MemTotal: kB\nMemFree: 1 2 kB\n", b"MemTotal: 1 kB\nMemFree: kB\n", b"MemTotal: 1 2 kB\nMemFree: kB\n"],
)
def test_memory_with_a_number_missing_or_too_many_is_refused(content: bytes) -> None:
    remembered: dict[str, meminfo.Layout] = {}
    list(meminfo.parse(b"MemTotal: 100 kB\nMemFree: 50 kB\n", remembered))
    with pytest.raises(Malformed):
        list(meminfo.parse(content, remembered))


DISK = "   8       0 sda {} 0 0 0 0 0 0 0 0 0 0\n"


def test_a_disk_that_worked_has_new_counts(tmp_path: Path) -> None:
    rounds = Rounds("diskstats", tmp_path)
    rounds.read({"proc/diskstats": DISK.format(1)})
    found = rounds.read({"proc/diskstats": DISK.format(2)})
    assert found["node_disk_reads_completed_total", (("device", "sda"),)] == 2


def models(found: dict[Series, float]) -> list[str]:
    return [dict(labels)["model"] for name, labels in found if name == "node_disk_info"]


def test_another_disk_in_the_same_place_has_its_own_name(tmp_path: Path) -> None:
    rounds = Rounds("diskstats", tmp_path)
    first = rounds.read({"proc/diskstats": DISK.format(1), "udev/data/b8:0": "E:ID_MODEL=first\n"})
    os.utime(tmp_path / "udev/data", ns=(1, 1))  # udev writes a file beside and renames it, so its folder changes
    second = rounds.read({"udev/data/b8:0": "E:ID_MODEL=second\n"})
    assert (models(first), models(second)) == (["first"], ["second"])


def test_a_disk_that_was_pulled_out_is_gone(tmp_path: Path) -> None:
    rounds = Rounds("diskstats", tmp_path)
    other = "   8      16 sdb 1 0 0 0 0 0 0 0 0 0 0\n"
    rounds.read({"proc/diskstats": DISK.format(1) + other})
    found = rounds.read({"proc/diskstats": other})
    assert {labels for name, labels in found if name == "node_disk_io_now"} == {(("device", "sdb"),)}


def test_an_interface_that_came_is_reported(tmp_path: Path) -> None:
    rounds = Rounds("netdev", tmp_path)
    content = (FIXTURES / "netdev" / "server" / "proc/net/dev").read_text(encoding="ascii")
    rounds.read({"proc/net/dev": content})
    found = rounds.read({"proc/net/dev": content + "  wg0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"})
    assert found["node_network_transmit_compressed_total", (("device", "wg0"),)] == 16


def test_interfaces_that_come_and_go_are_not_kept_for_ever(tmp_path: Path) -> None:
    rounds = Rounds("netdev", tmp_path)
    header = "".join((FIXTURES / "netdev" / "server" / "proc/net/dev").read_text(encoding="ascii").splitlines(True)[:2])
    for number in range(300):
        rounds.read({"proc/net/dev": f"{header}veth{number}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"})
    assert len(rounds.machine.memory("netdev")["known"]) < 100


def test_a_property_of_a_disk_that_should_be_a_number_costs_itself() -> None:
    properties = {"ID_ATA": "1", "ID_ATA_WRITE_CACHE": "1", "ID_ATA_ROTATION_RATE_RPM": "7200 rpm"}
    found = {family.name: value for family, _, value in diskstats.describe("sda", "8", "0", "1", properties)}
    assert found == {"node_disk_info": 1, "node_disk_ata_write_cache": 1}


def test_blanks_in_the_options_of_a_mount_hide_no_other() -> None:
    drive = b"140 1 0:61 / /docker ro,noatime - 9p C:\\134Docker rw,aname=drvfs;path=C:\\Program Files\\Docker;uid=0\n"
    root = b"27 1 8:32 / / rw,relatime - ext4 /dev/sdc rw\n"
    assert [(mount.labels["device"], mount.readonly) for mount in filesystem.parse(drive + root)] == [
        ("C:\\Docker", True),
        ("/dev/sdc", False),
    ]


def test_a_new_mount_is_reported(tmp_path: Path) -> None:
    rounds = Rounds("filesystem", tmp_path)
    root = "27 1 254:0 / / rw - ext4 /dev/vda1 rw\n"
    space = [4096, 4096, 10, 5, 5, 1, 1]
    calls = f'{{"statvfs": {{"/": {space}, "/srv": {space}}}}}'
    rounds.read({"proc/1/mountinfo": root, "calls.json": calls})
    found = rounds.read({"proc/1/mountinfo": root + "28 27 8:1 / /srv rw - xfs /dev/sda1 rw\n"})
    assert {dict(labels)["mountpoint"] for _, labels in found} == {"/", "/srv"}


def test_a_clock_source_that_fails_is_replaced(tmp_path: Path) -> None:
    folder = "sys/devices/system/clocksource/clocksource0/"
    rounds = Rounds("time", tmp_path)
    rounds.read({folder + "current_clocksource": "tsc\n", folder + "available_clocksource": "tsc hpet \n"})
    found = rounds.read({folder + "current_clocksource": "hpet\n", folder + "available_clocksource": "hpet \n"})
    assert sorted(found) == [
        ("node_time_clocksource_available_info", (("clocksource", "hpet"), ("device", "0"))),
        ("node_time_clocksource_current_info", (("clocksource", "hpet"), ("device", "0"))),
    ]


def test_a_round_after_a_malformed_one_is_right_again(tmp_path: Path) -> None:
    rounds = Rounds("cpu", tmp_path)
    rounds.read({"proc/stat": CPU + "cpu0 1 1 1 1000\n"})
    write_files(tmp_path, {"proc/stat": CPU + "cpu0 1 1 1 20"})
    rounds.machine.begin_round()
    assert read(rounds.source, rounds.machine).outcome == FAILED
    assert seconds(rounds.read({"proc/stat": CPU + "cpu0 1 1 1 2000\n"}), "idle") == 20.0


def test_this_machine_gives_the_same_series_in_every_round() -> None:
    machine = Machine()
    kept = ("cpu", "diskstats", "filesystem", "meminfo", "stat", "time", "uname")
    rounds = []
    for _ in range(3):
        machine.begin_round()
        rounds.append({key for name in kept for key in values(read(SOURCES[name], machine))})
    machine.close()
    assert rounds[0] == rounds[1] == rounds[2]
