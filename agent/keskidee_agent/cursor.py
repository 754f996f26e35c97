"""The file `cursor`: how far the oldest segment is acknowledged, and how many reports were dropped, by reason.

    cursor = segment number u64 LE, offset u64 LE, a count u64 LE for each of DROP_REASONS, CRC-32 u32 LE

Written in place, without fsync: one that is torn or older than the segments costs only that reports are sent again.
"""

from __future__ import annotations

import os
import struct
from zlib import crc32

from keskidee_agent.record import HEAD_BYTES
from keskidee_agent.slot import open_private, write_at

FULL, OLD, REFUSED, DISK = "full", "old", "refused", "disk"
DROP_REASONS = (FULL, OLD, REFUSED, DISK)
"""Why a report was dropped: no room, too old, refused by the collector for good, or the disk lost it."""

_FORMAT = struct.Struct(f"<QQ{len(DROP_REASONS)}Q")
_CHECKSUM_BYTES = 4


class Cursor:
    """The cursor of one folder. `dropped` counts by reason and survives restarts. Methods raise OSError."""

    def __init__(self, folder: str) -> None:
        self.dropped = dict.fromkeys(DROP_REASONS, 0)
        self._path = os.path.join(folder, "cursor")
        self._descriptor = -1

    def read(self) -> tuple[int, int]:
        """Segment number and offset, and the counts into `dropped`; the number is 0 where there is no sound cursor."""
        try:
            with open(self._path, "rb", 0) as file:
                content = file.read()
        except FileNotFoundError:
            return 0, HEAD_BYTES
        values, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
        if len(values) != _FORMAT.size or crc32(values).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
            return 0, HEAD_BYTES
        number, offset, *dropped = _FORMAT.unpack(values)
        self.dropped = dict(zip(DROP_REASONS, dropped, strict=True))
        return number, offset

    def write(self, number: int, offset: int) -> None:
        """Writes down number, offset and the counts."""
        if self._descriptor < 0:
            self._descriptor = open_private(self._path)
        values = _FORMAT.pack(number, offset, *self.dropped.values())
        write_at(self._descriptor, values + crc32(values).to_bytes(_CHECKSUM_BYTES, "little"), 0)

    def close(self) -> None:
        """Ends the writing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
