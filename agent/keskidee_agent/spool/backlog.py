"""The segments: reports that were not acknowledged, oldest first, bounded by bytes and by age, thinned as they age.

Files `00000001.segment`, `00000002.segment`, ... in the form of record.py: the first report of each whole, the others
as what changed. The newest is appended to; each is removed when all of it is acknowledged; how far the oldest one is
done stands in the cursor (cursor.py), which is written first: a file that it has passed is removed by the next process.
A number is never used twice, so a cursor that is older than the files does no harm: some reports are sent again.
"""

from __future__ import annotations

import os

from keskidee_agent.spool.cursor import FULL, OLD, THINNED, Counts, Cursor
from keskidee_agent.spool.record import (
    HEAD_BYTES,
    MAGIC,
    boot_record,
    delta_record,
    names_record,
    recent_after,
    report_record,
)
from keskidee_agent.spool.retention import FIVE_MINUTES, REST_MS, Retention, put_in_place, sync_folder
from keskidee_agent.spool.segment import Segment, Walk
from keskidee_agent.spool.slot import open_private, write_at
from keskidee_agent.spool.takeover import Takeover, content_of, path_of
from keskidee_report.delta import delta_of
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.spool.slot import SchemaFrames
    from keskidee_agent.spool.thinning import Thinning
    from keskidee_report.codec import Report
    from keskidee_report.delta import Snapshot

SEGMENT_BYTES = 128 << 10
SEGMENT_MS = 3_600_000
"""What one segment holds, at most: it is dropped as a whole, and thinned as a whole."""


class Batch:
    """The oldest reports, the names they need, and where the backlog goes on after them."""

    __slots__ = ("end", "names", "number", "reports", "schema_ids", "segment")

    def __init__(self, number: int, segment: Segment) -> None:
        self.number = number
        self.segment = segment
        self.names: list[bytes] = []
        self.reports: list[bytes] = []
        self.schema_ids: set[bytes] = set()
        self.end = 0


