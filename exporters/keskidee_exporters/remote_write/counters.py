"""What remote write says of itself, on /metrics/self: one series a destination, there from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

QUEUE, AGE, REFUSED_SAMPLE, FAULTY_SAMPLE = "queue", "age", "refused", "fault"
REASONS = {
    QUEUE: "left the bounded queue while the destination could not be reached",
    AGE: "was older than max_sample_age_seconds",
    REFUSED_SAMPLE: "was refused by the destination (4xx)",
    FAULTY_SAMPLE: "made the destination fail (5xx) while it took others",
}


class Counters:
    """The families; `of` gives those of one destination."""

    def __init__(self, registry: CollectorRegistry) -> None:
        prefix, name = "keskidee_remote_write_", ["destination"]
        self._sent = Counter(f"{prefix}sent_samples", "Samples that a destination took", name, registry=registry)
        self._dropped = Counter(
            f"{prefix}dropped_samples",
            f"Samples that a destination never gets: {'; '.join(f'{key} {why}' for key, why in REASONS.items())}",
            [*name, "reason"],
            registry=registry,
        )
        self._requests = Counter(f"{prefix}requests", "Requests that were answered with 2xx", name, registry=registry)
        self._failed = Counter(f"{prefix}failed_requests", "Requests that were not", name, registry=registry)
        self._up = Gauge(
            f"{prefix}up", "Whether the last request was answered with 2xx or 4xx", name, registry=registry
        )
        self._pending = Gauge(f"{prefix}pending_reports", "Reports in hand, not yet taken", name, registry=registry)
        self._behind = Gauge(
            f"{prefix}behind_seconds", "Age of the oldest live report that is not yet taken", name, registry=registry
        )

    def of(self, destination: str) -> DestinationCounters:
        """Those of one destination, all at 0."""
        return DestinationCounters(
            sent=self._sent.labels(destination),
            dropped={reason: self._dropped.labels(destination, reason) for reason in REASONS},
            requests=self._requests.labels(destination),
            failed=self._failed.labels(destination),
            up=self._up.labels(destination),
            pending=self._pending.labels(destination),
            behind=self._behind.labels(destination),
        )


class DestinationCounters:
    """One destination's."""

    def __init__(
        self, *, sent: Counter, dropped: dict[str, Counter], requests: Counter, failed: Counter, up: Gauge,
        pending: Gauge, behind: Gauge,
    ) -> None:  # fmt: skip
        self.sent = sent
        self.dropped = dropped
        self.requests = requests
        self.failed = failed
        self.up = up
        self._pending, self._behind = pending, behind

    def watch(self, pending: Callable[[], int], behind: Callable[[], float]) -> None:
        """Reads these two at each scrape."""
        self._pending.set_function(pending)
        self._behind.set_function(behind)
