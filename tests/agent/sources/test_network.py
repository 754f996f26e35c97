"""The sources of the network in what one recorded machine cannot show: rounds, old kernels, what is half there."""

import os
import sys
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_DGRAM, socket

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import infiniband, ipvs, mountstats, netstat
from keskidee_report.model import ABSENT, FAILED, OK, Malformed, Reading
from tests.agent.recordings import FIXTURES, reading_at, reading_of, values, write_files

NETWORK = [
    *("arp", "bonding", "conntrack", "fibrechannel", "infiniband", "ipvs", "mountstats", "netclass", "netstat"),
    *("nfs", "nfsd", "sockstat", "softnet", "tcpstat", "udp_queues"),
]


def counts(reading: Reading, family: str) -> dict[str, float]:
    """The values of a family by its only label, or by nothing."""
    found = values(reading)
    return {"".join(value for _, value in labels): found[name, labels] for name, labels in found if name == family}


@pytest.mark.parametrize("source", NETWORK)
def test_a_machine_that_has_nothing_of_it_is_absent(source: str, tmp_path: Path) -> None:
    assert reading_at(source, tmp_path).outcome == ABSENT


@pytest.mark.parametrize("case", sorted(case for source in NETWORK for case in (FIXTURES / source).iterdir()), ids=str)
def test_a_second_round_gives_what_the_first_gave(case: Path) -> None:
    machine = RecordedMachine(str(case))
    first = reading_of(case.parent.name, machine).samples
    machine.begin_round()
    assert reading_of(case.parent.name, machine).samples == first


@pytest.mark.parametrize("source", ["arp", "conntrack", "netclass", "netstat", "nfs", "nfsd", "sockstat", "softnet"])
def test_names_and_labels_are_the_same_objects_in_the_next_round(source: str) -> None:
    [case, *_] = [case for case in sorted((FIXTURES / source).iterdir()) if reading_at(source, case).outcome == OK]
    machine = RecordedMachine(str(case))
    first = reading_of(source, machine).samples
    machine.begin_round()
    second = reading_of(source, machine).samples
    assert [(id(family), id(labels)) for family, labels, _ in first] == [
        (id(family), id(labels)) for family, labels, _ in second
    ]


def test_the_counts_of_protocols_are_those_that_node_exporter_gives_by_default() -> None:
    wanted = "Tcp_InErrs UdpLite6_InErrors Ip_Forwarding IpExt_InOctets Icmp6_OutMsgs TcpExt_ListenDrops Udp_NoPorts"
    unwanted = "Ip_InReceives Icmp6_InEchos TcpExt_TCPLoss Tcp_MaxConn Udp_InCsumErrors IpExt_InBcastPkts xTcp_InSegs"
    assert [key for key in (wanted + " " + unwanted).split() if netstat.is_wanted(key)] == wanted.split()


def test_a_kind_of_message_that_was_never_seen_before_does_not_shift_the_counts(tmp_path: Path) -> None:
    machine = RecordedMachine(str(tmp_path))
    for names, numbers in (("InMsgs OutMsgs", "3 4"), ("InType8 InMsgs OutMsgs", "1 5 6")):
        write_files(tmp_path, {"proc/net/snmp": f"Icmp: {names}\nIcmp: {numbers}\n"})
        machine.begin_round()
        reading = reading_of("netstat", machine)
    assert values(reading) == {("node_netstat_Icmp_InMsgs", ()): 5, ("node_netstat_Icmp_OutMsgs", ()): 6}


def test_numbers_of_another_protocol_are_refused() -> None:
    with pytest.raises(Malformed):
        netstat.parse_rows(b"Tcp: InSegs\nUdp: 5\n", {})


def test_memory_of_sockets_that_was_given_back_twice_is_told_as_the_kernel_tells_it(tmp_path: Path) -> None:
    lines = "sockets: used 9\nUDP: inuse 2 mem -3\n"
    reading = reading_at("sockstat", write_files(tmp_path, {"proc/net/sockstat": lines}))
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    assert values(reading) == {
        ("node_sockstat_sockets_used", ()): 9,
        ("node_sockstat_UDP_inuse", ()): 2,
        ("node_sockstat_UDP_mem", ()): -3,
        ("node_sockstat_UDP_mem_bytes", ()): -3 * page_bytes,
    }


def test_a_processor_that_was_switched_off_is_gone_from_softnet(tmp_path: Path) -> None:
    zero, two = (" ".join(["%08x"] * 13) % (*range(1, 13), cpu) + "\n" for cpu in (0, 2))
    machine = RecordedMachine(str(write_files(tmp_path, {"proc/net/softnet_stat": zero + two})))
    assert set(counts(reading_of("softnet", machine), "node_softnet_backlog_len")) == {"0", "2"}
    write_files(tmp_path, {"proc/net/softnet_stat": two})
    assert set(counts(reading_of("softnet", machine), "node_softnet_backlog_len")) == {"2"}


def test_softnet_needs_no_last_newline(tmp_path: Path) -> None:
    line = " ".join(["00000001"] * 11)
    reading = reading_at("softnet", write_files(tmp_path, {"proc/net/softnet_stat": f"{line}\n{line}"}))
    assert counts(reading, "node_softnet_processed_total") == {"0": 1, "1": 1}


