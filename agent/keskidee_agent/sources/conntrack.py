"""Connections that the firewall tracks, from /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack. No privilege."""

from __future__ import annotations

from keskidee_agent.host.hexadecimal import hex_numbers
from keskidee_agent.host.lines import complete_lines
from keskidee_agent.host.sysfs import integer
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
PROMPT = True
NEEDS = ("proc/sys/net/netfilter/nf_conntrack_count",)
FOLDER = "proc/sys/net/netfilter"
NO_LABELS: dict[str, str] = {}

ENTRIES = Family("node_nf_conntrack_entries", "gauge", "Connections tracked now", digits=0)
LIMIT = Family("node_nf_conntrack_entries_limit", "gauge", "Connections that can be tracked at once", digits=0)


def _gauge(name: str, what: str) -> Family:
    # gauges, although they count: the type is part of what node_exporter's users know
    return Family(f"node_nf_conntrack_stat_{name}", "gauge", what, digits=0)


COUNTS = {
    b"found": _gauge("found", "Entries found when searched for"),
    b"invalid": _gauge("invalid", "Packets that belong to no connection"),
    b"ignore": _gauge("ignore", "Packets of connections tracked already"),
    b"insert": _gauge("insert", "Entries inserted"),
    b"insert_failed": _gauge("insert_failed", "Entries that could not be inserted"),
    b"drop": _gauge("drop", "Packets dropped because tracking failed"),
    b"early_drop": _gauge("early_drop", "Entries dropped to make room"),
    b"search_restart": _gauge("search_restart", "Searches begun anew because the table was resized"),
}


def read(machine: Machine) -> Iterator[Sample]:
    """Entries, their limit, and counts since boot summed over the processors; no labels.

    Raises NotHere where the kernel tracks no connections, which is so until a firewall asks for it.
    """
    for family, name in ((ENTRIES, "nf_conntrack_count"), (LIMIT, "nf_conntrack_max")):
        yield (family, NO_LABELS, integer(machine.content(f"{FOLDER}/{name}")))
    try:
        counts = machine.parsed("proc/net/stat/nf_conntrack", parse)
    except NotHere:  # a kernel can be built without it
        return
    yield from counts


def parse(content: bytes) -> list[Sample]:
    """The sums of the columns that have a family. Raises Malformed."""
    header, *rows = complete_lines(content)
    names = header.split()
    if not rows or not {b"found", b"insert", b"drop"}.issubset(names):
        raise Malformed("not the header of nf_conntrack", header)
    columns = list(map(hex_numbers, rows))
    if any(len(row) != len(names) for row in columns):
        raise Malformed("more or fewer numbers than names", content)
    sums = dict(zip(names, map(sum, zip(*columns, strict=True)), strict=True))
    return [(family, NO_LABELS, sums[name]) for name, family in COUNTS.items() if name in sums]
