"""A segment with fewer reports: of each minute, or of each five, the last one stays, so that counters keep their rates.

Of five minutes only the families stay that a rule or a panel needs (needed.py). The resident imports this file when a
backlog is old enough or large enough, and works on it for some milliseconds a round. Pure, and lean.
"""

from __future__ import annotations

from time import process_time

from keskidee_agent.spool.narrowing import Names
from keskidee_agent.spool.record import (
    BOOT,
    MAGIC,
    NAMES,
    REPORTS,
    boot_record,
    delta_record,
    frames_of,
    level_record,
    names_record,
    recent_after,
    records,
    report_record,
)
from keskidee_agent.spool.retention import FIVE_MINUTES, PERIODS_MS
from keskidee_agent.spool.segment import Chain, whole
from keskidee_report.delta import delta_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_report.delta import Snapshot

STEP_SECONDS = 0.003
"""Processor time of one step."""


class Thinning:
    """Work on one segment: `step` until it is done, then `content`. `kept` counts the reports that stay."""

    def __init__(self, content: bytes, level: int) -> None:
        self.level = level
        self.kept = 0
        self._read = self._words_left_out = 0
        self._content = content
        self._records = records(content)
        self._chain = Chain()
        self._names = Names() if level == FIVE_MINUTES else None
        self._known: set[bytes] = set()  # parts and schemas whose names are in `_out`
        self._out: list[bytes] = []
        self._last: tuple[bytes, Snapshot] | None = None  # session and report, read and not yet kept
        self._base: tuple[bytes, Snapshot] | None = None  # the last one kept
        self._recent = b""

    @property
    def worthwhile(self) -> bool:
        """Whether anything was left out."""
        return self.kept < self._read or self._words_left_out > 0

    def step(self, seconds: float = STEP_SECONDS) -> bool:
        """Works for about so long, a report at least; whether all is done. Raises Malformed."""
        until = process_time() + seconds
        for kind, start, end in self._records:
            self._take(kind, self._content[start:end])
            if process_time() >= until:
                return False
        if self._last is not None:
            self._keep(*self._last)
            self._last = None
        return True

    def content(self, thinned: int) -> bytes:
        """The new file; so many reports were ever thinned with it."""
        return b"".join([MAGIC, level_record(self.level, thinned), *self._out])

    def _take(self, kind: bytes, payload: bytes) -> None:
        self._chain.add(kind, payload)
        if kind == BOOT:
            self._out.append(boot_record(payload.decode()))
        elif kind == NAMES:
            frames = frames_of(kind, payload)
            if self._names is None:
                self._out.append(names_record([frames]))
            else:
                self._names.add(frames)
        elif kind in REPORTS:
            self._read += 1
            report = self._chain.snapshot()
            if self._last is not None and self._period(*self._last) != self._period(self._chain.session, report):
                self._keep(*self._last)
            self._last = self._chain.session, report

    def _period(self, session: bytes, report: Snapshot) -> tuple[bytes, int]:
        return session, report.boot_ms // PERIODS_MS[self.level]

    def _keep(self, session: bytes, report: Snapshot) -> None:
        self.kept += 1
        if self._names is not None:
            report = self._narrowed(report, self._names)
        short = None
        if self._base is not None and self._base[0] == session:
            short = delta_of(self._base[1], report)
        if short is None:
            self._out.append(report_record(report.schema_id, whole(session, report)))
            self._base, self._recent = (session, report), b""
        else:
            self._out.append(delta_record(short[0], self._recent))
            self._base, self._recent = (session, short[1]), recent_after(self._recent, short[0])

    def _narrowed(self, report: Snapshot, names: Names) -> Snapshot:
        narrow = names.narrow(report.schema_id)
        if narrow.schema_id not in self._known:
            parts = [part for part_hash, part in narrow.parts.items() if part_hash not in self._known]
            self._out.append(names_record([*parts, narrow.frame]))
            self._known |= {narrow.schema_id, *narrow.parts}
        kept = narrow.snapshot(report)
        self._words_left_out += len(report.words) - len(kept.words)
        return kept
