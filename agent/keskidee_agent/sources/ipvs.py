"""The kernel's load balancer, from /proc/net/ip_vs_stats and ip_vs (net/netfilter/ipvs/ip_vs_ctl.c). No privilege."""

from __future__ import annotations

from keskidee_agent.host.hexadecimal import hex_number, hex_numbers
from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("proc/net/ip_vs_stats",)
NO_LABELS: dict[str, str] = {}


def _counter(name: str, what: str) -> Family:
    return Family(f"node_ipvs_{name}_total", "counter", f"{what} by the load balancer", digits=0)


TOTALS = (
    _counter("connections", "Connections made"),
    _counter("incoming_packets", "Packets received"),
    _counter("outgoing_packets", "Packets sent"),
    _counter("incoming_bytes", "Bytes received"),
    _counter("outgoing_bytes", "Bytes sent"),
)
TOTALS_LINE = 2

# the columns of a server behind its address and way of forwarding
BACKENDS = (
    Family("node_ipvs_backend_weight", "gauge", "Weight of a server behind the load balancer", digits=0),
    Family("node_ipvs_backend_connections_active", "gauge", "Connections of a server in use", digits=0),
    Family("node_ipvs_backend_connections_inactive", "gauge", "Connections of a server not in use", digits=0),
)
HEADER = ([b"Prot", b"LocalAddress:Port"], [b"->", b"RemoteAddress:Port"])
MARK = b"FWM"
PROTOCOLS = frozenset({b"TCP", b"UDP", b"SCTP", b"AH", b"ESP", MARK})


def read(machine: Machine) -> Iterator[Sample]:
    """Totals without labels, and three gauges a service and server, labelled with the addresses of both.

    Raises NotHere where the load balancer is not in use.
    """
    yield from parse_totals(machine.content("proc/net/ip_vs_stats"))
    try:
        content = machine.content("proc/net/ip_vs")
    except NotHere:
        return
    yield from parse_backends(content, machine.memory("ipvs"))


def parse_totals(content: bytes) -> list[Sample]:
    """The five sums since the module was loaded. Raises Malformed."""
    lines = complete_lines(content)
    if len(lines) <= TOTALS_LINE or lines[0].split()[:2] != [b"Total", b"Incoming"]:
        raise Malformed("not the header of ip_vs_stats", content)
    counts = hex_numbers(lines[TOTALS_LINE])
    if len(counts) != len(TOTALS):
        raise Malformed("not the totals of ip_vs_stats", lines[TOTALS_LINE])
    return [(family, NO_LABELS, count) for family, count in zip(TOTALS, counts, strict=True)]


def parse_backends(content: bytes, known: dict[tuple[bytes, bytes], dict[str, str]]) -> list[Sample]:
    """The samples of every server of every service; `known` keeps their labels. Raises Malformed.

    A server that stands twice under services with the same labels is summed up.
    """
    lines = complete_lines(content)
    if not lines[0].startswith(b"IP Virtual Server"):
        raise Malformed("not the header of ip_vs", lines[0])
    if len(known) > 2 * len(lines) + 64:  # servers come and go
        known.clear()
    sums: dict[tuple[bytes, bytes], list[int]] = {}
    for key, columns in _servers(lines[1:]):
        counts = [number(column) for column in columns]
        sums[key] = [before + count for before, count in zip(sums.get(key, (0, 0, 0)), counts, strict=True)]
    for key in sums:
        if key not in known:
            known[key] = _labels(*key)
    return [
        (family, known[key], counts[column]) for column, family in enumerate(BACKENDS) for key, counts in sums.items()
    ]


def _servers(lines: list[bytes]) -> Iterator[tuple[tuple[bytes, bytes], list[bytes]]]:
    """Of each server: the service it stands under and its address, and its three columns of numbers."""
    service = b""
    for line in lines:
        fields = line.split()
        if len(fields) < 2:
            raise Malformed("not a line of ip_vs", line)
        if fields[0] in PROTOCOLS:
            service = b" ".join(fields[:2])
        elif fields[0] == b"->" and service and len(fields) == 6:
            yield (service, fields[1]), fields[3:]
        elif service or fields[:2] not in HEADER:
            raise Malformed("not a line of ip_vs", line)


def _labels(service: bytes, server: bytes) -> dict[str, str]:
    protocol, _, local = service.partition(b" ")
    local_address, local_port, mark = "", "0", ""
    if protocol == MARK:
        hex_number(local)
        mark = local.decode()
    else:
        local_address, local_port = endpoint(local)
    remote_address, remote_port = endpoint(server)
    return {
        "local_address": local_address,
        "local_port": local_port,
        "remote_address": remote_address,
        "remote_port": remote_port,
        "proto": protocol.decode(),
        "local_mark": mark,
    }


def endpoint(text: bytes) -> tuple[str, str]:
    """Address and port of `C0A80016:0CEA` or `[2001:0db8:...:0001]:0050`. Raises Malformed."""
    address, _, port = text.rpartition(b":")
    if len(port) != 4:
        raise Malformed("not an address and port", text)
    if address[:1] == b"[" and address[-1:] == b"]":
        import socket  # the resident has it loaded for its connection; other users of this module do not need it

        try:
            packed = socket.inet_pton(socket.AF_INET6, address[1:-1].decode("ascii", "replace"))
        except OSError:
            raise Malformed("not an address and port", text) from None
        written = socket.inet_ntop(socket.AF_INET6, packed)
    elif len(address) == 8:
        written = ".".join([str(hex_number(address[at : at + 2])) for at in range(0, 8, 2)])
    else:
        raise Malformed("not an address and port", text)
    return written, str(hex_number(port))
