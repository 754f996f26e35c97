"""What became of the reports, and the file `cursor`: how far the oldest segment is acknowledged, with those counts.

    cursor = segment number u64 LE, offset u64 LE, counts, CRC-32 u32 LE
    counts = taken u64 LE, delivered u64 LE, a count u64 LE for each of DROP_REASONS, settled u8

Written in place, without fsync but before a segment is removed: one that is torn or older than the segments costs only
that reports are sent again.
The slot holds the counts too, as of its report, so that a round in which all is well writes no second file.
"""

from __future__ import annotations

import os
import struct
from zlib import crc32

from keskidee_agent.spool.record import HEAD_BYTES
from keskidee_agent.spool.slot import open_private, write_at

FULL, OLD, REFUSED, DISK, THINNED = "full", "old", "refused", "disk", "thinned"
DROP_REASONS = (FULL, OLD, REFUSED, DISK, THINNED)
"""Why a report was dropped: no room, too old, refused by the collector for good, lost by the disk (or a power cut), or
thinned: another one of its minute or five minutes was kept."""

_POSITION = struct.Struct("<QQ")
_COUNTS = struct.Struct(f"<QQ{len(DROP_REASONS)}Q?")
_BEFORE_COUNTS = struct.Struct("<QQ4Q")  # as it was before reports were counted: without taken, delivered and thinned
_CHECKSUM_BYTES = 4


class Counts:
    """What became of the reports: always `taken` = `delivered` + those that wait + all of `dropped`, by reason.

    `settled` where the one that was taken last waits no more.
    """

    __slots__ = ("delivered", "dropped", "settled", "taken")

    def __init__(self) -> None:
        self.taken = self.delivered = 0
        self.dropped = dict.fromkeys(DROP_REASONS, 0)
        self.settled = True

    def packed(self) -> bytes:
        """The counts as bytes."""
        return _COUNTS.pack(self.taken, self.delivered, *self.dropped.values(), self.settled)

    def add(self, others: Counts) -> None:
        """Counts what `others` counted, too."""
        self.taken += others.taken
        self.delivered += others.delivered
        for reason in DROP_REASONS:
            self.dropped[reason] += others.dropped[reason]

    def settle(self, waiting: int) -> int:
        """Makes the counts agree with how many wait; how many the disk lost.

        Where more wait than were counted, what was delivered came back (an old cursor): it is taken once more.
        """
        lost = self.taken - self.delivered - sum(self.dropped.values()) - waiting
        if lost > 0:
            self.dropped[DISK] += lost
            return lost
        self.taken -= lost
        return 0


def unpacked(content: bytes) -> Counts | None:
    """The counts that `packed` wrote; None for anything else."""
    if len(content) != _COUNTS.size:
        return None
    counts = Counts()
    counts.taken, counts.delivered, *dropped, counts.settled = _COUNTS.unpack(content)
    counts.dropped = dict(zip(DROP_REASONS, dropped, strict=True))
    return counts


def newer(counts: Counts, others: Counts | None) -> Counts:
    """Those of the two that were written later, the first where they tell the same number taken."""
    return others if others is not None and others.taken > counts.taken else counts


class Cursor:
    """The cursor of one folder. Methods raise OSError."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "cursor")
        self._descriptor = -1

    def read(self) -> tuple[int, int, Counts]:
        """Segment number, offset and the counts; the number is 0 where there is no sound cursor."""
        try:
            with open(self._path, "rb", 0) as file:
                content = file.read()
        except FileNotFoundError:
            return 0, HEAD_BYTES, Counts()
        values, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
        if crc32(values).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
            return 0, HEAD_BYTES, Counts()
        if len(values) == _BEFORE_COUNTS.size:
            return _read_before_counts(values)
        counts = unpacked(values[_POSITION.size :])
        if counts is None:
            return 0, HEAD_BYTES, Counts()
        number, offset = _POSITION.unpack_from(values)
        return number, offset, counts

    def write(self, number: int, offset: int, counts: Counts) -> None:
        """Writes down number, offset and the counts."""
        if self._descriptor < 0:
            self._descriptor = open_private(self._path)
        values = _POSITION.pack(number, offset) + counts.packed()
        write_at(self._descriptor, values + crc32(values).to_bytes(_CHECKSUM_BYTES, "little"), 0)

    def sync(self) -> None:
        """Makes durable what was written."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Ends the writing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _read_before_counts(values: bytes) -> tuple[int, int, Counts]:
    number, offset, *dropped = _BEFORE_COUNTS.unpack(values)
    counts = Counts()
    counts.dropped |= zip(DROP_REASONS[: len(dropped)], dropped, strict=True)
    return number, offset, counts
