"""Tests of the alerts by hand: a series on the collector's own page for as long as `keskidee alert test` waits.

Prometheus reads it and a rule of ours turns it into an alert, so that a test takes the way of a real one from the first
step on. A command that is killed leaves one behind for no longer than LONGEST_SECONDS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from keskidee_report.rules import LABEL_VALUE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric

LONGEST_SECONDS = 600.0
TESTS_AT_MOST = 20


class TestRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What `keskidee alert test` asks for: the labels by which Alertmanager routes."""

    severity: Literal["critical", "warning", "info"] = "critical"
    site: Annotated[str, msgspec.Meta(max_length=LABEL_VALUE_LENGTH)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """One that runs; `number` tells it from those before, `ends_ticks` is on the steady clock."""

    number: str
    severity: str
    site: str
    ends_ticks: float


class AlertTests(Collector):
    """The tests that run now, as the family `keskidee_collector_alert_test`."""

    def __init__(self, ticks: Callable[[], float], now: Callable[[], float]) -> None:
        """`ticks` is the steady clock, `now` the wall clock: a test's number is when it began."""
        self._ticks, self._now = ticks, now
        self._tests: dict[str, AlertTest] = {}

    def begin(self, asked: TestRequest) -> AlertTest | None:
        """Begins one; None where too many run already."""
        running = self._running()
        if len(running) >= TESTS_AT_MOST:
            return None
        number = int(self._now())
        while str(number) in self._tests:
            number += 1
        test = AlertTest(
            number=str(number), severity=asked.severity, site=asked.site, ends_ticks=self._ticks() + LONGEST_SECONDS
        )
        self._tests[test.number] = test
        return test

    def end(self, number: str) -> bool:
        """Ends one; whether it ran."""
        return self._tests.pop(number, None) is not None

    def collect(self) -> Iterable[Metric]:
        """A series a test, 1 while it runs."""
        family = GaugeMetricFamily(
            "keskidee_collector_alert_test",
            "Whether this test of the alerts runs (keskidee alert test)",
            labels=("severity", "site", "test"),
        )
        for test in self._running():
            family.add_metric((test.severity, test.site, test.number), 1)
        yield family

    def _running(self) -> list[AlertTest]:
        now = self._ticks()
        self._tests = {number: test for number, test in self._tests.items() if test.ends_ticks > now}
        return list(self._tests.values())
