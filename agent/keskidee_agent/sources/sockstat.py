"""Sockets in use and the memory they take, from /proc/net/sockstat and sockstat6 (proc(5)). No privilege."""

from __future__ import annotations

import os

from keskidee_agent.lines import complete_lines, number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NO_LABELS: dict[str, str] = {}

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
FAMILIES_KEPT = 256


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges in node_sockstat_<protocol>_<name>, without labels. Sockets count in this network namespace."""
    families: dict[tuple[bytes, bytes], Family] = machine.memory("sockstat")
    if len(families) > FAMILIES_KEPT:
        families.clear()
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    samples: list[Sample] = []
    missing = 0
    for path in ("proc/net/sockstat", "proc/net/sockstat6"):
        try:
            content = machine.content(path)
        except NotHere:  # IPv4 or IPv6 is not built in
            missing += 1
        else:
            samples += parse(content, page_bytes, families)
    if missing == 2:
        raise NotHere("no /proc/net/sockstat")
    return iter(samples)


def parse(content: bytes, page_bytes: int, families: dict[tuple[bytes, bytes], Family]) -> list[Sample]:
    """The samples of lines such as `TCP: inuse 4 orphan 0`; `families` keeps what was named. Raises Malformed."""
    samples: list[Sample] = []
    for line in complete_lines(content):
        fields = line.split()
        pairs = fields[1:]
        if not pairs or len(pairs) % 2 or fields[0][-1:] != b":":
            raise Malformed("not a line of sockstat", line)
        protocol = fields[0][:-1]
        for name, text in zip(pairs[::2], pairs[1::2], strict=True):
            count = number(text)
            if protocol == b"sockets":
                if name == b"used":
                    samples.append((USED, NO_LABELS, count))
                continue
            if name in WHAT:
                samples.append((_family(families, protocol, name), NO_LABELS, count))
            if name == b"mem":
                if count >= LARGEST_PAGES:
                    raise Malformed("number too large", line)
                samples.append((_family(families, protocol, b"mem_bytes"), NO_LABELS, count * page_bytes))
    return samples


def _family(families: dict[tuple[bytes, bytes], Family], protocol: bytes, name: bytes) -> Family:
    family = families.get((protocol, name))
    if family is None:
        if not protocol or not NAME_CHARACTERS.issuperset(protocol):
            raise Malformed("not a protocol", protocol)
        what = WHAT[name].format(protocol.decode())
        family = Family(f"node_sockstat_{protocol.decode()}_{name.decode()}", "gauge", what, digits=0)
        families[protocol, name] = family
    return family
