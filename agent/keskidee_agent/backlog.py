"""The segments: reports that were not acknowledged, oldest first, bounded by bytes and by age.

Files `00000001.segment`, `00000002.segment`, ... in the form of record.py. The newest is appended to; each is removed
when all of it is acknowledged; how far the oldest one is done stands in the cursor (cursor.py).
A number is never used twice, so a cursor that is older than the files does no harm: some reports are sent again.
"""

from __future__ import annotations

import os

from keskidee_agent import clock
from keskidee_agent.cursor import FULL, OLD, Cursor
from keskidee_agent.record import (
    END,
    HEAD_BYTES,
    MAGIC,
    NAMES,
    SCHEMA_ID_BYTES,
    frames_of,
    names_record,
    records,
    report_record,
)
from keskidee_agent.slot import open_private, write_at
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.slot import SchemaFrames
    from keskidee_report.codec import Report

SEGMENT_BYTES = 256 << 10
YEAR_MS = 366 * 86400 * 1000
SUFFIX = ".segment"


class Batch:
    """The oldest reports, the names they need, and where the backlog goes on after them."""

    __slots__ = ("end", "names", "number", "reports", "schema_ids")

    def __init__(self, number: int) -> None:
        self.number = number
        self.names: list[bytes] = []
        self.reports: list[bytes] = []
        self.schema_ids: set[bytes] = set()
        self.end = 0


class _Segment:
    """What is known of a file without opening it: bytes, reports not yet done, and the boot clock at its ends."""

    __slots__ = ("first_ms", "last_ms", "reports", "size")

    def __init__(self, size: int, reports: int, now_ms: int) -> None:
        self.size = size
        self.reports = reports
        self.first_ms = self.last_ms = now_ms


