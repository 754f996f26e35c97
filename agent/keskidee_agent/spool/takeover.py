"""What the process before left in a spool's folder, and what of it is done already.

A kill may have come between any two calls of the system. So the cursor is written before a file that it has passed is
removed, and a report may stand both in the slot and at the end of the newest segment.
"""

from __future__ import annotations

import os

from keskidee_agent.host import clock
from keskidee_agent.spool.cursor import THINNED, newer
from keskidee_agent.spool.record import END, HEAD_BYTES
from keskidee_agent.spool.retention import UNFINISHED
from keskidee_agent.spool.segment import Segment, Survey, last_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.spool.cursor import Cursor

YEAR_MS = 366 * 86400 * 1000
SUFFIX = ".segment"


class Takeover:
    """Segments by number, with the slot's report as the newest where it waits; `done` is how far the oldest one is.

    `counts` are the newest that were written down. `gone` are files to be removed once the cursor is written. Bytes
    behind the last whole record of a file are `torn_bytes`. Raises OSError, and may then be made again.
    """

    def __init__(self, folder: str, cursor: Cursor, slot: str, now_ms: int) -> None:
        self.segments: dict[int, Segment] = {}
        self.torn_bytes = 0
        self._folder = folder
        self._now_ms = now_ms
        names = os.listdir(folder)
        numbers = sorted([int(name[: -len(SUFFIX)]) for name in names if _is_segment(name)])
        pointed_at, done, self.counts = cursor.read()
        self.last_number = max(pointed_at, *numbers, 0)
        self.gone = [os.path.join(folder, name) for name in names if name.endswith(UNFINISHED)]
        self.gone += [path_of(folder, number) for number in numbers if number < pointed_at]
        if os.path.exists(slot):
            self._take_slot(slot, numbers)
        for number in numbers:
            if number >= pointed_at:
                self._take(number, done if number == pointed_at else HEAD_BYTES)
        self.done = done if next(iter(self.segments), 0) == pointed_at else HEAD_BYTES

    def _take_slot(self, path: str, numbers: list[int]) -> None:
        """Makes it a segment, unless its report is known to be settled or stands in the newest one."""
        content = content_of(path)
        told = Survey(content).counts
        settled = told is not None and (
            told.taken < self.counts.taken or (told.taken == self.counts.taken and self.counts.settled)
        )
        last = None if settled or not numbers else last_report(content)
        if settled or (last is not None and last == last_report(content_of(path_of(self._folder, numbers[-1])))):
            self.gone.append(path)
        else:
            self.last_number += 1
            os.rename(path, path_of(self._folder, self.last_number))
            numbers.append(self.last_number)
        self.counts = newer(self.counts, told)

    def _take(self, number: int, done: int) -> None:
        """Counts what waits in a segment; one in which nothing does is to be removed."""
        path = path_of(self._folder, number)
        content = content_of(path)
        found = Survey(content, done)
        self.counts = newer(self.counts, found.counts)
        thinned = self.counts.dropped[THINNED]
        self.counts.dropped[THINNED] = max(thinned, found.thinned)  # killed before the cursor had it
        if content[found.end : found.end + len(END)] not in (b"", END):  # a record that is not whole
            self.torn_bytes += len(content) - found.end
        if not found.waiting:
            self.gone.append(path)
            return
        age_ms = clock.wall_ms() - int(os.stat(path).st_mtime * 1000)
        if not 0 <= age_ms < YEAR_MS:  # a clock is or was wrong: the bound in bytes has to do
            age_ms = 0
        self.segments[number] = Segment(len(content), found.waiting, self._now_ms - age_ms, found.level)


def path_of(folder: str, number: int) -> str:
    """Where a segment is."""
    return os.path.join(folder, f"{number:08d}{SUFFIX}")


def content_of(path: str) -> bytes:
    """All bytes of a file."""
    with open(path, "rb", 0) as file:
        return file.read()


def _is_segment(name: str) -> bool:
    return name.endswith(SUFFIX) and name[: -len(SUFFIX)].isdigit()
