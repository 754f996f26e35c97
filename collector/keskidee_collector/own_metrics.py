"""The collector's metrics about itself, by prometheus-client; names keskidee_collector_* and process_*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT_RESULTS = ("stored", "repeat", "late")
REFUSALS = (
    "credential", "clone", "place", "revoked", "retired", "too_large", "malformed", "version", "schema_unknown",
    "base_unknown", "limit", "rate", "slow", "store", "busy", "http", "disconnected", "fault",
    "host", "reader", "handshake", "address",
)  # fmt: skip


class OwnMetrics:
    """Counters with every label value there from the start, so that a first failure shows as a rise from 0."""

    def __init__(self, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more each, which nobody here reads
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        build = Info("keskidee_collector_build", "Version of the running collector", registry=self.registry)
        build.info({"version": version})
        self.not_passed_on = Counter(
            "keskidee_collector_not_passed_on_reports",
            "Late reports that were acknowledged and went nowhere, because there is no remote write destination",
            registry=self.registry,
        )
        self.reports = Counter(
            "keskidee_collector_reports", "Reports taken: stored, repeat, or late (older than what is shown)",
            ["result"], registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "keskidee_collector_refused", "Requests and connections that were refused, by reason",
            ["reason"], registry=self.registry,
        )  # fmt: skip
        self.samples = Counter("keskidee_collector_samples", "Samples in stored reports", registry=self.registry)
        self.received_bytes = Counter(
            "keskidee_collector_received_bytes", "Bytes of report bodies, as received", registry=self.registry
        )
        self.enrolments = Counter("keskidee_collector_enrolments", "Machines enrolled", registry=self.registry)
        self.clones = Counter(
            "keskidee_collector_clones", "Machines that came with another's credential and got an id of their own",
            registry=self.registry,
        )  # fmt: skip
        self.inventories = Counter("keskidee_collector_inventories", "Inventories taken", registry=self.registry)
        self.events = Counter(
            "keskidee_collector_events", "Events of devices that their pollers told", registry=self.registry
        )
        self.inventory_changes = Counter(
            "keskidee_collector_inventory_changes", "Changes that inventories told", registry=self.registry
        )
        self.seconds = Histogram(
            "keskidee_collector_report_duration_seconds", "Time from a report's arrival to its durable acknowledgement",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5), registry=self.registry,
        )  # fmt: skip
        for result in REPORT_RESULTS:
            self.reports.labels(result)
        self.stored = self.reports.labels("stored")
        for reason in REFUSALS:
            self.refused.labels(reason)

    def refuse(self, reason: str) -> None:
        """Counts a refusal."""
        self.refused.labels(reason).inc()

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A gauge that is read at each scrape."""
        Gauge(f"keskidee_collector_{name}", help, registry=self.registry).set_function(read)
