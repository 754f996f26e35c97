"""The sources of the kernel and of storage in what one recorded machine cannot show: rounds, old kernels, halves."""

from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import copytree

import pytest

from keskidee_agent.machine import Machine
from keskidee_agent.recorded import RecordedMachine
from keskidee_agent.sources import (
    bcache,
    bcachefs,
    btrfs,
    buddyinfo,
    cgroups,
    drbd,
    interrupts,
    lnstat,
    mdadm,
    meminfo_numa,
    pressure,
    processes,
    schedstat,
    selinux,
    slabinfo,
    softirqs,
    swap,
    timex,
    vmstat,
    xfrm,
    xfs,
    zfs,
    zoneinfo,
)
from keskidee_report.model import ABSENT, DENIED, FAILED, OK, Malformed
from tests.agent.recordings import FIXTURES, reading_at, reading_of, values, write_files

KERNEL = [
    *("bcache", "bcachefs", "btrfs", "buddyinfo", "cgroups", "dmmultipath", "drbd", "entropy", "filefd", "interrupts"),
    *("kernel_hung", "ksmd", "lnstat", "mdadm", "swap", "xfrm"),
    *("meminfo_numa", "pressure", "processes", "schedstat", "selinux", "slabinfo", "softirqs", "timex"),
    *("vmstat", "xfs", "zfs", "zoneinfo"),
]
SWAPS = "Filename Type Size Used Priority\n"
LABELLED_ANEW = {
    "bcache",
    "bcachefs",
    "btrfs",
    "dmmultipath",
    "drbd",
    "lnstat",
    "processes",
    "swap",
    "zfs",
    "zoneinfo",
}  # at least in part


@pytest.mark.parametrize("source", KERNEL)
def test_a_machine_that_has_nothing_of_it_is_absent(source: str, tmp_path: Path) -> None:
    assert reading_at(source, tmp_path).outcome == ABSENT


@pytest.mark.parametrize("source", KERNEL)
def test_a_second_round_gives_what_the_first_gave(source: str) -> None:
    for case in sorted((FIXTURES / source).iterdir()):
        machine = RecordedMachine(str(case))
        first = reading_of(source, machine).samples
        machine.begin_round()
        assert reading_of(source, machine).samples == first


@pytest.mark.parametrize("source", [source for source in KERNEL if source not in LABELLED_ANEW])
def test_names_and_labels_are_the_same_objects_in_the_next_round(source: str) -> None:
    [case, *_] = [case for case in sorted((FIXTURES / source).iterdir()) if reading_at(source, case).outcome == OK]
    machine = RecordedMachine(str(case))
    first = reading_of(source, machine).samples
    machine.begin_round()
    second = reading_of(source, machine).samples
    assert [(id(family), id(labels), value) for family, labels, value in first] == [
        (id(family), id(labels), value) for family, labels, value in second
    ]


def test_the_counts_of_vmstat_are_those_that_node_exporter_gives_by_default() -> None:
    wanted = "oom_kill oom_kill_x pgpgin pswpout pgfault pgmajfault pg_hugefaults"
    unwanted = "nr_dirty thp_fault_alloc pgalloc_dma xpgfault pgsteal_direct oom_kil pg_faul"
    assert [name for name in (wanted + " " + unwanted).split() if vmstat.is_wanted(name.encode())] == wanted.split()


def test_a_vmstat_with_other_lines_is_laid_out_anew(tmp_path: Path) -> None:
    machine = RecordedMachine(str(tmp_path))
    for content in ("pgfault 1\nnr_dirty 2\n", "nr_dirty 3\npgfault 4\n"):
        write_files(tmp_path, {"proc/vmstat": content})
        machine.begin_round()
        reading = reading_of("vmstat", machine)
    assert values(reading) == {("node_vmstat_pgfault", ()): 4}


@pytest.mark.parametrize("content", ["", "pgfault", "pgfault 1", "pgfault x\n", "pgfault 1 2\n", "nr_dirty 1\n"])
def test_another_vmstat_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        vmstat.parse(content.encode(), {})


def test_a_resource_that_the_kernel_does_not_measure_is_left_out(tmp_path: Path) -> None:
    line = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"
    reading = reading_at("pressure", write_files(tmp_path, {"proc/pressure/cpu": line}))
    assert values(reading) == {("node_pressure_cpu_waiting_seconds_total", ()): 2.5}


