"""Pages of program files that a process has mapped: those it needed to start with are given back.

An interpreter and a TLS library are 9 MiB of code and tables, and a start touches nearly all of it; a round needs a
third. What is given back is still in the file: a page that is needed again comes back by itself, out of the kernel's
page cache, in a microsecond. The resident imports this module: nothing heavy.
"""

from __future__ import annotations

from keskidee_agent.host.clibrary import function, word
from keskidee_report.model import NotHere

SMAPS = "/proc/self/smaps"
MADV_DONTNEED = 4
UNWRITABLE = (b"r-xp", b"r--p")


def give_back() -> bool:
    """Unmaps every page that is the file's own. False where it cannot.

    Linux (proc(5), madvise(2)). Only areas of which this process has changed no page (relocations would be lost).
    """
    try:
        advise = function("madvise")
        with open(SMAPS, "rb") as file:
            found = areas(file.read())
    except (NotHere, OSError):
        return False
    for start, end in found:
        advise(word(start), word(end - start), MADV_DONTNEED)
    return True


def areas(content: bytes) -> list[tuple[int, int]]:
    """Start and end of the mapped areas of files, in a /proc/PID/smaps, that cannot be written and hold nothing new."""
    found: list[tuple[int, int]] = []
    area: tuple[int, int] | None = None
    for line in content.split(b"\n"):
        words = line.split()
        if words and not words[0].endswith(b":"):
            start, _, end = words[0].partition(b"-")
            of_file = len(words) > 5 and words[5].startswith(b"/") and words[1] in UNWRITABLE
            area = (int(start, 16), int(end, 16)) if of_file else None
        elif words[:1] == [b"Anonymous:"] and words[1] != b"0":
            area = None
        elif area and words[:2] == [b"Swap:", b"0"]:  # a changed page may be there too
            found.append(area)
    return found