class Backlog:
    """The segments in a folder. Methods raise OSError.

    `torn_bytes` stood behind the last whole record of files of earlier processes: a kill or a power cut ended them.
    """

    def __init__(
        self,
        folder: str,
        schema_frames: SchemaFrames,
        *,
        max_age_seconds: float,
        now_ms: Callable[[], int],
    ) -> None:
        self.folder = folder
        self._cursor = Cursor(folder)
        self.torn_bytes = 0
        self._schema_frames = schema_frames
        self._max_age_ms = int(max_age_seconds * 1000)
        self._now_ms = now_ms
        self._segments: dict[int, _Segment] = {}
        self._last_number = 0
        self._done = HEAD_BYTES  # how far the oldest segment is acknowledged
        self._writer = -1
        self._known_parts: set[bytes] = set()  # what the segment that is written to holds already
        self._known_schemas: set[bytes] = set()
        self._unsynced = False

    @property
    def dropped(self) -> dict[str, int]:
        """Reports given up, by reason (cursor.DROP_REASONS); to be changed by whoever gives one up."""
        return self._cursor.dropped

    @property
    def bytes(self) -> int:
        """What the segments take on disk."""
        return sum([segment.size for segment in self._segments.values()])

    @property
    def reports(self) -> int:
        """Reports that wait."""
        return sum([segment.reports for segment in self._segments.values()])

    def open(self, left_behind: str) -> None:
        """Takes the folder over from the process before; the file `left_behind`, if there, is its last report."""
        numbers = sorted([int(name[: -len(SUFFIX)]) for name in os.listdir(self.folder) if _is_segment(name)])
        pointed_at, done = self._cursor.read()
        self._last_number = max(pointed_at, *numbers, 0)
        if os.path.exists(left_behind):
            self._last_number += 1
            os.rename(left_behind, self._path(self._last_number))
            numbers.append(self._last_number)
        for number in numbers:
            self._take_over(number, done if number == pointed_at else HEAD_BYTES)
        self._done = done if self._oldest_number() == pointed_at else HEAD_BYTES

    def append(self, report: Report, room: int) -> None:
        """Adds a report as the newest. Where all segments would take more than `room` bytes, the oldest goes."""
        now = self._now_ms()
        segment = self._segments.get(self._last_number) if self._writer >= 0 else None
        if segment is None or segment.size >= min(SEGMENT_BYTES, room // 8) or self._is_long(segment, now):
            segment = self._begin(now)
        content = report_record(report.schema_id, report.frame)
        parts: set[bytes] = set()
        if report.schema_id not in self._known_schemas:
            frames, parts = self._schema_frames(report.schema_id, self._known_parts)
            content = names_record(frames) + content
        while self.bytes + len(content) > room and self._oldest_number() != self._last_number:
            self.drop_oldest(FULL)
        try:
            write_at(self._writer, content, segment.size)
        except OSError:
            os.ftruncate(self._writer, segment.size)
            raise
        self._known_parts |= parts
        self._known_schemas.add(report.schema_id)
        segment.size += len(content)
        segment.reports += 1
        segment.last_ms = now
        self._unsynced = True

    def oldest(self, max_reports: int, max_bytes: int) -> Batch | None:
        """The oldest reports, at least one; None where none wait. Raises Malformed or OSError if unreadable."""
        number = self._oldest_number()
        if not number:
            return None
        with open(self._path(number), "rb", 0) as file:
            content = file.read()
        batch = Batch(number)
        size = 0
        for kind, start, end in records(content):
            if kind == NAMES:
                batch.names.append(frames_of(kind, content[start:end]))
            elif end > self._done:
                report = frames_of(kind, content[start:end])
                size += len(report)
                if batch.reports and (size > max_bytes or len(batch.reports) == max_reports):
                    break
                batch.reports.append(report)
                batch.schema_ids.add(content[start : start + SCHEMA_ID_BYTES])
                batch.end = end
        if not batch.reports:
            raise Malformed("no whole report left")
        return batch

    def acknowledge(self, batch: Batch, reason: str = "") -> None:
        """Goes on after this batch: the collector has it, or it was dropped for `reason`."""
        segment = self._segments.get(batch.number)
        if segment is None:  # it had to make room meanwhile, and was counted then
            return
        segment.reports -= len(batch.reports)
        if reason:
            self.dropped[reason] += len(batch.reports)
        if segment.reports <= 0:
            self._remove(batch.number, "")
        else:
            self._done = batch.end
        self.write_cursor()

    def drop_oldest(self, reason: str) -> None:
        """Gives the oldest segment up."""
        self._remove(self._oldest_number(), reason)
        self.write_cursor()

    def drop_old(self) -> None:
        """Gives up the segments whose last report is too old."""
        while self._segments:
            number = self._oldest_number()
            if self._now_ms() - self._segments[number].last_ms <= self._max_age_ms:
                break
            self.drop_oldest(OLD)

    def sync(self) -> None:
        """Makes all that was appended durable."""
        if self._unsynced and self._writer >= 0:
            os.fsync(self._writer)
            sync_folder(self.folder)
        self._unsynced = False

    def close(self) -> None:
        """Makes all durable and ends the writing."""
        self.sync()
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
        self._cursor.close()

    def write_cursor(self) -> None:
        """Writes down how far the oldest segment is done, and the counts."""
        self._cursor.write(self._oldest_number() or self._last_number, self._done)

    # inside

    def _path(self, number: int) -> str:
        return os.path.join(self.folder, f"{number:08d}{SUFFIX}")

    def _oldest_number(self) -> int:
        return next(iter(self._segments), 0)

    def _is_long(self, segment: _Segment, now: int) -> bool:
        # a segment is given up as a whole, so none may span much of the age that reports may reach
        return segment.reports > 0 and now - segment.first_ms > self._max_age_ms // 8

    def _begin(self, now: int) -> _Segment:
        """A new segment to write to."""
        self.sync()
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
        number = self._last_number + 1
        self._writer = open_private(self._path(number))
        self._last_number = number
        write_at(self._writer, MAGIC, 0)
        if not self._segments:
            self._done = HEAD_BYTES
        segment = self._segments[number] = _Segment(HEAD_BYTES, 0, now)
        self._known_parts, self._known_schemas = set(), set()
        return segment

    def _remove(self, number: int, reason: str) -> None:
        segment = self._segments.pop(number)
        if reason:
            self.dropped[reason] += segment.reports
        if number == self._last_number and self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
        self._done = HEAD_BYTES
        os.unlink(self._path(number))

    def _take_over(self, number: int, done: int) -> None:
        """Counts what waits in a segment of an earlier process; one that holds nothing is removed."""
        path = self._path(number)
        with open(path, "rb", 0) as file:
            content = file.read()
        waiting, end = 0, 0
        try:
            for kind, _, end in records(content):
                waiting += kind != NAMES and end > done
        except Malformed:
            pass
        if content[end : end + len(END)] not in (b"", END):  # a record that is not whole
            self.torn_bytes += len(content) - end
        if not waiting:
            os.unlink(path)
            return
        age_ms = clock.wall_ms() - int(os.stat(path).st_mtime * 1000)
        if not 0 <= age_ms < YEAR_MS:  # a clock is or was wrong: the bound in bytes has to do
            age_ms = 0
        self._segments[number] = _Segment(len(content), waiting, self._now_ms() - age_ms)


def sync_folder(folder: str) -> None:
    """Makes the names in a folder durable, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_segment(name: str) -> bool:
    return name.endswith(SUFFIX) and name[: -len(SUFFIX)].isdigit()
