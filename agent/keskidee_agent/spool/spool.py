"""Reports that the collector has not acknowledged, on disk: the newest in a slot, older ones in a backlog.

Each report is written to the slot before it is sent: one `pwrite` a round, over the report before. Only when that one
was not acknowledged does it join the backlog first. The backlog is fsynced at most once a minute, and thinned a little
at a time as it ages.

So kill -9 loses nothing, a power cut at most a minute, and what may be sent twice the collector knows by session and
sequence. A disk that is full or forbids writing is told, counted, and never fatal: the live report still goes out.
Whatever happens, every report that was taken is delivered, waits, or is counted as dropped.
The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os

from keskidee_agent.host import clock
from keskidee_agent.spool.backlog import Backlog, Batch
from keskidee_agent.spool.cursor import DISK
from keskidee_agent.spool.lock import take_lock
from keskidee_agent.spool.retention import Retention
from keskidee_agent.spool.slot import Slot
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.spool.cursor import Counts
    from keskidee_agent.spool.slot import SchemaFrames
    from keskidee_report.codec import Report

SYNC_MS = 60_000


class Spool:
    """The reports of one agent that wait for their acknowledgement. One process a folder: the second raises InUse.

    `schema_frames` is the encoder's; `boot` the id of this boot, by which reports of earlier processes keep their place
    in time though the clock was set. `warn` gets one line when the disk begins or ceases to fail.
    """

    def __init__(
        self,
        folder: str,
        schema_frames: SchemaFrames,
        *,
        warn: Callable[[str], None],
        max_bytes: int = 64 << 20,
        max_age_seconds: float = 7 * 86400,
        full_rate_seconds: float = 6 * 3600,
        minute_rate_seconds: float = 24 * 3600,
        boot: str = "",
        now_ms: Callable[[], int] = clock.boot_ms,
    ) -> None:
        self.folder = folder
        self.live: Report | None = None
        self._slot = Slot(os.path.join(folder, "live"), schema_frames, boot)
        retention = Retention(full_rate_seconds, minute_rate_seconds)
        self._backlog = Backlog(
            folder, schema_frames, max_age_seconds=max_age_seconds, retention=retention, boot=boot, now_ms=now_ms
        )
        self._max_bytes = max_bytes
        self._warn = warn
        self._now_ms = now_ms
        self._synced_ms = now_ms()
        self._lock = -1
        self._opened = False
        self._troubles: dict[str, str] = {}
        self._guarded("folder", self._open)

    @property
    def bytes(self) -> int:
        """What the backlog takes on disk."""
        return self._backlog.bytes

    @property
    def reports(self) -> int:
        """Reports that wait, the live one among them."""
        return self._backlog.reports + (self.live is not None)

    @property
    def taken(self) -> int:
        """Reports that were ever held since the folder was made: delivered, waiting or dropped."""
        return self._counts.taken

    @property
    def delivered(self) -> int:
        """Reports that the collector acknowledged since the folder was made."""
        return self._counts.delivered

    @property
    def dropped(self) -> dict[str, int]:
        """Reports that were given up, by reason (cursor.DROP_REASONS), since the folder was made."""
        return self._counts.dropped

    def hold(self, report: Report) -> None:
        """Keeps a report before it is sent. The one before it, if nobody acknowledged it, joins the backlog."""
        if not self._opened:
            self._guarded("folder", self._open)
        if self.live is not None:
            if not self._opened or not self._guarded("backlog", self._backlog.append, self.live, self._room()):
                self.dropped[DISK] += 1
                self._keep_counts()
            self._guarded("bounds", self._backlog.drop_old)
        self.live = report
        self._counts.taken += 1
        self._counts.settled = False
        if self._opened:
            self._guarded("live", self._slot.write, report, self._counts.packed())
            if thinned := self._backlog.thin(self._room()):
                self._guarded("thinning", thinned)
        now = self._now_ms()
        if now - self._synced_ms >= SYNC_MS:
            self._synced_ms = now
            self._guarded("sync", self._backlog.sync)

    def acknowledge_live(self) -> None:
        """The collector has the live report: the next one may be written over it."""
        self._settle()
        self._counts.delivered += 1

    def drop_live(self, reason: str) -> None:
        """The live report will never be accepted."""
        self._settle()
        self.dropped[reason] += 1
        self._guarded("cursor", self._backlog.write_cursor)

    def oldest(self, max_reports: int, max_bytes: int) -> Batch | None:
        """The oldest reports of the backlog, at least one; None where none wait. What cannot be read is given up."""
        while True:
            try:
                return self._backlog.oldest(max_reports, max_bytes)
            except (OSError, Malformed) as error:
                self._warn(f"spool=unreadable folder={self.folder} reason={str(error)!r}")
                self._guarded("cursor", self._backlog.drop_oldest, DISK)

    def acknowledge(self, batch: Batch, reason: str = "") -> None:
        """The backlog goes on after this batch: the collector has it, or it is dropped for `reason`."""
        self._guarded("cursor", self._backlog.acknowledge, batch, reason)

    def close(self) -> None:
        """Makes what waits durable and leaves the folder to the next process."""
        if self.live is not None:
            self._guarded("live", self._slot.sync)
        if self._opened:
            self._guarded("backlog", self._backlog.close)
        self._guarded("live", lambda: self._slot.close(remove=self.live is None))
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def _counts(self) -> Counts:
        return self._backlog.counts

    def _settle(self) -> None:
        """Nothing is written: where the slot tells otherwise, the report is sent once more."""
        self.live = None
        self._counts.settled = True

    def _room(self) -> int:
        return self._max_bytes - self._slot.size

    def _open(self) -> None:
        os.makedirs(self.folder, 0o700, exist_ok=True)
        os.chmod(self.folder, 0o700)
        if self._lock < 0:
            self._lock = take_lock(os.path.join(self.folder, "lock"))
        self._backlog.open(self._slot.path)
        self._opened = True
        self._keep_counts()
        if self._backlog.torn_bytes:
            self._warn(f"spool=torn folder={self.folder} bytes={self._backlog.torn_bytes}")
        if self._backlog.lost_reports:
            self._warn(f"spool=lost folder={self.folder} reports={self._backlog.lost_reports}")
        self._backlog.drop_old()

    def _keep_counts(self) -> None:
        """Writes the counts down, from the start on: into bytes that are there, so that a full disk takes them too."""
        try:
            if self._opened:
                self._backlog.write_cursor()
        except OSError:  # told already, by what could not be kept on that disk
            return

    def _guarded(self, what: str, action: Callable[..., None], *args: object) -> bool:
        """Whether it worked. What the disk refuses is told when that begins and when it ends."""
        try:
            action(*args)
        except OSError as error:
            reason = error.strerror or str(error)
            if self._troubles.get(what) != reason:
                self._troubles[what] = reason
                self._warn(f"spool=failing what={what} folder={self.folder} reason={reason!r}")
            return False
        if what in self._troubles:
            del self._troubles[what]
            self._warn(f"spool=working what={what} folder={self.folder}")
        return True