def test_a_bond_whose_member_left_a_moment_ago_is_left_out(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "sys/class/net/bonding_masters": "bond0 bond1\n",
        "sys/class/net/bond0/bonding/slaves": "eth0\n",
        "sys/class/net/bond1/bonding/slaves": "",
    }
    assert counts(reading_at("bonding", write_files(tmp_path, files)), "node_bonding_slaves") == {"bond1": 0}


def test_counters_of_a_fibre_channel_adapter_that_it_does_not_keep_are_left_out() -> None:
    reading = reading_at("fibrechannel", FIXTURES / "fibrechannel" / "two_ports")
    assert counts(reading, "node_fibrechannel_dumped_frames_total") == {}


@pytest.mark.parametrize(
    ("text", "rate"), [("2.5 Gb/sec (1X SDR)", 312_500_000), ("100 Gb/sec (4X EDR)", 12_500_000_000)]
)
def test_rates_are_bytes_a_second(text: str, rate: int) -> None:
    assert infiniband.parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "40", "40 Mb/sec", "x Gb/sec", "-1 Gb/sec"])
def test_another_rate_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        infiniband.parse_rate(text)


def test_an_address_of_ipv6_is_written_short() -> None:
    assert ipvs.endpoint(b"[2001:0db8:0000:0000:0000:0000:0000:0001]:0050") == ("2001:db8::1", "80")


@pytest.mark.parametrize("text", [b"", b"C0A80016", b"C0A800:0CEA", b"[::zz]:0050", b"C0A80016:CEA", b"[]:0050"])
def test_another_address_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed):
        ipvs.endpoint(text)


@pytest.mark.parametrize("protocol", [b"carrier-pigeon", b"tcp"])
def test_a_transport_with_other_numbers_is_refused(protocol: bytes) -> None:
    with pytest.raises(Malformed):
        mountstats.transport_numbers(protocol, [b"1"] * 11)


def test_nfs_without_the_address_of_its_server_is_read_nevertheless(tmp_path: Path) -> None:
    mount = (FIXTURES / "mountstats" / "tcp_rdma_and_udp" / "proc/self/mountstats").read_bytes()
    found = values(reading_at("mountstats", write_files(tmp_path, {"proc/self/mountstats": mount})))
    assert {dict(labels)["mountaddr"] for name, labels in found if name.endswith("age_seconds_total")} == {""}


def test_what_an_old_nfs_client_does_not_know_was_never_asked_for() -> None:
    reading = reading_at("nfs", FIXTURES / "nfs" / "kernel_2_6_32")
    assert counts(reading, "node_nfs_requests_total")["Clone4"] == 0


@pytest.mark.parametrize("line", ["proc3 22 1 2 3", "net 1 2 3", "rc 1 2 3\nrc 1 2 3", "io", "proc4ops 2 1"])
def test_a_line_of_the_nfs_server_with_other_numbers_is_refused(line: str, tmp_path: Path) -> None:
    reading = reading_at("nfsd", write_files(tmp_path, {"proc/net/rpc/nfsd": f"{line}\n"}))
    assert (reading.outcome, reading.samples) == (FAILED, [])


class LiveMachine(RecordedMachine):
    """Files in a folder, as those of a kernel that answers by itself."""

    kernel_answers = True


QUEUED = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   1: 00000000:0035 00000000:0000 07 00000001:00000820 00:00000000 00000000     0        0 4321\n"
)


@pytest.mark.parametrize(("sockets", "received"), [(0, 0), (1, 0x820), (10, 0x820)])
def test_the_table_of_udp_sockets_is_walked_where_the_kernel_counts_any(
    tmp_path: Path, sockets: int, received: int
) -> None:
    write_files(tmp_path, {"proc/net/udp": QUEUED, "proc/net/udp6": QUEUED})
    write_files(tmp_path, {"proc/net/sockstat": f"UDP: inuse {sockets} mem 0\n"})
    write_files(tmp_path, {"proc/net/sockstat6": f"UDP6: inuse {sockets}\n"})
    told = values(reading_of("udp_queues", LiveMachine(str(tmp_path))))
    assert [told["node_udp_queues", (("ip", ip), ("queue", "rx"))] for ip in ("v4", "v6")] == [received] * 2


def test_a_recordings_table_of_udp_sockets_is_read_whatever_it_counts(tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/net/udp": QUEUED, "proc/net/sockstat": "UDP: inuse 0 mem 0\n"})
    told = values(reading_at("udp_queues", tmp_path))
    assert told["node_udp_queues", (("ip", "v4"), ("queue", "rx"))] == 0x820


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of this machine")
@pytest.mark.parametrize(("family", "address", "ip"), [(AF_INET, "127.0.0.1", "v4"), (AF_INET6, "::1", "v6")])
def test_a_datagram_that_waits_is_seen_in_the_round_after_it_came(family: int, address: str, ip: str) -> None:
    machine = Machine()
    reading_of("udp_queues", machine)
    with socket(family, SOCK_DGRAM) as waiting, socket(family, SOCK_DGRAM) as sending:
        try:
            waiting.bind((address, 0))
        except OSError:
            pytest.skip(f"no IP{ip} on this machine")
        sending.sendto(bytes(1000), waiting.getsockname())
        machine.begin_round()
        told = values(reading_of("udp_queues", machine))
    machine.close()
    assert told["node_udp_queues", (("ip", ip), ("queue", "rx"))] >= 1000
