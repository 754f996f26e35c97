"""Counts of the network's tables by processor, from /proc/net/stat (lnstat(8)). No privilege."""

from __future__ import annotations

from keskidee_agent.host.hexadecimal import hex_numbers
from keskidee_agent.host.lines import complete_lines
from keskidee_agent.host.sysfs import label
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
OPT_IN = True  # forty series a processor; `conntrack` and `arp` say what matters of them
FOLDER = "proc/net/stat"
NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def read(machine: Machine) -> Iterator[Sample]:
    """A counter a column and processor, labelled `cpu` and `subsystem`."""
    families: dict[bytes, Family] = machine.memory("lnstat")
    for table in machine.names(FOLDER):
        yield from parse(machine.content(f"{FOLDER}/{table}"), label(table), families)


def parse(content: bytes, table: str, families: dict[bytes, Family]) -> list[Sample]:
    """The samples of a table; `families` keeps those of its columns for the next. Raises Malformed."""
    header, *rows = complete_lines(content)
    names = header.split()
    if not names or len(set(names)) != len(names):
        raise Malformed("not the header of a table", header)
    columns = [_family(name, families) for name in names]
    samples: list[Sample] = []
    for cpu, row in enumerate(rows):
        counts = hex_numbers(row)
        if len(counts) != len(columns):
            raise Malformed("more or fewer numbers than names", row)
        labels = {"cpu": str(cpu), "subsystem": table}
        samples += [(family, labels, count) for family, count in zip(columns, counts, strict=True)]
    return samples


def _family(name: bytes, families: dict[bytes, Family]) -> Family:
    family = families.get(name)
    if family is None:
        if not NAME_CHARACTERS.issuperset(name):
            raise Malformed("not a name of a count", name)
        what = f"{name.decode()} of a table of the network"
        family = families[name] = Family(f"node_lnstat_{name.decode()}_total", "counter", what, digits=0)
    return family
