"""How long the backlog keeps which rate: every report, then the last of each minute, then of each five minutes.

Which segment is next, and putting a smaller file in a segment's place. What is written there is thinning.py's, which is
imported only when a backlog has grown old enough, or large enough.
"""

from __future__ import annotations

import os
import time

from keskidee_agent.spool.slot import open_private, write_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    class Kept(Protocol):
        """What is asked of a segment."""

        level: int
        last_ms: int


FULL_RATE, MINUTES, FIVE_MINUTES = 0, 1, 2
PERIODS_MS = (0, 60_000, 300_000)
"""Of each so many milliseconds a segment of this level keeps the last report."""
REST_MS = 60_000
UNFINISHED = ".new"
TRIES, TRY_SECONDS = 10 if os.name == "nt" else 1, 0.1


class Retention:
    """From which age on a segment is to be thinned to which level, by its youngest report."""

    def __init__(self, full_rate_seconds: float, minute_rate_seconds: float) -> None:
        self.full_rate_ms = int(full_rate_seconds * 1000)
        self._minute_rate_ms = int(minute_rate_seconds * 1000)
        self.rests_until_ms = 0

    def due(self, segments: Iterable[tuple[int, Kept]], now_ms: int, *, crowded: bool) -> tuple[int, int]:
        """The segment to be thinned next, and to which level; (0, 0) where none is. `segments` are the oldest first.

        Where it is `crowded`, the next level comes early: the oldest of those that are thinned least.
        """
        if now_ms < self.rests_until_ms:
            return 0, 0
        early, lowest = 0, FIVE_MINUTES
        for number, segment in segments:
            level = self._level_at(now_ms - segment.last_ms)
            if level > segment.level:
                return number, level
            if crowded and segment.level < lowest:
                early, lowest = number, segment.level
            elif not crowded and not level:  # the others are younger
                break
        return (early, lowest + 1) if early else (0, 0)

    def _level_at(self, age_ms: int) -> int:
        if age_ms > self._minute_rate_ms:
            return FIVE_MINUTES
        return MINUTES if age_ms > self.full_rate_ms else FULL_RATE


def put_in_place(path: str, content: bytes) -> None:
    """Puts content in a file's place, durable before it is: whoever looks finds the one or the other. Keeps its age.

    Raises OSError, and then the file is as it was.
    """
    beside = path + UNFINISHED
    try:
        descriptor = open_private(beside)
        try:
            write_at(descriptor, content, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        changed_ns = os.stat(path).st_mtime_ns  # how old its reports are, for the next process
        os.utime(beside, ns=(changed_ns, changed_ns))
        take_place(beside, path)
    except OSError:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def take_place(beside: str, path: str, tries: int = TRIES) -> None:
    """A file in the place of another, at once. Raises OSError.

    On Windows that is refused while anybody has the other open, as a scanner of viruses does for a moment.
    """
    for left in range(tries, 0, -1):
        try:
            os.replace(beside, path)
        except PermissionError:
            if left == 1:
                raise
            time.sleep(TRY_SECONDS)
        else:
            return


def sync_folder(folder: str) -> None:
    """Makes the names in a folder durable, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
