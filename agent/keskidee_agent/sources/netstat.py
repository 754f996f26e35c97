"""Counts of the protocols IP, ICMP, TCP and UDP, from /proc/net/netstat, snmp and snmp6 (snmp_counter.rst).

No privilege. The kernel counts some four hundred things; the fifty that say whether the network is well are read.
"""

from __future__ import annotations

from keskidee_agent.gather.columns import steady
from keskidee_agent.host.lines import LARGEST, complete_lines
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Columns

    Found: TypeAlias = tuple[list[tuple[Family, dict[str, str]]], list[int]]

PLATFORMS = ("linux",)
PROMPT = True

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


class Row:
    """Which numbers of a row are wanted, and what they are. The same in every round, so it is worked out once."""

    __slots__ = ("count", "keys", "last", "names", "positions", "text")

    def __init__(self, names: list[tuple[bytes, bytes]]) -> None:
        self.count = len(names)
        self.keys: list[bytes] = []
        self.text = b""
        self.last: list[int] = []
        self.positions: list[int] = []
        self.names: list[tuple[Family, dict[str, str]]] = []
        for position, (protocol, name) in enumerate(names):
            if not protocol or not name or not NAME_CHARACTERS.issuperset(protocol + name):
                raise Malformed("not a name of a count", protocol + b" " + name)
            key = f"{protocol.decode()}_{name.decode()}"
            if is_wanted(key):
                self.positions.append(position)
                what = f"{name.decode()} of {protocol.decode()}, as the kernel counts it"
                self.names.append((Family(f"node_netstat_{key}", "untyped", what, digits=0), NO_LABELS))

    def counts(self, values: list[bytes]) -> list[int]:
        """The wanted counts among all of a row. Raises Malformed."""
        if len(values) != self.count:
            raise Malformed("more or fewer numbers than names", b" ".join(values))
        try:
            counts = [int(values[position]) for position in self.positions]
        except ValueError:
            raise Malformed("not a row of numbers", b" ".join(values)) from None
        if counts and max(counts) >= LARGEST:
            raise Malformed("number too large", b" ".join(values))
        return counts


def is_wanted(key: str) -> bool:
    """Whether a count such as Tcp_InSegs is one of those that node_exporter gives by default."""
    return key in WANTED or key.endswith(WANTED_ENDS) or key.startswith(WANTED_BEGINNINGS)


def read(machine: Machine) -> Columns:
    """Counts since boot in node_netstat_<protocol>_<name>, without labels.

    A kernel without IPv6, or a network namespace without IPv4, lacks a file; the others are read nevertheless.
    """
    known: dict[bytes, Row] = machine.memory("netstat")
    if len(known) > ROWS_KEPT:  # kinds of ICMP messages that were never seen before are new names
        known.clear()

    def rows(content: bytes) -> Found:
        return parse_rows(content, known)

    def list_of(content: bytes) -> Found:
        return parse_list(content, known)

    names: list[tuple[Family, dict[str, str]]] = []
    counts: list[int] = []
    missing = 0
    files = (("proc/net/netstat", rows), ("proc/net/snmp", rows), ("proc/net/snmp6", list_of))
    for path, parse in files:
        try:
            found = machine.parsed(path, parse)
        except NotHere:
            missing += 1
        else:
            names += found[0]
            counts += found[1]
    if missing == len(files):
        raise NotHere("no /proc/net/netstat")
    return steady(machine.memory("netstat names"), names, counts)


def parse_rows(content: bytes, known: dict[bytes, Row]) -> Found:
    """Names and counts of lines in pairs: `Tcp: InSegs OutSegs`, then `Tcp: 5 7`. Raises Malformed."""
    lines = complete_lines(content)
    if len(lines) % 2:
        raise Malformed("a line is missing", lines[-1])
    names: list[tuple[Family, dict[str, str]]] = []
    counts: list[int] = []
    for header, text in zip(lines[::2], lines[1::2], strict=True):
        row = known.get(header)
        if row is None:
            protocol, _, keys = header.partition(b": ")
            row = known[header] = Row([(protocol, key) for key in keys.split()])
        if row.text != text:
            protocol, _, values = text.partition(b": ")
            # only MaxConn of Tcp is ever below zero
            if not header.startswith(protocol + b": ") or values.translate(None, b"0123456789 -"):
                raise Malformed("numbers do not belong to the names before them", text)
            row.last = row.counts(values.split())
            row.text = text
        names += row.names
        counts += row.last
    return names, counts


def parse_list(content: bytes, known: dict[bytes, Row]) -> Found:
    """Names and counts of lines such as `Icmp6InMsgs  12`. Raises Malformed."""
    if content[-1:] != b"\n":
        raise Malformed("cut short" if content else "empty", content[-80:])
    fields = content.split()
    keys = fields[::2]
    values = fields[1::2]
    row = known.get(SNMP6)
    if row is None or row.keys != keys:
        if any(len(line.split()) != 2 for line in complete_lines(content)):
            raise Malformed("not a line of a name and a number", content)
        row = known[SNMP6] = Row([_parted(key) for key in keys])
        row.keys = keys
    if b"".join(values).translate(None, b"0123456789"):
        raise Malformed("not a number", content)
    return row.names, row.counts(values)


def _parted(name: bytes) -> tuple[bytes, bytes]:
    """Icmp6InMsgs is InMsgs of Icmp6."""
    protocol, six, rest = name.partition(b"6")
    if not six:
        raise Malformed("not a name of a count", name)
    return protocol + six, rest
