"""Free blocks of memory by their size, from /proc/buddyinfo (proc(5)): how fragmented memory is. No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, number, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # eleven series a zone, of use to those who debug the kernel
BLOCKS = Family("node_buddyinfo_blocks", "gauge", "Free blocks of 2**size pages", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """A gauge a zone and size, labelled `node`, `zone` and `size`."""
    return parse(machine.content("proc/buddyinfo"), machine.memory("buddyinfo"))


def parse(content: bytes, known: dict[tuple[bytes, bytes, int], dict[str, str]]) -> Iterator[Sample]:
    """The samples of lines such as `Node 0, zone DMA 1 0 1`; `known` keeps their labels. Raises Malformed."""
    for line in complete_lines(content):
        words = line.split(None, 4)
        if len(words) != 5 or words[0] != b"Node" or words[2] != b"zone" or words[1][-1:] != b",":
            raise Malformed("not a line of buddyinfo", line)
        node, zone = words[1][:-1], words[3]
        for size, count in enumerate(numbers(words[4])):
            labels = known.get((node, zone, size))
            if labels is None:
                known[node, zone, size] = labels = {
                    "node": str(number(node)),
                    "zone": zone.decode("utf-8", "replace"),
                    "size": str(size),
                }
            yield (BLOCKS, labels, count)
