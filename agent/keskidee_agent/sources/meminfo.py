"""Memory, from /proc/meminfo (Documentation/filesystems/proc.rst); the totals by psutil elsewhere. No privilege."""

from __future__ import annotations

from keskidee_agent.host.lines import LARGEST, complete_lines, number
from keskidee_report.model import Columns, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True

KIB = -10  # digits of a number of KiB
NO_LABELS: dict[str, str] = {}
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()")

# psutil's svmem and sswap, and the kernel's name for the same
PORTABLE = (("total", b"MemTotal"), ("available", b"MemAvailable"), ("free", b"MemFree"))
PORTABLE_MAC = (("active", b"Active"), ("inactive", b"Inactive"))
PORTABLE_SWAP = (("total", b"SwapTotal"), ("free", b"SwapFree"))


class Layout:
    """How the lines of this kernel's meminfo are laid out: the same in every round, so it is worked out once."""

    __slots__ = ("names", "numbers", "skeleton", "words")

    def __init__(self, content: bytes) -> None:
        self.skeleton = skeleton(content)
        families: list[Family] = []
        self.numbers: list[int] = []  # which words
        self.words = 0
        for line in complete_lines(content):
            words = line.split()
            if len(words) not in (2, 3) or words[2:] not in ([], [b"kB"]):
                raise Malformed("not a line of meminfo", line)
            families.append(describe(words[0], in_bytes=len(words) == 3))
            number(words[1])
            self.numbers.append(self.words + 1)
            self.words += len(words)
        if not any(family.name == "node_memory_MemTotal_bytes" for family in families):
            raise Malformed("no MemTotal", content)
        self.names = tuple([(family, NO_LABELS) for family in families])


def skeleton(content: bytes) -> bytes:
    """What stays when the numbers change."""
    return content.translate(None, b"0123456789 ")


def read(machine: Machine) -> Iterable[Sample]:
    """One gauge a line of /proc/meminfo, in bytes where the kernel says kB and as it is otherwise; no labels.

    On Windows and macOS what means the same: total, available, free, and swap.
    """
    if machine.platform == "linux":
        return parse(machine.content("proc/meminfo"), machine.memory("meminfo"))
    return _portable(machine)


def parse(content: bytes, remembered: dict[str, Layout]) -> Columns:
    """The samples of a /proc/meminfo; `remembered` keeps the layout for the next. Raises Malformed."""
    layout = remembered.get("layout")
    if layout is None or layout.skeleton != skeleton(content):
        layout = remembered["layout"] = Layout(content)
    words = content.split()
    if len(words) != layout.words:
        raise Malformed("a number is missing", content)
    try:
        amounts = [int(words[at]) for at in layout.numbers]
    except ValueError:
        raise Malformed("a number is missing", content) from None
    if max(amounts) >= LARGEST:
        raise Malformed("number too large", content)
    return Columns(layout.names, amounts)


def describe(name: bytes, *, in_bytes: bool) -> Family:
    """The family of a line: `Active(anon):` in kB is node_memory_Active_anon_bytes. Raises Malformed for no name."""
    bare = name[:-1]
    if not bare or name[-1:] != b":" or not _NAME_CHARACTERS.issuperset(bare):
        raise Malformed("not a name in meminfo", name)
    text = bare.decode()
    clean = text.replace("(", "_").replace(")", "")
    return Family(
        f"node_memory_{clean}{'_bytes' if in_bytes else ''}",
        "gauge",
        f"{text} of /proc/meminfo",
        digits=KIB if in_bytes else 0,
    )


def _portable(machine: Machine) -> Iterator[Sample]:
    memory = _amounts(machine, "virtual_memory", PORTABLE + (PORTABLE_MAC if machine.platform == "darwin" else ()))
    try:
        swap = _amounts(machine, "swap_memory", PORTABLE_SWAP)
    except NotHere:  # Windows with its performance counters switched off
        swap = []
    return iter(memory + swap)


def _amounts(machine: Machine, function: str, fields: tuple[tuple[str, bytes], ...]) -> list[Sample]:
    """What psutil's function says, under the names that the kernel has for the same."""
    families = machine.memory("meminfo")
    answer = machine.ask(function)
    for _, name in fields:
        if name not in families:
            families[name] = describe(name + b":", in_bytes=True)
    return [(families[name], NO_LABELS, getattr(answer, field)) for field, name in fields]
