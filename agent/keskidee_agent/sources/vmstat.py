"""Paging, swapping and kills for want of memory, from /proc/vmstat (mm/vmstat.c). No privilege.

The kernel counts some two hundred things there; the few that say whether memory suffices are read.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Columns, Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine

PLATFORMS = ("linux",)
PROMPT = True
WANTED_BEGINNINGS = (b"oom_kill", b"pgpg", b"pswp")
NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
NO_LABELS: dict[str, str] = {}


class Layout:
    """Which lines of this kernel's vmstat are wanted: the same in every round, so it is worked out once."""

    __slots__ = ("beginnings", "lines", "names", "positions")

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = len(lines)
        self.positions: list[int] = []
        self.beginnings: list[bytes] = []  # the name and a blank
        families: list[Family] = []
        for position, line in enumerate(lines):
            name, _, _ = line.partition(b" ")
            if len(line.split()) != 2 or not NAME_CHARACTERS.issuperset(name):
                raise Malformed("not a line of vmstat", line)
            if is_wanted(name):
                text = name.decode()
                self.positions.append(position)
                self.beginnings.append(name + b" ")
                families.append(Family(f"node_vmstat_{text}", "untyped", f"{text} of /proc/vmstat", digits=0))
        if not families:
            raise Malformed("nothing of what every kernel counts", b"\n".join(lines))
        self.names = tuple([(family, NO_LABELS) for family in families])

    def counts(self, lines: list[bytes]) -> list[int] | None:
        """The numbers of the wanted lines; None where these are not laid out so. Raises Malformed."""
        wanted = [lines[position] for position in self.positions] if len(lines) == self.lines else []
        if not wanted or not all(map(bytes.startswith, wanted, self.beginnings)):
            return None
        return numbers(b" ".join(map(bytes.removeprefix, wanted, self.beginnings)))


def is_wanted(name: bytes) -> bool:
    """Whether it is one of the counts that node_exporter gives by default."""
    return name.startswith(WANTED_BEGINNINGS) or (name.startswith(b"pg") and name.find(b"fault", 2) > 0)


def read(machine: Machine) -> Columns:
    """Counts since boot in node_vmstat_<name>, without labels."""
    return parse(machine.content("proc/vmstat"), machine.memory("vmstat"))


def parse(content: bytes, remembered: dict[str, Layout]) -> Columns:
    """The samples of a /proc/vmstat; `remembered` keeps the layout for the next. Raises Malformed."""
    lines = complete_lines(content)
    layout = remembered.get("layout")
    counts = layout.counts(lines) if layout is not None else None
    if layout is None or counts is None:
        layout = remembered["layout"] = Layout(lines)
        counts = layout.counts(lines)
    if counts is None or len(counts) != len(layout.names):
        raise Malformed("a number is missing", content[-80:])
    return Columns(layout.names, counts)
