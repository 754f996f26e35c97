"""Zones of memory, from /proc/zoneinfo (proc(5)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # thirty series a zone, of use to those who debug the kernel


def _gauge(name: str) -> Family:
    return Family(f"node_zoneinfo_{name}", "gauge", f"{name.replace('_', ' ')} of a zone of memory", digits=0)


def _counter(name: str) -> Family:
    what = f"{name.replace('_', ' ')} of a zone of memory since boot"
    return Family(f"node_zoneinfo_{name}_total", "counter", what, digits=0)


_PAGES = (
    *("high", "low", "managed", "min", "present", "scanned", "spanned"),
    *("nr_active_anon", "nr_active_file", "nr_dirty", "nr_inactive_anon", "nr_inactive_file"),
    *("nr_isolated_anon", "nr_isolated_file", "nr_mapped", "nr_shmem", "nr_slab_reclaimable", "nr_slab_unreclaimable"),
    *("nr_unevictable", "nr_writeback"),
)
_COUNTS = (
    *("nr_dirtied", "nr_written"),
    *("numa_foreign", "numa_hit", "numa_interleave", "numa_local", "numa_miss", "numa_other"),
)
_AS_THEY_ARE = ("nr_anon_pages", "nr_anon_transparent_hugepages", "nr_file_pages", "nr_free_pages")
# first word of a line, and its family
LINES: dict[bytes, Family] = {
    **{name.encode(): _gauge(f"{name}_pages") for name in _PAGES},
    **{name.encode(): _counter(name) for name in _COUNTS},
    **{name.encode(): _gauge(name) for name in _AS_THEY_ARE},
    b"nr_kernel_stack": _gauge("nr_kernel_stacks"),
}
PROTECTIONS = tuple(_gauge(f"protection_{zone}") for zone in range(16))


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges in pages and counters, labelled `node` and `zone`; what a whole node has stands at its first zone."""
    return parse(machine.content("proc/zoneinfo"))


def parse(content: bytes) -> Iterator[Sample]:
    """The samples of a /proc/zoneinfo. Raises Malformed.

    A last line without its newline is left out, unless its bracket tells that it is whole.
    """
    lines = (content + b"\n" if content[-1:] == b")" else content).split(b"\n")
    if content[:5] != b"Node ":
        raise Malformed("not the first zone", content)
    labels: dict[str, str] = {}
    seen: set[bytes] = set()
    for line in lines[:-1]:
        if line[:5] == b"Node ":
            labels = _labels(line)
            seen = set()
            continue
        key, _, value = line.strip().partition(b" ")
        family = LINES.get(key)
        if family is not None:
            if key in seen:
                raise Malformed("a second line of a name in one zone", line)
            seen.add(key)
            yield (family, labels, number(value))
        elif key == b"protection:":
            yield from zip(PROTECTIONS, [labels] * len(PROTECTIONS), _protections(value), strict=False)


def _labels(line: bytes) -> dict[str, str]:
    words = line.split()
    if len(words) != 4 or words[1][-1:] != b"," or words[2] != b"zone":
        raise Malformed("not the name of a zone", line)
    return {"node": str(number(words[1][:-1])), "zone": words[3].decode("utf-8", "replace")}


def _protections(value: bytes) -> list[int]:
    if value[:1] != b"(" or value[-1:] != b")":
        raise Malformed("not a list of protected pages", value)
    return numbers(value[1:-1].replace(b",", b" "))
