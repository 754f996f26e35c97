"""Paging, swapping and kills for want of memory, from /proc/vmstat (mm/vmstat.c). No privilege.

The kernel counts some two hundred things there; the few that say whether memory suffices are read.
"""

from __future__ import annotations

from keskidee_agent.lines import complete_lines, number
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
WANTED_BEGINNINGS = (b"oom_kill", b"pgpg", b"pswp")
NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
NO_LABELS: dict[str, str] = {}


class Layout:
    """Which words of this kernel's vmstat are wanted: the same in every round, so it is worked out once."""

    __slots__ = ("families", "labels", "names", "positions")

    def __init__(self, content: bytes) -> None:
        self.names: list[bytes] = []
        self.positions: list[int] = []
        self.families: list[Family] = []
        for line in complete_lines(content):
            name, _, _ = line.partition(b" ")
            if len(line.split()) != 2 or not NAME_CHARACTERS.issuperset(name):
                raise Malformed("not a line of vmstat", line)
            if is_wanted(name):
                text = name.decode()
                self.positions.append(2 * len(self.names) + 1)
                self.families.append(Family(f"node_vmstat_{text}", "untyped", f"{text} of /proc/vmstat", digits=0))
            self.names.append(name)
        if not self.families:
            raise Malformed("nothing of what every kernel counts", content)
        self.labels = [NO_LABELS] * len(self.families)


def is_wanted(name: bytes) -> bool:
    """Whether it is one of the counts that node_exporter gives by default."""
    return name.startswith(WANTED_BEGINNINGS) or (name.startswith(b"pg") and name.find(b"fault", 2) > 0)


def read(machine: Machine) -> Iterator[Sample]:
    """Counts since boot in node_vmstat_<name>, without labels."""
    return parse(machine.content("proc/vmstat"), machine.memory("vmstat"))


def parse(content: bytes, remembered: dict[str, Layout]) -> Iterator[Sample]:
    """The samples of a /proc/vmstat; `remembered` keeps the layout for the next. Raises Malformed."""
    if content[-1:] != b"\n":
        raise Malformed("cut short" if content else "empty", content[-80:])
    words = content.split()
    layout = remembered.get("layout")
    if layout is None or layout.names != words[::2] or content.count(b"\n") != len(layout.names):
        layout = remembered["layout"] = Layout(content)
    counts = [number(words[position]) for position in layout.positions]
    return zip(layout.families, layout.labels, counts, strict=True)
