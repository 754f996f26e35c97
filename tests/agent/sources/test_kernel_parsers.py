"""Whatever bytes a file of the kernel or of storage holds, its parser gives finite values, or raises Malformed."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.sources import (
    bcache,
    bcachefs,
    btrfs,
    buddyinfo,
    cgroups,
    drbd,
    filefd,
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
    vmstat,
    xfrm,
    xfs,
    zfs,
    zoneinfo,
)
from keskidee_report.model import Malformed, Sample
from tests.agent.anything import contents, odd_values, recorded_files, spoiled

NUMBER = filefd.ALLOCATED


def kstat(content: bytes, remembered: dict[object, object]) -> Iterable[Sample]:
    return zfs.parse(content, "arc", (zfs.UINT64, zfs.INT64), remembered, {}, "arcstats")


PARSERS: dict[str, Callable[[bytes], Iterable[Sample]]] = {
    "bcache": lambda content: [NUMBER(amount) for amount in bcache.parse_writeback(content).values()],
    "bcachefs tables": lambda content: [NUMBER(bcachefs.amount_of(row[0])) for _, row in bcachefs.table(content, 1)],
    "bcachefs counters": lambda content: [NUMBER(bcachefs.since_creation(content))],
    "bcachefs traffic": lambda content: [NUMBER(count) for _, _, count in bcachefs.done(content)],
    "bcachefs errors": lambda content: [NUMBER(count) for _, count in bcachefs.errors(content)],
    "btrfs": lambda content: [NUMBER(number) for number in btrfs.parse_commits(content).values()],
    "buddyinfo": lambda content: buddyinfo.parse(content, {}),
    "cgroups": lambda content: cgroups.parse(content, {}),
    "drbd": drbd.parse,
    "filefd": filefd.parse,
    "interrupts": lambda content: interrupts.parse(content, {}),
    "lnstat": lambda content: lnstat.parse(content, "table", {}),
    "mdadm": lambda content: [sample for array in mdadm.parse(content) for sample in mdadm.samples_of(array)],
    "numa memory": lambda content: meminfo_numa.parse_memory(content, {"node": "0"}, {}),
    "numa counts": lambda content: meminfo_numa.parse_counts(content, {"node": "0"}, {}),
    "pressure": lambda content: [NUMBER(total) for total in pressure.parse(content).values()],
    "processes": lambda content: [NUMBER(count, state=state) for state, count in [processes.parse(content)]],
    "schedstat": lambda content: schedstat.parse(content, {}),
    "selinux": lambda content: [NUMBER(selinux.parse(content))],
    "slabinfo": lambda content: slabinfo.parse(content, {}),
    "softirqs": lambda content: softirqs.parse(content, {}),
    "swap": swap.parse,
    "vmstat": lambda content: vmstat.parse(content, {}),
    "xfrm": xfrm.parse,
    "xfs": lambda content: xfs.parse(content, {}),
    "zfs": lambda content: kstat(content, {}),
    "zfs pool": lambda content: zfs.parse_io(content, {}, {}),
    "zfs state": lambda content: [NUMBER(value) for value in zfs.parse_state(content)],
    "zoneinfo": zoneinfo.parse,
}
SOURCES = (
    "bcache bcachefs btrfs entropy filefd ksmd mdadm pressure processes schedstat selinux softirqs swap vmstat xfrm"
)
SOURCES += " xfs zfs"
REAL = recorded_files(*SOURCES.split())


CONTENTS = contents("0123456789abcdefCPUx \n:-_+.>/\t,()[]=%\x00é", REAL)


@pytest.mark.parametrize("parser", PARSERS)
@given(content=CONTENTS)
def test_anything_is_read_or_refused(parser: str, content: bytes) -> None:
    assert odd_values(PARSERS[parser], content, lambda value: abs(value) < 2.0**75) == []


# how to parse, and what a first round finds in its memory
REMEMBERING: dict[str, Callable[..., Iterable[Sample]]] = {
    "buddyinfo": buddyinfo.parse,
    "cgroups": cgroups.parse,
    "interrupts": interrupts.parse,
    "schedstat": schedstat.parse,
    "slabinfo": slabinfo.parse,
    "softirqs": softirqs.parse,
    "vmstat": vmstat.parse,
    "zfs": kstat,
}


@pytest.mark.parametrize("parser", REMEMBERING)
@given(first=st.sampled_from(REAL), second=spoiled(REAL))
def test_what_is_remembered_of_one_file_never_spoils_the_next(parser: str, first: bytes, second: bytes) -> None:
    memory: dict[object, object] = {}
    attempt(parser, first, memory)
    found, fresh = attempt(parser, second, memory), attempt(parser, second, {})
    if parser == "vmstat" and fresh == "refused":  # lines that nobody wants are looked at once, with the first file
        assert found in (fresh, attempt(parser, wanted_of_vmstat(second), {}))
    else:
        assert found == fresh


def wanted_of_vmstat(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join([line for line in lines if vmstat.is_wanted(line.partition(b" ")[0])])


def attempt(parser: str, content: bytes, memory: object) -> object:
    """The samples by name, or that there are none."""
    try:
        return [(family.name, labels, value) for family, labels, value in REMEMBERING[parser](content, memory)]
    except Malformed:
        return "refused"