class Backlog:
    """The segments in a folder. Methods raise OSError.

    `torn_bytes` stood behind the last whole record of files of earlier processes: a kill or a power cut ended them.
    `lost_reports` are those that earlier processes took and that are not there any more.
    """

    def __init__(
        self,
        folder: str,
        schema_frames: SchemaFrames,
        *,
        max_age_seconds: float,
        retention: Retention,
        boot: str = "",
        now_ms: Callable[[], int],
    ) -> None:
        self.folder = folder
        self.counts = Counts()
        self.torn_bytes = self.lost_reports = 0
        self._cursor = Cursor(folder)
        self._schema_frames = schema_frames
        self._boot = boot
        self._max_age_ms = int(max_age_seconds * 1000)
        self._longest_ms = min(self._max_age_ms // 8, retention.full_rate_ms // 6, SEGMENT_MS)
        self._retention = retention
        self._now_ms = now_ms
        self._segments: dict[int, Segment] = {}
        self._last_number = 0
        self._done = HEAD_BYTES  # how far the oldest segment is acknowledged
        self._writer = -1
        self._known_parts: set[bytes] = set()  # what the segment that is written to holds already
        self._known_schemas: set[bytes] = set()
        self._base: Snapshot | None = None  # its last report
        self._recent = b""
        self._unsynced = False
        self._thinning: tuple[int, Segment, Thinning] | None = None
        self._walk: Walk | None = None  # through the oldest segment, as far as it was sent

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
        found = Takeover(self.folder, self._cursor, left_behind, self._now_ms())
        self._segments, self._last_number, self._done = found.segments, found.last_number, found.done
        self.torn_bytes, self.lost_reports = found.torn_bytes, found.counts.settle(self.reports)
        self.counts.add(found.counts)  # to those of this process, should the folder have been missing until now
        if found.gone:
            self._clear_away(found.gone)

    def append(self, report: Report, room: int) -> None:
        """Adds a report as the newest. Where all segments would take more than `room` bytes, the oldest goes."""
        now = self._now_ms()
        segment = self._segments.get(self._last_number) if self._writer >= 0 else None
        if segment is None or segment.size >= min(SEGMENT_BYTES, room // 8) or self._is_long(segment, now):
            segment = self._begin(now)
        parts: set[bytes] = set()
        short = None if self._base is None else delta_of(self._base, report.snapshot)
        if short is None:
            content = report_record(report.schema_id, report.frame)
            if report.schema_id not in self._known_schemas:
                frames, parts = self._schema_frames(report.schema_id, self._known_parts)
                content = names_record(frames) + content
        else:
            content = delta_record(short[0], self._recent)
        while self.bytes + len(content) > room and self._oldest_number() != self._last_number:
            self.drop_oldest(FULL)
        try:
            write_at(self._writer, content, segment.size)
        except OSError:
            os.ftruncate(self._writer, segment.size)
            raise
        self._known_parts |= parts
        self._known_schemas.add(report.schema_id)
        self._base = report.snapshot if short is None else short[1]
        self._recent = b"" if short is None else recent_after(self._recent, short[0])
        segment.size += len(content)
        segment.reports += 1
        segment.last_ms = now
        self._unsynced = True

    def oldest(self, max_reports: int, max_bytes: int) -> Batch | None:
        """The oldest reports, at least one, each whole; None where none wait. Raises Malformed and OSError."""
        number = self._oldest_number()
        if not number:
            return None
        segment, walk = self._segments[number], self._walk
        if walk is None or walk.segment is not segment or walk.end != self._done:
            walk = Walk(segment, self._boot)
        self._walk = None  # what is Malformed is no place to go on from
        found = walk.take(content_of(self._path(number)), self._done, max_reports, max_bytes)
        if not found:
            raise Malformed("no whole report left")
        self._walk = walk
        batch = Batch(number, segment)
        batch.reports = [report.frame for report in found]
        batch.schema_ids = {report.schema_id for report in found}
        batch.names, batch.end = walk.names, walk.end
        return batch

    def acknowledge(self, batch: Batch, reason: str = "") -> None:
        """Goes on after this batch: the collector has it, or it was dropped for `reason`."""
        segment = self._segments.get(batch.number)
        if segment is not batch.segment:  # it had to make room meanwhile and was counted then, or was thinned
            return
        segment.reports -= len(batch.reports)
        if reason:
            self.counts.dropped[reason] += len(batch.reports)
        else:
            self.counts.delivered += len(batch.reports)
        if segment.reports > 0:
            self._done = batch.end
            self.write_cursor()
        else:
            self._remove(batch.number)

    def drop_oldest(self, reason: str) -> None:
        """Gives the oldest segment up."""
        number = self._oldest_number()
        self.counts.dropped[reason] += self._segments[number].reports
        self._remove(number)

    def drop_old(self) -> None:
        """Gives up the segments whose last report is too old."""
        while self._segments:
            if self._now_ms() - self._segments[self._oldest_number()].last_ms <= self._max_age_ms:
                break
            self.drop_oldest(OLD)

    def thin(self, room: int) -> Callable[[], None] | None:
        """Some milliseconds of thinning, where a segment is old or `room` gets short; at its end, what is left to do.

        That raises OSError, and then the segment is as it was; it is tried again after a while.
        """
        if self._thinning is None and not self._begin_thinning(room):
            return None
        assert self._thinning is not None
        number, segment, work = self._thinning
        if self._segments.get(number) is not segment or self._is_begun(number):
            self._thinning = None
            return None
        try:
            if not work.step():
                return None
        except Malformed:  # told and counted when its turn comes to be sent
            segment.level = FIVE_MINUTES
            self._thinning = None
            return None
        self._thinning = None
        if not work.worthwhile:
            segment.level = work.level
            return None
        return lambda: self._replace(number, segment, work)

    def sync(self) -> None:
        """Makes all that was appended durable."""
        if self._unsynced and self._writer >= 0:
            os.fsync(self._writer)
            sync_folder(self.folder)
        self._unsynced = False

    def close(self) -> None:
        """Makes all durable and ends the writing."""
        self.sync()
        self._end_writing()
        self.write_cursor()
        self._cursor.close()

    def write_cursor(self) -> None:
        """Writes down how far the oldest segment is done, and the counts."""
        self._cursor.write(self._oldest_number() or self._last_number + 1, self._done, self.counts)

    # inside

    def _path(self, number: int) -> str:
        return path_of(self.folder, number)

    def _oldest_number(self) -> int:
        return next(iter(self._segments), 0)

    def _is_begun(self, number: int) -> bool:
        """Whether the collector has some of it: then its records stay where the cursor says they are."""
        return number == self._oldest_number() and self._done > HEAD_BYTES

    def _is_long(self, segment: Segment, now: int) -> bool:
        return segment.reports > 0 and now - segment.first_ms > self._longest_ms

    def _begin(self, now: int) -> Segment:
        """A new segment to write to."""
        self.sync()
        self._end_writing()
        number = self._last_number + 1
        self._writer = open_private(self._path(number))
        self._last_number = number
        head = MAGIC + boot_record(self._boot)
        write_at(self._writer, head, 0)
        if not self._segments:
            self._done = HEAD_BYTES
        segment = self._segments[number] = Segment(len(head), 0, now)
        self._known_parts, self._known_schemas, self._base = set(), set(), None
        return segment

    def _end_writing(self) -> None:
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def _remove(self, number: int) -> None:
        """Takes a segment away whose reports are counted."""
        del self._segments[number]
        self._walk = None
        if number == self._last_number:
            self._end_writing()
        self._done = HEAD_BYTES
        try:
            self.write_cursor()
            self._cursor.sync()  # a power cut that keeps the removal and not the counts would look like a loss
        finally:
            os.unlink(self._path(number))

    def _begin_thinning(self, room: int) -> bool:
        now = self._now_ms()
        written_to = self._last_number if self._writer >= 0 else 0
        at_rest = [
            (number, segment)
            for number, segment in self._segments.items()
            if (number != written_to or self._is_long(segment, now)) and not self._is_begun(number)
        ]
        number, level = self._retention.due(at_rest, now, crowded=self.bytes > room // 4 * 3)
        if not number:
            return False
        from keskidee_agent.spool.thinning import Thinning

        segment = self._segments[number]
        try:
            self._thinning = number, segment, Thinning(content_of(self._path(number)), level)
        except OSError:
            segment.level = FIVE_MINUTES
        return self._thinning is not None

    def _replace(self, number: int, segment: Segment, work: Thinning) -> None:
        thinned = segment.reports - work.kept
        content = work.content(self.counts.dropped[THINNED] + thinned)
        if number == self._last_number:  # Windows replaces no file that is open
            self.sync()
            self._end_writing()
        try:
            put_in_place(self._path(number), content)
        except OSError:
            self._retention.rests_until_ms = self._now_ms() + REST_MS
            raise
        made = self._segments[number] = Segment(len(content), work.kept, segment.last_ms, work.level)
        made.first_ms = segment.first_ms
        self.counts.dropped[THINNED] += thinned
        sync_folder(self.folder)
        self.write_cursor()

    def _clear_away(self, paths: list[str]) -> None:
        """Removes files whose reports are counted, once the counts are written down."""
        try:
            self.write_cursor()
        except OSError:  # they are found again by the next process
            return
        self._cursor.sync()
        for path in paths:
            os.unlink(path)
