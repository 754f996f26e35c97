"""One machine's day while it is counted: seconds by state, sums for its means, and the counters of its last sample."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from keskidee_collector.fleet.machine import LINK_DOWN, OFF, ON, SILENT
from keskidee_collector.fleet.presence import UNKNOWN
from keskidee_collector.store.days import DayRow

if TYPE_CHECKING:
    from keskidee_collector.families.measures import Measures

DAY_SECONDS = 86_400
COUNTED_STATES = (ON, OFF, SILENT, LINK_DOWN, UNKNOWN)
"""Unknown: the collector was away, or the machine had not reported yet."""


class Sample(NamedTuple):
    """The counters of one report; None where the machine has none. Differences of two are what counts."""

    cpu: float | None = None
    cpu_idle: float | None = None
    disk_seconds: float | None = None
    disk_operations: float | None = None


class Tally:
    """A machine's day, from `starts_at` (epoch seconds, midnight UTC); `state` is the one it was in at `counted_until`.

    The rest is of the machine and goes on over midnight: its last report and boot on the collector's clock, what it
    told last of an absence, and its last sample.
    """

    __slots__ = (
        *("aways", "away_seconds", "away_told", "boot_seconds", "booted_at", "boots", "counted_until", "cpu_busy"),
        *("cpu_seconds", "disk_operations", "disk_seconds", "dropped", "last_sample", "machine_id", "memory_samples"),
        *("memory_sum", "memory_worst", "reports", "reports_lost", "sampled_at", "seconds", "site", "starts_at"),
        *("state", "taken_at"),
    )

    def __init__(self, machine_id: str, site: str, at: float) -> None:
        self.machine_id, self.site, self.state = machine_id, site, UNKNOWN
        self.counted_until = at
        self.taken_at: float | None = None
        self.booted_at = self.sampled_at = float("-inf")
        self.last_sample = Sample()
        self.dropped: float | None = None
        self.away_told: tuple[str, str] = ("", "")
        self.begin(at)

    @property
    def ends_at(self) -> float:
        """The midnight at which the day ends."""
        return self.starts_at + DAY_SECONDS

    def begin(self, at: float) -> None:
        """An empty day, the one of this moment."""
        self.starts_at = at // DAY_SECONDS * DAY_SECONDS
        self.seconds = dict.fromkeys(COUNTED_STATES, 0.0)
        self.boots = self.memory_samples = self.reports = self.reports_lost = 0
        self.boot_seconds = self.memory_sum = self.memory_worst = self.cpu_busy = self.cpu_seconds = 0.0
        self.disk_seconds = self.disk_operations = self.away_seconds = 0.0
        self.aways: Counter[str] = Counter()

    def boot(self, booted_at: float, first_report_at: float) -> None:
        """It was started, and this is its first report since."""
        self.boots += 1
        self.boot_seconds += max(first_report_at - booted_at, 0.0)
        self.last_sample = Sample()  # its counters began again

    def sample(self, measures: Measures, words: bytes, at: float) -> None:
        """Takes the memory of one report, and what its counters grew since the last sample."""
        self.sampled_at = at
        self._sample_memory(measures.available.of(words), measures.memory.of(words))
        before = self.last_sample
        now = self.last_sample = Sample(
            cpu=measures.cpu.of(words),
            cpu_idle=measures.cpu_idle.of(words),
            disk_seconds=measures.disk_seconds.of(words),
            disk_operations=measures.disk_operations.of(words),
        )
        cpu, idle = _grown(before.cpu, now.cpu), _grown(before.cpu_idle, now.cpu_idle)
        if cpu > 0:
            self.cpu_seconds += cpu
            self.cpu_busy += max(cpu - idle, 0.0)
        operations = _grown(before.disk_operations, now.disk_operations)
        if operations > 0:
            self.disk_operations += operations
            self.disk_seconds += _grown(before.disk_seconds, now.disk_seconds)
        dropped = measures.dropped.of(words)
        self.reports_lost += int(_grown(self.dropped, dropped))
        self.dropped = dropped

    def row(self) -> DayRow:
        """The day as it stands now."""
        return DayRow(
            day=day_of(self.starts_at),
            machine_id=self.machine_id,
            site=self.site,
            state=self.state,
            counted_until=self.counted_until,
            **{f"{state}_seconds": round(seconds, 3) for state, seconds in self.seconds.items()},
            boots=self.boots,
            boot_seconds=_mean(self.boot_seconds, self.boots),
            memory_pressure_ratio=_mean(self.memory_sum, self.memory_samples),
            memory_pressure_worst_ratio=self.memory_worst if self.memory_samples else None,
            memory_samples=self.memory_samples,
            cpu_busy_ratio=_mean(self.cpu_busy, self.cpu_seconds),
            cpu_seconds=self.cpu_seconds,
            disk_latency_seconds=_mean(self.disk_seconds, self.disk_operations),
            disk_operations=self.disk_operations,
            reports=self.reports,
            reports_lost=self.reports_lost,
            aways=", ".join(f"{reason} {count}" for reason, count in sorted(self.aways.items())),
            away_seconds=self.away_seconds,
        )

    @classmethod
    def of(cls, row: DayRow) -> Tally:
        """A day that was kept, to be counted on from where it stands."""
        tally = cls(row.machine_id, row.site, row.counted_until)
        tally.starts_at = datetime.fromisoformat(row.day).replace(tzinfo=UTC).timestamp()
        tally.state = row.state
        tally.seconds = {state: getattr(row, f"{state}_seconds") for state in COUNTED_STATES}
        tally.boots, tally.boot_seconds = row.boots, (row.boot_seconds or 0.0) * row.boots
        tally.memory_samples = row.memory_samples
        tally.memory_sum = (row.memory_pressure_ratio or 0.0) * row.memory_samples
        tally.memory_worst = row.memory_pressure_worst_ratio or 0.0
        tally.cpu_seconds, tally.cpu_busy = row.cpu_seconds, (row.cpu_busy_ratio or 0.0) * row.cpu_seconds
        tally.disk_operations = row.disk_operations
        tally.disk_seconds = (row.disk_latency_seconds or 0.0) * row.disk_operations
        tally.reports, tally.reports_lost = row.reports, row.reports_lost
        pairs = [each.split(" ") for each in row.aways.split(", ") if each]
        tally.aways, tally.away_seconds = Counter({reason: int(count) for reason, count in pairs}), row.away_seconds
        return tally

    def _sample_memory(self, available: float | None, total: float | None) -> None:
        if available is None or not total:
            return
        pressure = min(max(1 - available / total, 0.0), 1.0)
        self.memory_samples += 1
        self.memory_sum += pressure
        self.memory_worst = max(self.memory_worst, pressure)


def day_of(at: float) -> str:
    """The UTC day of a moment, YYYY-MM-DD."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _grown(before: float | None, now: float | None) -> float:
    """What a counter grew; nothing where it is new, gone, or began again."""
    return max(now - before, 0.0) if before is not None and now is not None else 0.0


def _mean(total: float, count: float) -> float | None:
    return total / count if count else None
