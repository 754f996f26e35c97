"""What is known of a segment, and what stands in it: reports one by one, out of whole ones and what changed after them.

No file is opened here. Lean.
"""

from __future__ import annotations

from keskidee_agent.host import clock
from keskidee_agent.spool.chain import sources_of
from keskidee_agent.spool.cursor import unpacked
from keskidee_agent.spool.record import (
    BOOT,
    COUNTS,
    DELTA,
    HEAD_BYTES,
    LEVEL,
    NAMES,
    REPORTS,
    SCHEMA_ID_BYTES,
    frames_of,
    level_of,
    recent_after,
    records,
)
from keskidee_report.codec import report_payload
from keskidee_report.delta import apply_delta, snapshot_of
from keskidee_report.model import Malformed
from keskidee_report.wire import REPORT, Reader, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.spool.cursor import Counts
    from keskidee_report.delta import Snapshot


class Segment:
    """What is known of a file without opening it: bytes, reports that wait, level, and the boot clock at its ends."""

    __slots__ = ("first_ms", "last_ms", "level", "reports", "size")

    def __init__(self, size: int, reports: int, now_ms: int, level: int = 0) -> None:
        self.size = size
        self.reports = reports
        self.level = level
        self.first_ms = self.last_ms = now_ms


class Chain:
    """The reports of a segment in their order; unpacked is only what somebody asks for, and what that is made of.

    `names` are the SCHEMA and PART frames so far, end to end in each item; `session` is that of the report asked for;
    `boot` is the id of the boot in which they were taken, empty where it is not known.
    """

    def __init__(self) -> None:
        self.boot = ""
        self.names: list[bytes] = []
        self.session = b""
        self._sources: dict[bytes, int] = {}
        self._snapshot: Snapshot | None = None
        self._recent = b""
        self._unread: list[tuple[bytes, bytes]] = []

    def add(self, kind: bytes, payload: bytes) -> None:
        """The next record; what is neither names nor a report is passed over."""
        if kind == NAMES:
            frames = frames_of(kind, payload)
            self.names.append(frames)
            self._sources |= sources_of([frames])
        elif kind == BOOT:
            self.boot = payload.decode("ascii", "replace")
        elif kind in REPORTS:
            if kind != DELTA:
                self._unread.clear()
            self._unread.append((kind, payload))

    def snapshot(self) -> Snapshot:
        """The report that was added last. Raises Malformed."""
        for kind, payload in self._unread:
            frames = frames_of(kind, payload, self._recent)
            reader = Reader(frames)
            reader.byte()
            content = reader.take(reader.varint())
            if kind == DELTA:
                self._snapshot = self._changed(Reader(content))
                self._recent = recent_after(self._recent, frames)
            else:
                self._recent = b""
                sources = self._sources.get(payload[:SCHEMA_ID_BYTES])
                if sources is None:
                    raise Malformed("a report without its names")
                self.session, self._snapshot = snapshot_of(content, sources)
        self._unread.clear()
        if self._snapshot is None:
            raise Malformed("no report")
        return self._snapshot

    def _changed(self, reader: Reader) -> Snapshot:
        sequence, back = reader.varint(), reader.varint()
        base = self._snapshot
        if base is None or base.sequence != sequence - back:
            raise Malformed(f"report {sequence} without its base")
        return apply_delta(reader, sequence, base)


class Found:
    """A report of a segment: its REPORT frame, its schema, and where its record ends."""

    __slots__ = ("end", "frame", "schema_id")

    def __init__(self, frame: bytes, schema_id: bytes, end: int) -> None:
        self.frame = frame
        self.schema_id = schema_id
        self.end = end


class Walk:
    """The way through the reports of one segment, some at a time; `end` is where the last of those ended.

    The collector places reports of earlier sessions by the wall clock. Those of this `boot` get what that clock, as it
    stands now, showed when they were taken: it may have been set since.
    """

    __slots__ = ("_ahead", "_at", "_boot", "_chain", "end", "segment")

    def __init__(self, segment: Segment, boot: str = "") -> None:
        self.segment = segment
        self.end = 0
        self._boot = boot
        self._chain = Chain()
        self._at = HEAD_BYTES
        self._ahead: tuple[Snapshot, int] | None = None  # read, and more than was wanted

    @property
    def names(self) -> list[bytes]:
        """The SCHEMA and PART frames up to here, end to end in each item."""
        return list(self._chain.names)

    def take(self, content: bytes, done: int, max_reports: int, max_bytes: int) -> list[Found]:
        """The next reports behind `done`: at least one, if there is any. Raises Malformed."""
        found: list[Found] = []
        size = 0
        for snapshot, end in self._reports(content, done):
            report = whole(self._chain.session, self._placed(snapshot))
            size += len(report)
            if found and size > max_bytes:
                self._ahead = snapshot, end
                break
            found.append(Found(report, snapshot.schema_id, end))
            self.end = end
            if len(found) == max_reports:
                break
        return found

    def _reports(self, content: bytes, done: int) -> Iterator[tuple[Snapshot, int]]:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            yield ahead
        for kind, start, end in records(content, self._at):
            self._chain.add(kind, content[start:end])
            self._at = end
            if kind in REPORTS and end > done:
                yield self._chain.snapshot(), end

    def _placed(self, snapshot: Snapshot) -> Snapshot:
        if self._chain.boot and self._chain.boot == self._boot:
            snapshot.wall_ms = max(snapshot.boot_ms + clock.wall_ms() - clock.boot_ms(), 0)
        return snapshot


def whole(session: bytes, snapshot: Snapshot) -> bytes:
    """A REPORT frame that says the same."""
    return frame(REPORT, report_payload(session, snapshot))


class Survey:
    """What a file holds, as a process finds it that did not write it.

    `waiting` reports end behind `done`, the last whole record at `end`; `level` and `thinned` are those of its LEVEL
    record, `counts` the last ones in it.
    """

    __slots__ = ("counts", "end", "level", "thinned", "waiting")

    def __init__(self, content: bytes, done: int = HEAD_BYTES) -> None:
        self.waiting = self.end = self.level = self.thinned = 0
        self.counts: Counts | None = None
        try:
            for kind, start, self.end in records(content):
                if kind in REPORTS:
                    self.waiting += self.end > done
                elif kind == COUNTS:
                    self.counts = unpacked(content[start : self.end])
                elif kind == LEVEL:
                    self.level, self.thinned = level_of(content[start : self.end])
        except Malformed:  # no spool file: nothing in it waits
            return


def last_report(content: bytes) -> tuple[bytes, int] | None:
    """Session and sequence of the last report in a file; None where there is none that can be read."""
    chain = Chain()
    try:
        for kind, start, end in records(content):
            chain.add(kind, content[start:end])
        sequence = chain.snapshot().sequence
    except Malformed:
        return None
    return chain.session, sequence
