"""Sockets in use and the memory they take, from /proc/net/sockstat and sockstat6 (proc(5)). No privilege."""

from __future__ import annotations

import os

from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NO_LABELS: dict[str, str] = {}
PATHS = ("proc/net/sockstat", "proc/net/sockstat6")

USED = Family("node_sockstat_sockets_used", "gauge", "Sockets of every kind in use", digits=0)
WHAT = {
    b"inuse": "{} sockets in use",
    b"orphan": "{} sockets that no program holds any more",
    b"tw": "{} sockets waiting for late packets after their end",
    b"alloc": "{} sockets allocated in any state",
    b"mem": "Pages of memory that {} sockets take",
    b"memory": "Memory in bytes that {} sockets take",
    b"mem_bytes": "Memory in bytes that {} sockets take, from the number of pages",
}
NAME_CHARACTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
LARGEST_PAGES = 1 << 46


class Table:
    """What the last round knew of a file: its lines, and the samples of each. Most lines stay as they are."""

    __slots__ = ("families", "lines", "page_bytes", "samples")

    def __init__(self, page_bytes: int) -> None:
        self.page_bytes = page_bytes
        self.families: dict[tuple[bytes, bytes], Family] = {}
        self.lines: list[bytes] = []
        self.samples: list[list[Sample]] = []


def read(machine: Machine) -> Iterable[Sample]:
    """Gauges in node_sockstat_<protocol>_<name>, without labels. Sockets count in this network namespace."""
    known: dict[str, Table] = machine.memory("sockstat")
    samples: list[Sample] = []
    missing = 0
    for path in PATHS:
        try:
            content = machine.shared(path)
        except NotHere:  # IPv4 or IPv6 is not built in
            missing += 1
            continue
        table = known.get(path)
        if table is None:
            table = known[path] = Table(os.sysconf("SC_PAGE_SIZE"))
        samples += parse(content, table)
    if missing == len(PATHS):
        raise NotHere(f"no /{PATHS[0]}")
    return samples


def parse(content: bytes, table: Table) -> list[Sample]:
    """The samples of lines such as `TCP: inuse 4 orphan 0`; `table` keeps them for the next. Raises Malformed."""
    lines = complete_lines(content)
    if len(lines) != len(table.lines):
        table.families.clear()
        table.lines = [b""] * len(lines)
        table.samples = [[] for _ in lines]
    samples: list[Sample] = []
    for position, line in enumerate(lines):
        if table.lines[position] != line or not line:
            table.samples[position] = _of_line(line, table)
            table.lines[position] = line
        samples += table.samples[position]
    return samples


def _of_line(line: bytes, table: Table) -> list[Sample]:
    fields = line.split()
    pairs = fields[1:]
    if not pairs or len(pairs) % 2 or fields[0][-1:] != b":":
        raise Malformed("not a line of sockstat", line)
    protocol = fields[0][:-1]
    samples: list[Sample] = []
    for name, text in zip(pairs[::2], pairs[1::2], strict=True):
        # some kernels gave back more memory than they had counted, and say so
        count = -number(text[1:]) if text[:1] == b"-" else number(text)
        if protocol == b"sockets":
            samples += [(USED, NO_LABELS, count)] if name == b"used" else []
        elif name in WHAT:
            samples.append((_family(table, protocol, name), NO_LABELS, count))
            if name == b"mem":
                if abs(count) >= LARGEST_PAGES:
                    raise Malformed("number too large", line)
                samples.append((_family(table, protocol, b"mem_bytes"), NO_LABELS, count * table.page_bytes))
    return samples


def _family(table: Table, protocol: bytes, name: bytes) -> Family:
    family = table.families.get((protocol, name))
    if family is None:
        if not protocol or not NAME_CHARACTERS.issuperset(protocol):
            raise Malformed("not a protocol", protocol)
        what = WHAT[name].format(protocol.decode())
        family = Family(f"node_sockstat_{protocol.decode()}_{name.decode()}", "gauge", what, digits=0)
        table.families[protocol, name] = family
    return family
