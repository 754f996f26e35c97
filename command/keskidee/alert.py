"""`keskidee alert test`: one alert through the whole chain, and how far it came.

The collector shows a series, Prometheus reads it and a rule fires, Alertmanager routes and delivers: each step is seen
where it happens, so that what is broken is named. Whether a receiver took it, Alertmanager's counters say.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee.alerting import (
    ALERTMANAGER,
    PROMETHEUS,
    Server,
    Unreached,
    add_address,
    alertmanager_at,
    prometheus_at,
)
from keskidee.deliveries import Deliveries

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from keskidee_collector.commands.running import Running

WITHIN_SECONDS = 180
LOOK_SECONDS = 0.5
ALERT = "KeskideeTest"
COLLECTOR_JOB = "keskidee-collector"


def add_commands(subparsers: Any) -> None:
    """Adds `alert` to the command line."""
    from keskidee_config import data_directory

    parser = subparsers.add_parser(
        "alert", help="test whether alerts arrive", description="Tests whether alerts arrive."
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    test = actions.add_parser(
        "test", help="send one through the whole chain, and say whether and when it arrived",
        description="Sends an alert from the collector by Prometheus and Alertmanager to whom a real one would go. "
        "Status 0: it arrived; 1: it did not, and where it stopped is said on stderr.",
    )  # fmt: skip
    test.add_argument("--severity", choices=("critical", "warning"), default="critical", help="default: critical")
    test.add_argument("--site", default="", help="as an alert of this site is routed")
    test.add_argument(
        "--within", metavar="SECONDS", type=_seconds, default=WITHIN_SECONDS, help="give up then (default: %(default)s)"
    )
    test.add_argument(
        "--data", metavar="DIR", type=Path, default=data_directory(),
        help="the collector's data directory (default: %(default)s)",
    )  # fmt: skip
    add_address(test, "prometheus", PROMETHEUS)
    add_address(test, "alertmanager", ALERTMANAGER)
    test.set_defaults(run=run)


def _seconds(text: str) -> int:
    from argparse import ArgumentTypeError

    from keskidee_collector.routes.alert_tests import LONGEST_SECONDS

    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_SECONDS:
        raise ArgumentTypeError(f"a number of seconds from 1 to {LONGEST_SECONDS:.0f}, not {text}")
    return int(text)


class Stopped(Exception):
    """The alert came no further; the text says why, in one line."""


def run(args: argparse.Namespace) -> int:
    """Runs one test."""
    from keskidee_collector.commands.running import NotReached, collector_directory, running_on

    try:
        collector = running_on(collector_directory(args.data))
        chain = Chain(collector, prometheus_at(args.prometheus), alertmanager_at(args.alertmanager), args.within)
        chain.test(args.severity, args.site)
    except (NotReached, Unreached, Stopped) as error:
        sys.stderr.write(f"keskidee alert test: {error}\n")
        return 1
    return 0


class Chain:
    """The three that an alert passes, and one test through them."""

    def __init__(self, collector: Running, prometheus: Server, alertmanager: Server, within_seconds: float) -> None:
        self._collector, self._prometheus, self._alertmanager = collector, prometheus, alertmanager
        self._within_seconds = within_seconds
        self._began = self._deadline = 0.0
        self._number = ""

    def test(self, severity: str, site: str) -> None:
        """Sends one and prints each step with its second. Raises Stopped, Unreached, NotReached."""
        deliveries = Deliveries(self._alertmanager)  # asked first: who is not there at all is told at once
        self._prometheus.ask("GET", "/api/v1/query", query=[("query", "1")])
        answer = self._collector.ask("POST", "/v1/alert-tests", {"severity": severity, "site": site})
        self._number = answer.json()["number"]
        self._began = time.monotonic()
        self._deadline = self._began + self._within_seconds
        try:
            self._tell(f"the collector shows test {self._number}")
            self._follow(deliveries)
        finally:
            self._collector.ask("DELETE", f"/v1/alert-tests/{self._number}")

    def _follow(self, deliveries: Deliveries) -> None:
        self._wait(lambda: self._fires(deliveries), self._why_no_rule)
        self._tell("Prometheus fires it")
        alert = self._wait(self._held, self._why_not_held)
        receivers = [row["name"] for row in alert["receivers"]]
        self._tell(f"Alertmanager has it, for {', '.join(receivers)}")
        if held_back := alert["status"]["silencedBy"] or alert["status"]["inhibitedBy"]:
            raise Stopped(f"Alertmanager holds it back: silenced or inhibited by {', '.join(held_back)}")
        expected = deliveries.expected(receivers)
        if not expected:
            raise Stopped(
                f"{', '.join(receivers)} tells nobody: the receiver has no address in Alertmanager's settings"
            )
        self._wait(lambda: deliveries.arrived(expected), lambda: deliveries.why_not(expected))
        self._tell(f"arrived: {', '.join(sorted(expected))} took it")

    def _tell(self, step: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {step}", flush=True)

    def _wait(self, holds: Callable[[], Any], why_not: Callable[[], str]) -> Any:
        """What `holds` gives, once that is something; at the deadline Stopped, with the reason."""
        while not (found := holds()):
            if time.monotonic() > self._deadline:
                raise Stopped(f"not within {self._within_seconds:.0f} s: {why_not()}")
            time.sleep(LOOK_SECONDS)
        return found

    def _fires(self, deliveries: Deliveries) -> bool:
        counts = deliveries.counts()  # before Prometheus is asked: what fires meanwhile may be delivered at once
        alerts = self._prometheus.ask("GET", "/api/v1/alerts")["data"]["alerts"]
        fires = any(
            each["state"] == "firing" and each["labels"].get("test") == self._number
            for each in alerts
            if each["labels"].get("alertname") == ALERT
        )
        if not fires:
            deliveries.note(counts)
        return fires

    def _held(self) -> Any:
        """The alert as Alertmanager has it, with its receivers, once it has decided what to do with it."""
        query = [("filter", f'alertname="{ALERT}"'), ("filter", f'test="{self._number}"')]
        found = self._alertmanager.ask("GET", "/api/v2/alerts", query=query)
        return next((each for each in found if each["status"]["state"] != "unprocessed"), None)

    def _why_no_rule(self) -> str:
        groups = self._prometheus.ask("GET", "/api/v1/rules", query=[("type", "alert")])["data"]["groups"]
        if not any(rule["name"] == ALERT for group in groups for rule in group["rules"]):
            return f"Prometheus has no rule {ALERT}; put rules/chain.yml into its rule_files"
        targets = self._prometheus.ask("GET", "/api/v1/targets", query=[("state", "active")])["data"]["activeTargets"]
        ours = [target for target in targets if target["labels"].get("job") == COLLECTOR_JOB]
        if not ours:
            return f"Prometheus has no job {COLLECTOR_JOB}, so it reads no collector"
        if errors := [target["lastError"] for target in ours if target["health"] != "up"]:
            return f"Prometheus cannot read the collector: {errors[0]}"
        return f"Prometheus reads a collector, but not the test of this one ({self._collector.url})"

    def _why_not_held(self) -> str:
        known = self._prometheus.ask("GET", "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
        if not known:
            return "Prometheus fires it, and knows no Alertmanager: see `alerting` in its configuration"
        addresses = ", ".join(row["url"].partition("/api/")[0] for row in known)
        return f"Prometheus sends to {addresses}, and {self._alertmanager.url} has not got it"