@pytest.mark.parametrize(
    "content",
    [
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n",
        "some avg10=0.00 avg60=0.00 total=1\n",
        "some avg60=0.00 avg10=0.00 avg300=0.00 total=1\n",
        "most avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
        2 * "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
    ],
)
def test_another_pressure_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        pressure.parse(content.encode())


@pytest.mark.parametrize(
    "content",
    [
        "version 14\ncpu0 1 2 3 4 5 6 7 8 9\n",
        "cpu0 1 2 3 4 5 6 7 8 9\n",
        "version 15\ncpu0 1 2 3 4 5 6 7 8\n",
        "version 15\ncpu 1 2 3 4 5 6 7 8 9\n",
        "version 15\n" + 2 * "cpu0 1 2 3 4 5 6 7 8 9\n",
    ],
)
def test_another_schedstat_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        list(schedstat.parse(content.encode(), {}))


@pytest.mark.parametrize("content", ["CPU0\nHI: 1 2\n", "CPU0\nNEW: 1\n", "HI: 1\n", "CPUx\nHI: 1\n", "\nHI:\n"])
def test_another_table_of_software_interrupts_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        list(softirqs.parse(content.encode(), {}))


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


def test_an_offset_that_cannot_be_is_counted(tmp_path: Path) -> None:
    calls = '{"timex": {"offset": 4294967296, "status": 8193}}'
    machine = RecordedMachine(str(write_files(tmp_path, {"calls.json": calls})))
    counts = [values(reading_of("timex", machine))["node_timex_offset_overflow_total", ()] for _ in range(3)]
    assert counts == [1, 2, 3]


def test_microseconds_count_unless_the_status_says_nanoseconds() -> None:
    found = dict(timex.describe({"offset": 1500, "jitter": 20, "status": 64}))
    assert (found[timex.OFFSET], found[timex.JITTER]) == (0.0015, 0.00002)


def test_this_machines_clock_is_described_in_full() -> None:
    reading = reading_of("timex", Machine())
    if reading.outcome == DENIED:
        pytest.skip(reading.reason)
    found = values(reading)
    assert (len(found), found["node_timex_tick_seconds", ()]) == (18, 0.01)


@pytest.mark.parametrize(
    "recorded", ["[]", "7", '{"offset": "1"}', '{"tick": 1.5}', '{"tai": true}', '{"freq": 1e400}']
)
def test_a_recorded_clock_that_is_no_struct_timex_is_refused(recorded: str, tmp_path: Path) -> None:
    reading = reading_at("timex", write_files(tmp_path, {"calls.json": f'{{"timex": {recorded}}}'}))
    assert (reading.outcome, reading.samples) == (FAILED, [])


def test_a_process_that_ended_a_moment_ago_is_left_out(tmp_path: Path) -> None:
    copytree(FIXTURES / "processes" / "three_processes", tmp_path, dirs_exist_ok=True)
    (tmp_path / "proc" / "20" / "stat").unlink()
    found = values(reading_at("processes", tmp_path))
    assert (found["node_processes_pids", ()], found["node_processes_threads", ()]) == (2, 2)


def test_files_of_processes_are_not_kept_open() -> None:
    machine = Machine()
    for _ in range(2):
        machine.begin_round()
        reading_of("processes", machine)
    kept = len(machine._open)
    machine.close()
    assert kept == 2  # the two limits


@pytest.mark.parametrize("content", ["", "1 (a) S 1\n", "1 a S " + "1 " * 40 + "\n", "1 (a) Q " + "1 " * 40 + "\n"])
def test_another_stat_of_a_process_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        processes.parse(content.encode())


@pytest.mark.parametrize("mode", ["2", "", "on"])
def test_another_mode_of_selinux_is_refused(mode: str, tmp_path: Path) -> None:
    reading = reading_at("selinux", write_files(tmp_path, {"sys/fs/selinux/enforce": mode}))
    assert (reading.outcome, reading.samples) == (FAILED, [])


@pytest.mark.parametrize("content", ["SELINUXTYPE=mls\n", "SELINUX=on\n", ""])
def test_another_configuration_of_selinux_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        selinux.parse(content.encode())


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


