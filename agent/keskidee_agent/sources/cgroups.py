"""How many control groups each controller has, from /proc/cgroups (cgroups(7)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # off in node_exporter too
CGROUPS = Family("node_cgroups_cgroups", "gauge", "Control groups of a controller", digits=0)
ENABLED = Family("node_cgroups_enabled", "gauge", "1 where a controller is on, otherwise 0", digits=0)


def read(machine: Machine) -> Iterator[Sample]:
    """Two gauges a controller, labelled `subsys_name`."""
    return parse(machine.content("proc/cgroups"), machine.memory("cgroups"))


def parse(content: bytes, known: dict[bytes, dict[str, str]]) -> Iterator[Sample]:
    """The samples of a /proc/cgroups; `known` keeps the labels for the next. Raises Malformed.

    The last number is 0 or 1, so that a last line without its newline (as node_exporter's recording has it) is whole.
    """
    header, *rows = complete_lines(content if content[-1:] == b"\n" or content[-2:-1] != b"\t" else content + b"\n")
    if header.split() != [b"#subsys_name", b"hierarchy", b"num_cgroups", b"enabled"]:
        raise Malformed("not the header of cgroups", header)
    for row in rows:
        name, _, rest = row.partition(b"\t")
        counts = numbers(rest)
        if not name or len(counts) != 3 or counts[2] > 1:
            raise Malformed("not a line of cgroups", row)
        labels = known.get(name)
        if labels is None:
            labels = known[name] = {"subsys_name": name.decode("utf-8", "replace")}
        yield (CGROUPS, labels, counts[1])
        yield (ENABLED, labels, counts[2])
