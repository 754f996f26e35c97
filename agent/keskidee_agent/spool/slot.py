"""The file `live`: the newest report, written over the one before it, with the names it needs in front.

It has the form of a spool file, so the next process takes it over by renaming it; the counts (cursor.py) stand in it.
No fsync: while the collector acknowledges, nothing in it is worth one; what is not acknowledged moves to a segment
with the next round.
"""

from __future__ import annotations

import os

from keskidee_agent.spool.record import END, MAGIC, boot_record, counts_record, names_record, report_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from keskidee_report.codec import Report

    SchemaFrames: TypeAlias = Callable[[bytes, set[bytes]], tuple[list[bytes], set[bytes]]]


class Slot:
    """One report on disk. `schema_frames` is the encoder's, `boot` the id of this boot."""

    __slots__ = ("_at", "_boot", "_descriptor", "_schema_frames", "_schema_id", "path", "size")

    def __init__(self, path: str, schema_frames: SchemaFrames, boot: str = "") -> None:
        self.path = path
        self._boot = boot
        self.size = 0
        self._schema_frames = schema_frames
        self._schema_id = b""
        self._at = 0
        self._descriptor = -1

    def write(self, report: Report, counts: bytes) -> None:
        """Writes the report, and the counts with it, over those before.

        A kill in the middle loses both reports, so the other is safe elsewhere.
        """
        if self._descriptor < 0:
            self._descriptor = open_private(self.path)
        record = counts_record(counts) + report_record(report.schema_id, report.frame, deflated=False) + END
        if report.schema_id == self._schema_id:
            write_at(self._descriptor, record, self._at)
        else:
            self._schema_id = b""  # should the write fail half-way
            start = MAGIC + boot_record(self._boot) + names_record(self._schema_frames(report.schema_id, set())[0])
            write_at(self._descriptor, start + record, 0)
            self._schema_id, self._at = report.schema_id, len(start)
        self.size = max(self.size, self._at + len(record))

    def sync(self) -> None:
        """Makes the report durable."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self, *, remove: bool) -> None:
        """Ends the writing; `remove` where there is nothing in it that anybody waits for."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            if remove:
                os.unlink(self.path)


def open_private(path: str) -> int:
    """A descriptor to write and read a file that only this user may open. Made where it is not there."""
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)


def write_at(descriptor: int, content: bytes, offset: int) -> None:
    """Writes all of it; raises OSError where the disk took less."""
    if hasattr(os, "pwrite"):
        written = os.pwrite(descriptor, content, offset)
    else:  # Windows
        os.lseek(descriptor, offset, os.SEEK_SET)
        written = os.write(descriptor, content)
    if written < len(content):
        write_at(descriptor, content[written:], offset + written)  # a full disk raises here and says why
