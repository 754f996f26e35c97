"""InfiniBand and RoCE ports, from /sys/class/infiniband (Documentation/ABI/stable/sysfs-class-infiniband).

No privilege; some drivers keep some counters for root, and those are left out.
"""

from __future__ import annotations

from keskidee_agent.host.lines import decimal, number
from keskidee_agent.host.sysfs import attribute, integer, label, words
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/infiniband/*",)
FOLDER = "sys/class/infiniband"
LANES = 4  # data is counted in words of four bytes (InfiniBand specification 1.3, 16.1.3.5)
GIGABIT_BYTES = 125_000_000
UNKNOWN = b"N/A (no PMA)"

INFO = Family("node_infiniband_info", "gauge", "1, labelled with board, firmware and type of the adapter", digits=0)
STATE = Family("node_infiniband_state_id", "gauge", "1 down, 2 initialising, 3 armed, 4 active, 5 deferred", digits=0)
PHYSICAL_STATE = Family(
    "node_infiniband_physical_state_id",
    "gauge",
    "1 sleep, 2 polling, 3 disabled, 4 training, 5 link up, 6 recovering from an error, 7 test",
    digits=0,
)
RATE = Family("node_infiniband_rate_bytes_per_second", "gauge", "Rate of the link", digits=0)
LIFESPAN = Family(
    "node_infiniband_lifespan_seconds", "gauge", "How old the counters of the hardware may be when read", digits=3
)


def _counter(name: str, what: str) -> Family:
    return Family(f"node_infiniband_{name}_total", "counter", what, digits=0)


# folder of a port, and the files in it; the words of the files' names say what they count
COUNTERS = {
    "counters": {
        "excessive_buffer_overrun_errors": _counter("excessive_buffer_overrun_errors", "Buffers overrun repeatedly"),
        "link_downed": _counter("link_downed", "Times the link went down for good"),
        "link_error_recovery": _counter("link_error_recovery", "Times the link recovered from an error"),
        "local_link_integrity_errors": _counter("local_link_integrity_errors", "Times errors passed their threshold"),
        "multicast_rcv_packets": _counter("multicast_packets_received", "Multicast packets received"),
        "multicast_xmit_packets": _counter("multicast_packets_transmitted", "Multicast packets sent"),
        "port_rcv_constraint_errors": _counter("port_constraint_errors_received", "Received packets not allowed"),
        "port_rcv_data": _counter("port_data_received_bytes", "Bytes received"),
        "port_rcv_discards": _counter("port_discards_received", "Received packets discarded"),
        "port_rcv_errors": _counter("port_errors_received", "Received packets with an error"),
        "port_rcv_packets": _counter("port_packets_received", "Packets received"),
        "port_rcv_remote_physical_errors": _counter(
            "port_receive_remote_physical_errors", "Received packets marked bad by another port"
        ),
        "port_rcv_switch_relay_errors": _counter("port_receive_switch_relay_errors", "Packets a switch could not pass"),
        "port_xmit_constraint_errors": _counter("port_constraint_errors_transmitted", "Packets not allowed to be sent"),
        "port_xmit_data": _counter("port_data_transmitted_bytes", "Bytes sent"),
        "port_xmit_discards": _counter("port_discards_transmitted", "Packets discarded before they were sent"),
        "port_xmit_packets": _counter("port_packets_transmitted", "Packets sent"),
        "port_xmit_wait": _counter("port_transmit_wait", "Ticks in which data waited and none was sent"),
        "symbol_error": _counter("symbol_error", "Small errors on the lanes"),
        "unicast_rcv_packets": _counter("unicast_packets_received", "Unicast packets received"),
        "unicast_xmit_packets": _counter("unicast_packets_transmitted", "Unicast packets sent"),
        "VL15_dropped": _counter("vl15_dropped", "Packets for the subnet's management dropped"),
    },
    # kernels before 4.5 had the wide counters here
    "counters_ext": {
        "port_multicast_rcv_packets": _counter("legacy_multicast_packets_received", "Multicast packets received"),
        "port_multicast_xmit_packets": _counter("legacy_multicast_packets_transmitted", "Multicast packets sent"),
        "port_rcv_data_64": _counter("legacy_data_received_bytes", "Bytes received"),
        "port_rcv_packets_64": _counter("legacy_packets_received", "Packets received"),
        "port_unicast_rcv_packets": _counter("legacy_unicast_packets_received", "Unicast packets received"),
        "port_unicast_xmit_packets": _counter("legacy_unicast_packets_transmitted", "Unicast packets sent"),
        "port_xmit_data_64": _counter("legacy_data_transmitted_bytes", "Bytes sent"),
        "port_xmit_packets_64": _counter("legacy_packets_transmitted", "Packets sent"),
    },
    "hw_counters": {
        "duplicate_request": _counter("duplicate_requests_packets", "Requests received again"),
        "implied_nak_seq_err": _counter("implied_nak_seq_errors", "Answers beyond the one expected"),
        "local_ack_timeout_err": _counter("local_ack_timeout_errors", "Times an acknowledgement did not come in time"),
        "np_cnp_sent": _counter("np_cnp_packets_sent", "Notices of congestion sent"),
        "np_ecn_marked_roce_packets": _counter("np_ecn_marked_roce_packets_received", "Packets marked by congestion"),
        "out_of_buffer": _counter("out_of_buffer_drops", "Packets dropped for want of a buffer"),
        "out_of_sequence": _counter("out_of_sequence_packets_received", "Packets received out of order"),
        "packet_seq_err": _counter("packet_sequence_errors", "Complaints received about the order of packets"),
        "req_cqe_error": _counter("req_cqes_errors", "Requests that completed with an error"),
        "req_cqe_flush_error": _counter("req_cqes_flush_errors", "Requests that were flushed"),
        "req_remote_access_errors": _counter("req_remote_access_errors", "Requests not allowed at the other end"),
        "req_remote_invalid_request": _counter("req_remote_invalid_request_errors", "Requests the other end refused"),
        "resp_cqe_error": _counter("resp_cqes_errors", "Responses that completed with an error"),
        "resp_cqe_flush_error": _counter("resp_cqes_flush_errors", "Responses that were flushed"),
        "resp_local_length_error": _counter("resp_local_length_errors", "Requests longer than what they were for"),
        "resp_remote_access_errors": _counter("resp_remote_access_errors", "Requests that were not allowed here"),
        "rnr_nak_retry_err": _counter("rnr_nak_retry_packets_received", "Times the other end was not ready"),
        "roce_adp_retrans": _counter("roce_adp_retransmits", "Adaptive retransmissions"),
        "roce_adp_retrans_to": _counter(
            "roce_adp_retransmits_timeout", "Adaptive retransmissions that ran out of time"
        ),
        "roce_slow_restart": _counter("roce_slow_restart_used", "Slow restarts"),
        "roce_slow_restart_cnps": _counter("roce_slow_restart_cnps", "Notices of congestion by slow restarts"),
        "roce_slow_restart_trans": _counter("roce_slow_restart", "Changes into slow restart"),
        "rp_cnp_handled": _counter("rp_cnp_packets_handled", "Notices of congestion heeded"),
        "rp_cnp_ignored": _counter("rp_cnp_ignored_packets_received", "Notices of congestion ignored"),
        "rx_atomic_requests": _counter("rx_atomic_requests", "Atomic requests received"),
        "rx_dct_connect": _counter("rx_dct_connect_requests", "Requests for a dynamic connection received"),
        "rx_icrc_encapsulated": _counter("rx_icrc_encapsulated_errors", "Packets whose checksum was wrong"),
        "rx_read_requests": _counter("rx_read_requests", "Read requests received"),
        "rx_write_requests": _counter("rx_write_requests", "Write requests received"),
        "lifespan": LIFESPAN,
    },
}
IN_WORDS = frozenset({"port_rcv_data", "port_xmit_data", "port_rcv_data_64", "port_xmit_data_64"})


def read(machine: Machine) -> Iterator[Sample]:
    """An info sample an adapter, labelled `device`; states, rate and counters of its ports, labelled `port` too.

    Counters that a port does not keep are left out.
    """
    known: dict[tuple[str, str], dict[str, str]] = machine.memory("infiniband")
    for device in machine.names(FOLDER):
        folder = f"{FOLDER}/{device}"
        yield INFO(
            1,
            device=label(device),
            board_id=words(attribute(machine, folder + "/board_id")),
            firmware_version=words(attribute(machine, folder + "/fw_ver")),
            hca_type=words(attribute(machine, folder + "/hca_type")),
        )
        try:
            ports = machine.names(folder + "/ports")
        except NotHere:
            continue
        for port in ports:
            if port.isascii() and port.isdigit():
                labels = known.setdefault((device, port), {"device": label(device), "port": port})
                yield from _port(machine, f"{folder}/ports/{port}", labels)


def _port(machine: Machine, folder: str, labels: dict[str, str]) -> Iterator[Sample]:
    for family, name in ((STATE, "state"), (PHYSICAL_STATE, "phys_state")):
        content = attribute(machine, f"{folder}/{name}")
        if content is not None:
            yield (family, labels, parse_state(words(content)))
    content = attribute(machine, folder + "/rate")
    if content is not None:
        yield (RATE, labels, parse_rate(words(content)))
    for kind, families in COUNTERS.items():
        try:
            names = machine.names(f"{folder}/{kind}")
        except NotHere:
            continue
        for name in names:
            content = attribute(machine, f"{folder}/{kind}/{name}") if name in families else None
            if content is not None and not content.startswith(UNKNOWN):
                count = integer(content)
                if name == "lifespan":
                    yield (LIFESPAN, labels, count / 1000)
                else:
                    yield (families[name], labels, count * LANES if name in IN_WORDS else count)


def parse_state(text: str) -> int:
    """The number of a state such as `4: ACTIVE`. Raises Malformed."""
    identity, colon, name = text.partition(":")
    if not colon or not name.strip():
        raise Malformed("not a state of a port", text)
    return number(identity.encode())


def parse_rate(text: str) -> int:
    """Bytes a second of a rate such as `2.5 Gb/sec (1X SDR)`. Raises Malformed."""
    amount, _, unit = text.partition(" ")
    if not unit.startswith("Gb/sec"):
        raise Malformed("not a rate", text)
    return int(decimal(amount.encode()) * GIGABIT_BYTES)