@pytest.mark.parametrize(
    "content", ["", "Filename Type Size Used\n", f"{SWAPS}/dev/sda2 partition 5 x 1\n", f"{SWAPS}a b c d\n"]
)
def test_other_swaps_are_refused(content: str) -> None:
    with pytest.raises(Malformed):
        swap.parse(content.encode())


@pytest.mark.parametrize(
    "content", ["", "XfrmInError 5", "XfrmInError x\n", "InError 5\n", "XfrmInError 5\nXfrmInError 6\n"]
)
def test_other_counts_of_ipsec_are_refused(content: str) -> None:
    with pytest.raises(Malformed):
        list(xfrm.parse(content.encode()))


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


REFUSED: dict[str, tuple[Callable[[bytes], Iterable[object]], tuple[str, ...]]] = {
    "buddyinfo": (
        lambda content: buddyinfo.parse(content, {}),
        ("", "Node 0, zone DMA\n", "Node 0 zone DMA 1\n", "Node x, zone DMA 1\n", "Node 0, zone DMA 1 -1\n"),
    ),
    "cgroups": (
        lambda content: cgroups.parse(content, {}),
        ("", "cpu\t3\t1\t1\n", f"{(cgroup := '#subsys_name hierarchy num_cgroups enabled')}\ncpu\t3\t172\t2\n")
        + (f"{cgroup}\ncpu\t3\t172", f"{cgroup}\ncpu\t3\t1\n"),
    ),
    "drbd": (
        drbd.parse,
        ("", "srcversion: 1\n", "version: 8\n 1: ro:Primary\n", "version: 8\n    ns:1\n", "version: 8\n 1: ns:-1\n"),
    ),
    "interrupts": (
        lambda content: interrupts.parse(content, {}),
        ("", "CPU0\n", "0: 1\n1: 1\n", "CPU0\n0 1\n", "CPU0 CPU1\n0: 1 x\n", "CPUx\n0: 1\n"),
    ),
    "lnstat": (
        lambda content: lnstat.parse(content, "x", {}),
        ("", "\n", "a a\n1 2\n", "a b\n1\n", "a\nx\n", "a-b\n1 2\n"),
    ),
    "numa memory": (
        lambda content: meminfo_numa.parse_memory(content, {"node": "0"}, {}),
        ("", "Node 1 A: 1 kB\n", "Node 0 A: 1 MB\n", "Node 0 A 1 kB\n", "Node 0 A: 99999999999999999999 kB\n"),
    ),
    "numa counts": (
        lambda content: meminfo_numa.parse_counts(content, {"node": "0"}, {}),
        ("", "numa_hit\n", "numa-hit 1\n", " 1\n", "numa_hit -1\n"),
    ),
    "slabinfo": (
        lambda content: slabinfo.parse(content, {}),
        ("", "slabinfo - version: 1.1\n", "slabinfo - version: 2.1\n", f"{(slab := 'slabinfo - version: 2.1')}\na 1\n")
        + (f"{slab}\n# name\na 1 2 3 4 : tunables\n",),
    ),
    "zoneinfo": (
        zoneinfo.parse,
        ("", "  min 1\n", "Node 0 zone DMA\n", "Node 0, zone DMA\n min x\n", "Node 0, zone DMA\n min 1\n min 1\n"),
    ),
}


@pytest.mark.parametrize(("parser", "content"), [(parser, text) for parser in REFUSED for text in REFUSED[parser][1]])
def test_what_is_not_in_the_kernels_format_is_refused(parser: str, content: str) -> None:
    with pytest.raises(Malformed):
        list(REFUSED[parser][0](content.encode()))


def test_zoneinfo_is_read_up_to_the_last_whole_line() -> None:
    content = b"Node 0, zone DMA\n  min 5\n  protection: (0, 7)"
    values_of = [(family.name.removeprefix("node_zoneinfo_"), value) for family, _, value in zoneinfo.parse(content)]
    assert values_of == [("min_pages", 5), ("protection_0", 0), ("protection_1", 7)]
    assert [value for _, _, value in zoneinfo.parse(content[:-1])] == [5]


def test_a_second_cache_of_a_name_is_left_out() -> None:
    content = b"slabinfo - version: 2.1\n# name\na 1 2 3 4 5 : x\na 6 7 8 9 10 : x\n"
    assert [value for _, _, value in slabinfo.parse(content, {})] == [1, 2, 3, 4, 5]
