"""What Alertmanager delivered, by its own counters: whether receivers took an alert, and not only that it was sent.

Alertmanager 0.25 counts by kind (webhook, email, pagerduty) and not by receiver, so the heartbeat that goes out each
minute must be told from the alert that is waited for. Within a few seconds after the alert fired the two are taken for
each other only where a receiver hangs and a heartbeat of its kind goes out just then; later, more must have gone out
than heartbeats can have been.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keskidee.alerting import Server

HEARTBEAT = "Watchdog"
HEARTBEAT_SECONDS = 50.0
"""Heartbeats are at least so far apart (repeat_interval of the shipped route)."""
AT_ONCE_SECONDS = 3.0
COUNTER = re.compile(
    r'^alertmanager_notification_requests(_failed)?_total\{.*?integration="(\w+)".*\} (\S+)$', re.MULTILINE
)


class Deliveries:
    """Counts from a moment on: what is noted before the alert fires belongs to others."""

    def __init__(self, alertmanager: Server) -> None:
        """Raises Unreached."""
        self._server = alertmanager
        self._kinds = kinds_of(alertmanager.ask("GET", "/api/v2/status")["config"]["original"])
        self._taken, self._failed = self.counts()
        self._since = time.monotonic()
        self._heartbeat_at = self._since - HEARTBEAT_SECONDS  # unknown: one may come at any moment

    def note(self, counts: tuple[Counter[str], Counter[str]]) -> None:
        """These `counts` are of others: the alert had not fired yet some time after they were read."""
        taken, failed = counts
        if any(taken[kind] > self._taken[kind] for kind in self._heartbeat()):
            self._heartbeat_at = time.monotonic()
        self._taken, self._failed, self._since = taken, failed, time.monotonic()

    def expected(self, receivers: Iterable[str]) -> Counter[str]:
        """How many deliveries of each kind one alert to these receivers is."""
        return sum((self._kinds.get(name, Counter()) for name in receivers), Counter())

    def arrived(self, expected: Mapping[str, int]) -> bool:
        """Whether receivers took it: more was taken than heartbeats can have been."""
        taken, _ = self.counts()
        heartbeat = self._heartbeat()
        now = time.monotonic()
        at_once = now - self._since < AT_ONCE_SECONDS
        heartbeats = 0 if at_once else int((now - self._heartbeat_at) / HEARTBEAT_SECONDS)
        return all(
            taken[kind] - self._taken[kind] >= number + heartbeat[kind] * heartbeats
            for kind, number in expected.items()
        )

    def why_not(self, expected: Mapping[str, int]) -> str:
        """What Alertmanager tells of what it tried."""
        taken, failed = self.counts()
        told = ", ".join(
            f"{kind}: {failed[kind] - self._failed[kind]} failed attempts, {taken[kind] - self._taken[kind]} others "
            "went out, heartbeats perhaps"
            for kind in sorted(expected)
        )
        return f"no receiver took it for sure ({told}); Alertmanager's log names errors"

    def _heartbeat(self) -> Counter[str]:
        """How many deliveries of each kind one heartbeat is; none where there is none."""
        found = self._server.ask("GET", "/api/v2/alerts", query=[("filter", f'alertname="{HEARTBEAT}"')])
        return self.expected(row["name"] for each in found for row in each["receivers"])

    def counts(self) -> tuple[Counter[str], Counter[str]]:
        """What receivers took, and what failed, by kind."""
        tried: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for is_failed, kind, value in COUNTER.findall(self._server.ask("GET", "/metrics")):
            (failed if is_failed else tried)[kind] += int(float(value))
        tried.subtract(failed)
        return tried, failed


def kinds_of(configuration: str) -> dict[str, Counter[str]]:
    """How many addresses of each kind each receiver has, as the counters call them, from Alertmanager's settings."""
    import yaml

    receivers: list[dict[str, Any]] = yaml.safe_load(configuration).get("receivers") or []
    return {
        row["name"]: Counter(
            {kind.removesuffix("_configs"): len(rows) for kind, rows in row.items() if kind.endswith("_configs")}
        )
        for row in receivers
    }
