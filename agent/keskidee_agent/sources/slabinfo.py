"""The kernel's caches of equal objects, from /proc/slabinfo (slabinfo(5)). The file may be read by root only."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # some thousand series, and the kernel counts them with its allocator locked
RIGHT = "root"
GRANT = "sudo chmod a+r /proc/slabinfo  # until next boot"
HEADER = b"slabinfo - version: 2."


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_slabinfo_{name}", "gauge", what, digits=0)


FAMILIES = (
    _gauge("active_objects", "Objects of a cache in use"),
    _gauge("objects", "Objects of a cache"),
    _gauge("object_size_bytes", "Size of an object of a cache"),
    _gauge("objects_per_slab", "Objects in a slab of a cache"),
    _gauge("pages_per_slab", "Pages of memory in a slab of a cache"),
)


def read(machine: Machine) -> Iterator[Sample]:
    """Five gauges a cache, labelled `slab`."""
    return parse(machine.content("proc/slabinfo"), machine.memory("slabinfo"))


def parse(content: bytes, known: dict[bytes, dict[str, str]]) -> Iterator[Sample]:
    """The samples of a /proc/slabinfo; `known` keeps the labels for the next. Raises Malformed."""
    header, *rows = complete_lines(content)
    if not header.startswith(HEADER) or not rows or rows[0][:6] != b"# name":
        raise Malformed("not the header of slabinfo", header)
    seen = set()
    for row in rows[1:]:
        name, _, rest = row.partition(b" ")
        counts = numbers(rest.partition(b":")[0])
        if len(counts) != len(FAMILIES):
            raise Malformed("not a line of slabinfo", row)
        if name in seen:  # a module may make a second cache of a name
            continue
        seen.add(name)
        labels = known.get(name)
        if labels is None:
            labels = known[name] = {"slab": name.decode("utf-8", "replace")}
        for family, count in zip(FAMILIES, counts, strict=True):
            yield (family, labels, count)
