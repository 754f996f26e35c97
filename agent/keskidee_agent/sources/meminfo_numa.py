"""Memory of each NUMA node, from /sys/devices/system/node/node*/{meminfo,numastat}. No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number
from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # forty series a node that add up to those of meminfo
FOLDER = "sys/devices/system/node"
LARGEST_KIB = 1 << 54
NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()")


def read(machine: Machine) -> Iterator[Sample]:
    """Gauges in bytes (pages of huge size: a count) and counters, labelled `node`.

    Raises NotHere where the kernel knows no nodes.
    """
    families: dict[bytes, Family] = machine.memory("meminfo_numa").setdefault("families", {})
    known: dict[str, dict[str, str]] = machine.memory("meminfo_numa").setdefault("labels", {})
    for name in machine.names(FOLDER, "node"):
        number_of_node = name.removeprefix("node")
        if not number_of_node.isdigit():
            continue
        labels = known.setdefault(number_of_node, {"node": number_of_node})
        try:
            memory = machine.content(f"{FOLDER}/{name}/meminfo")
            counts = machine.content(f"{FOLDER}/{name}/numastat")
        except NotHere:  # taken out a moment ago
            continue
        yield from parse_memory(memory, labels, families)
        yield from parse_counts(counts, labels, families)


def parse_memory(content: bytes, labels: dict[str, str], families: dict[bytes, Family]) -> Iterator[Sample]:
    """The samples of lines such as `Node 0 MemFree: 53030372 kB`. Raises Malformed."""
    for line in complete_lines(content):
        words = line.split()
        if len(words) not in (4, 5) or words[0] != b"Node" or words[2][-1:] != b":" or words[4:] not in ([], [b"kB"]):
            raise Malformed("not a line of a node's meminfo", line)
        if words[1] != labels["node"].encode():
            raise Malformed("the meminfo of another node", line)
        amount = number(words[3])
        if len(words) == 5:
            if amount >= LARGEST_KIB:
                raise Malformed("number too large", line)
            amount <<= 10
        yield (_family(words[2][:-1], "gauge", families), labels, amount)


def parse_counts(content: bytes, labels: dict[str, str], families: dict[bytes, Family]) -> Iterator[Sample]:
    """The samples of lines such as `numa_hit 12624528`. Raises Malformed."""
    for line in complete_lines(content):
        name, _, count = line.partition(b" ")
        yield (_family(name, "counter", families), labels, number(count))


def _family(name: bytes, kind: str, families: dict[bytes, Family]) -> Family:
    key = kind[:1].encode() + name
    family = families.get(key)
    if family is None:
        if not name or not NAME_CHARACTERS.issuperset(name):
            raise Malformed("not a name of memory", name)
        text = name.decode()
        clean = text.replace("(", "_").replace(")", "") + ("_total" if kind == "counter" else "")
        family = families[key] = Family(f"node_memory_numa_{clean}", kind, f"{text} of a NUMA node", digits=0)
    return family
