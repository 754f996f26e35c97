"""Whatever bytes a file of the network holds, its parser gives plain finite values, or raises Malformed."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host import hexadecimal, sockets, sysfs
from keskidee_agent.sources import (
    arp,
    conntrack,
    infiniband,
    ipvs,
    mountstats,
    netclass,
    netstat,
    nfs,
    nfsd,
    sockstat,
    softnet,
    tcpstat,
)
from keskidee_report.model import Columns, Malformed, Sample
from tests.agent.anything import contents, odd_values, recorded_files, spoiled

NUMBER = arp.ENTRIES
ATTRIBUTES = ["operstate", "flags", "speed", "mtu", "ifalias"]


def tcp_states(content: bytes) -> list[Sample]:
    counts: dict[bytes, int] = {}
    tcpstat.count(content, counts, [0, 0])
    return [tcpstat.STATES(count, **tcpstat.NAMES[state]) for state, count in counts.items()]


def mounts(content: bytes) -> list[Sample]:
    return [
        sample
        for mount in mountstats.parse(content)
        for sample in mountstats.samples_of(mount, {"export": mount.device.decode("utf-8", "replace")})
    ]


def rows(content: bytes, known: dict[bytes, netstat.Row]) -> list[Sample]:
    names, counts = netstat.parse_rows(content, known)
    return list(Columns(tuple(names), counts))


def list_of(content: bytes, known: dict[bytes, netstat.Row]) -> list[Sample]:
    names, counts = netstat.parse_list(content, known)
    return list(Columns(tuple(names), counts))


PARSERS: dict[str, Callable[[bytes], Iterable[Sample]]] = {
    "arp": lambda content: [NUMBER(count, device=str(device)) for device, count in arp.parse(content).items()],
    "conntrack": conntrack.parse,
    "hexadecimal": lambda content: [NUMBER(number) for number in hexadecimal.hex_numbers(content)],
    "ipvs": lambda content: ipvs.parse_backends(content, {}),
    "ipvs totals": ipvs.parse_totals,
    "mountinfo": lambda content: [NUMBER(len(address)) for address in mountstats.parse_addresses(content).values()],
    "mountstats": mounts,
    "netclass": lambda content: netclass.describe(dict.fromkeys(ATTRIBUTES, content), {"device": "x"}),
    "netstat": lambda content: rows(content, {}),
    "nfs": nfs.parse,
    "nfsd": nfsd.parse,
    "rate": lambda content: [infiniband.RATE(infiniband.parse_rate(sysfs.words(content)))],
    "snmp6": lambda content: list_of(content, {}),
    "sockets": lambda content: [NUMBER(tx + rx) for _, tx, rx in sockets.sockets(content)],
    "sockstat": lambda content: sockstat.parse(content, sockstat.Table(4096)),
    "softnet": lambda content: softnet.parse(content, []),
    "state": lambda content: [infiniband.STATE(infiniband.parse_state(sysfs.words(content)))],
    "tcpstat": tcp_states,
}
SOURCES = (
    "arp bonding conntrack infiniband ipvs mountstats netclass netstat nfs nfsd sockstat softnet tcpstat udp_queues"
)
REAL = recorded_files(*SOURCES.split())


CONTENTS = contents("0123456789abcdefTCPx \n:-_+.>/\t,()\x00é", REAL)


@pytest.mark.parametrize("parser", PARSERS)
@given(content=CONTENTS)
def test_anything_is_read_or_refused(parser: str, content: bytes) -> None:
    assert odd_values(PARSERS[parser], content, lambda value: abs(value) < 2.0**90) == []


# how to parse, and what a first round finds in its memory
REMEMBERING: dict[str, tuple[Callable[..., Iterable[Sample]], Callable[[], object]]] = {
    "ipvs": (ipvs.parse_backends, dict),
    "netstat": (rows, dict),
    "snmp6": (list_of, dict),
    "sockstat": (sockstat.parse, lambda: sockstat.Table(4096)),
    "softnet": (softnet.parse, list),
}


@pytest.mark.parametrize("parser", REMEMBERING)
@given(first=st.sampled_from(REAL), second=spoiled(REAL))
def test_what_is_remembered_of_one_file_never_spoils_the_next(parser: str, first: bytes, second: bytes) -> None:
    parse, nothing = REMEMBERING[parser]
    memory = nothing()
    attempt(parse, first, memory)
    assert attempt(parse, second, memory) == attempt(parse, second, nothing())


SOFTNET = [b" ".join([b"%08x" % number] * 11) + b"\n" for number in (1, 2)]


@pytest.mark.parametrize("second", [b"\n", b"\n\n", b"", SOFTNET[0][:-1], b"0" * 9 + SOFTNET[0] + SOFTNET[1]])
def test_a_softnet_stat_that_is_none_is_refused_whatever_came_before(second: bytes) -> None:
    memory: list[softnet.Processor] = []
    attempt(softnet.parse, SOFTNET[0] + SOFTNET[1], memory)
    found = [attempt(softnet.parse, second, memory), attempt(softnet.parse, second, [])]
    assert [type(each) for each in found] == [str, str]
    assert found[0] == found[1]


def attempt(parse: Callable[..., Iterable[Sample]], content: bytes, memory: object) -> object:
    """The samples by name, or the reason why there are none."""
    try:
        return [(family.name, labels, value) for family, labels, value in parse(content, memory)]
    except Malformed as error:
        return str(error)


@given(number=st.integers(-(2**63), 2**63))
def test_an_attribute_of_sysfs_is_read_as_written(number: int) -> None:
    assert sysfs.integer(f"{number}\n".encode()) == number


@given(number=st.integers(0, 2**64 - 1))
def test_hexadecimal_numbers_are_read_as_written(number: int) -> None:
    assert (hexadecimal.hex_number(b"%X" % number), sysfs.integer(b"0x%x\n" % number)) == (number, number)


@pytest.mark.parametrize("text", ["", "1_0", "+1", "0x1", "-1", "g", "0" * 17, " 1"])
def test_only_digits_are_hexadecimal(text: str) -> None:
    with pytest.raises(Malformed):
        hexadecimal.hex_number(text.encode())


@pytest.mark.parametrize("content", ["", "\n", "1", "1_0\n", "+1\n", "0x\n", "0x1_0\n", "--1\n", "1 2\n", "²\n", "0x1"])
def test_only_whole_numbers_with_their_newline_are_attributes(content: str) -> None:
    with pytest.raises(Malformed):
        sysfs.integer(content.encode())
