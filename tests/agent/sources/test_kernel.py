"""The sources of the kernel in what one recorded machine cannot show: rounds, old kernels, halves."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import (
    buddyinfo,
    cgroups,
    drbd,
    interrupts,
    lnstat,
    meminfo_numa,
    pressure,
    schedstat,
    selinux,
    slabinfo,
    softirqs,
    swap,
    vmstat,
    xfrm,
    zoneinfo,
)
from keskidee_report.model import ABSENT, FAILED, OK, Malformed
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


@pytest.mark.parametrize("mode", ["2", "", "on"])
def test_another_mode_of_selinux_is_refused(mode: str, tmp_path: Path) -> None:
    reading = reading_at("selinux", write_files(tmp_path, {"sys/fs/selinux/enforce": mode}))
    assert (reading.outcome, reading.samples) == (FAILED, [])


@pytest.mark.parametrize("content", ["SELINUXTYPE=mls\n", "SELINUX=on\n", ""])
def test_another_configuration_of_selinux_is_refused(content: str) -> None:
    with pytest.raises(Malformed):
        selinux.parse(content.encode())


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
