"""What a test knows by itself of the reports that went through its wire: when each was taken, and what it said."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_collector.ingest.posts import WHOLE, open_post
from keskidee_config import LimitSettings
from keskidee_report.decode import Words
from keskidee_report.delta import Snapshot, apply_delta, snapshot_of
from keskidee_report.wire import Reader

if TYPE_CHECKING:
    from keskidee_collector.ingest.posts import Post, Sent
    from keskidee_report.decode import Index, Part

Key = tuple[bytes, int]
"""Session and sequence."""
DROPPED, WAITING = "keskidee_agent_dropped_reports_total", "keskidee_agent_spool_reports"
SNAPSHOTS_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An acknowledged report. Times are the test's own clock, epoch seconds: it never steps.

    `taken_at` comes from the clock since boot, which the test shares with the agent. `sent_at` is the first try,
    `stored_at` the collector's first 200, to a POST that the agent made at `posted_at`. `mark` is the value of the
    series that tells reports apart.
    """

    taken_at: float
    sent_at: float
    posted_at: float
    stored_at: float
    mark: float
    dropped: float
    waiting: float


@dataclass
class Ledger:
    """All acknowledged reports of one machine. `mark` names a series that each report has, with another value each."""

    mark: str
    entries: dict[Key, Entry] = field(default_factory=dict)
    repeats: int = 0
    _sent: dict[Key, float] = field(default_factory=dict)
    _parts: dict[bytes, Part] = field(default_factory=dict)
    _indexes: dict[bytes, Index] = field(default_factory=dict)
    _snapshots: dict[Key, Snapshot] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def newest(self) -> Entry | None:
        """The report that was taken last."""
        with self._lock:
            return max(self.entries.values(), key=lambda entry: entry.taken_at, default=None)

    def sent(self, body: bytes) -> None:
        """A POST is on its way to the collector."""
        post = open_post(body, LimitSettings())
        with self._lock:
            for sent in post.reports:
                self._sent.setdefault((sent.session, sent.sequence), time.time())

    def stored(self, body: bytes) -> None:
        """The collector said 200 to it, whether the agent will hear that or not."""
        post = open_post(body, LimitSettings())
        with self._lock:
            self._parts |= post.parts
            self._indexes |= {index.id: index for index, _ in post.indexes}
            for sent in post.reports:
                self._store(post, sent)
            for key in list(self._snapshots)[:-SNAPSHOTS_KEPT]:
                del self._snapshots[key]

    def missing(self) -> int:
        """Reports that were never acknowledged, before the last one of each session that was."""
        last: dict[bytes, int] = {}
        for session, sequence in self.entries:
            last[session] = max(sequence, last.get(session, 0))
        return sum(last.values()) + len(last) - len(self.entries)

    def _store(self, post: Post, sent: Sent) -> None:
        key = sent.session, sent.sequence
        snapshot = self._snapshot(sent)
        self._snapshots[key] = snapshot
        if key in self.entries:
            self.repeats += 1
            return
        now, booted_at = time.time(), time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        values = self._values(snapshot)
        self.entries[key] = Entry(
            taken_at=booted_at + snapshot.boot_ms / 1000,
            sent_at=self._sent[key],
            posted_at=booted_at + post.envelope.sent_boot_ms / 1000,
            stored_at=now,
            mark=values[self.mark],
            dropped=values[DROPPED],
            waiting=values[WAITING],
        )

    def _snapshot(self, sent: Sent) -> Snapshot:
        if sent.base == WHOLE:
            return snapshot_of(sent.payload, len(self._indexes[sent.schema_id].sources))[1]
        reader = Reader(sent.payload)
        sequence, _ = reader.varint(), reader.varint()
        return apply_delta(reader, sequence, self._snapshots[sent.session, sent.base])

    def _values(self, snapshot: Snapshot) -> dict[str, float]:
        """The values by family, added up over its series."""
        out: dict[str, float] = {}
        offset = 0
        for _, part_hash in self._indexes[snapshot.schema_id].sources:
            if not part_hash:
                continue
            part = self._parts[part_hash]
            words = Words(part)
            names = [column.name for column in part.columns for _ in column.rows]
            for name, value in zip(names, words.read(snapshot.words, offset), strict=True):
                out[name] = out.get(name, 0.0) + value
            offset += words.size
        return out
