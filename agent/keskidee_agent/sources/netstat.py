"""Counts of the protocols IP, ICMP, TCP and UDP, from /proc/net/netstat, snmp and snmp6 (snmp_counter.rst).

No privilege. The kernel counts some four hundred things; the fifty that say whether the network is well are read.
"""

from __future__ import annotations

from keskidee_agent.lines import LARGEST, complete_lines
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)

WANTED = frozenset(
    f"{protocol}_{name}"
    for protocols, names in (
        ("Ip", "Forwarding"),
        ("Ip6 IpExt", "InOctets OutOctets"),
        ("Icmp Icmp6", "InMsgs OutMsgs"),
        ("TcpExt", "TCPSynRetrans TCPTimeouts TCPOFOQueue TCPRcvQDrop"),
        ("Tcp", "ActiveOpens InSegs OutSegs OutRsts PassiveOpens RetransSegs CurrEstab"),
        ("Udp Udp6", "InDatagrams OutDatagrams NoPorts RcvbufErrors SndbufErrors"),
    )
    for protocol in protocols.split()
    for name in names.split()
)
WANTED_ENDS = ("_InErrors", "_InErrs")
WANTED_BEGINNINGS = ("TcpExt_Listen", "TcpExt_Syncookies")
NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
ROWS_KEPT = 64
SNMP6 = b"proc/net/snmp6"
NO_LABELS: dict[str, str] = {}


class Columns:
    """Which numbers of a row are wanted, and what they are. The same in every round, so it is worked out once."""

    __slots__ = ("count", "families", "labels", "last", "names", "positions", "row")

    def __init__(self, names: list[tuple[bytes, bytes]]) -> None:
        self.count = len(names)
        self.names: list[bytes] = []
        self.row = b""
        self.last: list[Sample] = []
        self.positions: list[int] = []
        self.families: list[Family] = []
        for position, (protocol, name) in enumerate(names):
            if not protocol or not name or not NAME_CHARACTERS.issuperset(protocol + name):
                raise Malformed("not a name of a count", protocol + b" " + name)
            key = f"{protocol.decode()}_{name.decode()}"
            if is_wanted(key):
                self.positions.append(position)
                what = f"{name.decode()} of {protocol.decode()}, as the kernel counts it"
                self.families.append(Family(f"node_netstat_{key}", "untyped", what, digits=0))
        self.labels = [NO_LABELS] * len(self.families)

    def samples(self, values: list[bytes]) -> list[Sample]:
        """The samples of a row. Raises Malformed."""
        if len(values) != self.count:
            raise Malformed("more or fewer numbers than names", b" ".join(values))
        try:
            counts = [int(values[position]) for position in self.positions]
        except ValueError:
            raise Malformed("not a row of numbers", b" ".join(values)) from None
        if counts and max(counts) >= LARGEST:
            raise Malformed("number too large", b" ".join(values))
        return list(zip(self.families, self.labels, counts, strict=True))


def is_wanted(key: str) -> bool:
    """Whether a count such as Tcp_InSegs is one of those that node_exporter gives by default."""
    return key in WANTED or key.endswith(WANTED_ENDS) or key.startswith(WANTED_BEGINNINGS)


def read(machine: Machine) -> Iterable[Sample]:
    """Counts since boot in node_netstat_<protocol>_<name>, without labels.

    A kernel without IPv6, or a network namespace without IPv4, lacks a file; the others are read nevertheless.
    """
    known: dict[bytes, Columns] = machine.memory("netstat")
    if len(known) > ROWS_KEPT:  # kinds of ICMP messages that were never seen before are new names
        known.clear()

    def rows(content: bytes) -> list[Sample]:
        return parse_rows(content, known)

    def list_of(content: bytes) -> list[Sample]:
        return parse_list(content, known)

    samples: list[Sample] = []
    missing = 0
    files = (("proc/net/netstat", rows), ("proc/net/snmp", rows), ("proc/net/snmp6", list_of))
    for path, parse in files:
        try:
            samples += machine.parsed(path, parse)
        except NotHere:
            missing += 1
    if missing == len(files):
        raise NotHere("no /proc/net/netstat")
    return samples


def parse_rows(content: bytes, known: dict[bytes, Columns]) -> list[Sample]:
    """The samples of lines in pairs: `Tcp: InSegs OutSegs`, then `Tcp: 5 7`. Raises Malformed."""
    lines = complete_lines(content)
    if len(lines) % 2:
        raise Malformed("a line is missing", lines[-1])
    samples: list[Sample] = []
    for header, row in zip(lines[::2], lines[1::2], strict=True):
        columns = known.get(header)
        if columns is None:
            protocol, _, names = header.partition(b": ")
            columns = known[header] = Columns([(protocol, name) for name in names.split()])
        if columns.row == row:
            samples += columns.last
            continue
        protocol, _, values = row.partition(b": ")
        # only MaxConn of Tcp is ever below zero
        if not header.startswith(protocol + b": ") or values.translate(None, b"0123456789 -"):
            raise Malformed("numbers do not belong to the names before them", row)
        columns.last = columns.samples(values.split())
        columns.row = row
        samples += columns.last
    return samples


def parse_list(content: bytes, known: dict[bytes, Columns]) -> list[Sample]:
    """The samples of lines such as `Icmp6InMsgs  12`. Raises Malformed."""
    if content[-1:] != b"\n":
        raise Malformed("cut short" if content else "empty", content[-80:])
    fields = content.split()
    names = fields[::2]
    values = fields[1::2]
    columns = known.get(SNMP6)
    if columns is None or columns.names != names:
        if any(len(line.split()) != 2 for line in complete_lines(content)):
            raise Malformed("not a line of a name and a number", content)
        columns = known[SNMP6] = Columns([_parted(name) for name in names])
        columns.names = names
    if b"".join(values).translate(None, b"0123456789"):
        raise Malformed("not a number", content)
    return columns.samples(values)


def _parted(name: bytes) -> tuple[bytes, bytes]:
    """Icmp6InMsgs is InMsgs of Icmp6."""
    protocol, six, rest = name.partition(b"6")
    if not six:
        raise Malformed("not a name of a count", name)
    return protocol + six, rest
