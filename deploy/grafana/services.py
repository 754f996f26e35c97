"""Services: what users feel of them, and what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import column, lines, listed, meant, number, timeline
from deploy.grafana.queries import ANY_IS_BAD, AT, AVAILABLE, BAD, BUDGET, CERTIFICATE, GOOD, SLOW, or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

UP_OR_DOWN = {0: ("down", BAD), 1: ("up", GOOD)}
FAILING = {0: ("nothing fails", GOOD), 1: ("failed", BAD)}
UP = f"max by (service) (probe_success{{{AT}}})"
CERTIFICATE_LEFT = f"min by (service) (probe_ssl_earliest_cert_expiry{{{AT}}}) - time()"


def now() -> Iterator[AnyPanel]:
    """Which services answer, and keep what was agreed?"""
    yield number("Services", "That are read.", f"count({UP}) or vector(0)")
    yield number("Down", "Not reached from any site.", f"count({UP} == 0) or vector(0)", steps=ANY_IS_BAD)
    partly = f"count(count by (service) (probe_success{{{AT}}} == 0) and on (service) {UP} == 1) or vector(0)"
    yield number("Down from a site", "Reached from others.", partly, steps=ANY_IS_BAD)
    ending = f"count({CERTIFICATE_LEFT} < 21 * 86400) or vector(0)"
    yield number("Certificates ending", "Within three weeks.", ending, steps=ANY_IS_BAD)
    spent = "count(keskidee:service_budget_left:ratio_month < 0) or vector(0)"
    yield number("Budgets spent", "Away for longer than was agreed.", spent, steps=ANY_IS_BAD)
    old = f"max(keskidee_service_file_age_seconds{{{AT}}}) or vector(0)"
    yield number("Oldest backup", "Age of the newest file, of the oldest backup. 0: none is read.", old, unit="s")
    columns = {
        "now": (UP, meant(UP_OR_DOWN)),
        "a day": ("keskidee:service_availability:ratio_day", column(unit="percentunit", steps=AVAILABLE)),
        "thirty days": ("keskidee:service_availability:ratio_month", column(unit="percentunit", steps=AVAILABLE)),
        "budget left": ("keskidee:service_budget_left:ratio_month", column(unit="percentunit", steps=BUDGET)),
        "answers in": (f"min by (service) (probe_duration_seconds{{{AT}}})", column(unit="s", steps=SLOW)),
        "certificate": (CERTIFICATE_LEFT, column(unit="s", steps=CERTIFICATE)),
    }
    says = "Availability is of the time in which it was watched; the budget is what may be lost within thirty days."
    yield listed(
        "Every service", says, f"group by (service) (probe_success{{{AT}}})", columns, by="service", labels=["service"]
    )


def felt() -> Iterator[AnyPanel]:
    """Since when, from where, and which part of an answer takes long?"""
    answered = f"max by (service, site) (probe_success{{{AT}}})"
    yield timeline("Up and down", "A band a service and site.", answered, "{{service}} from {{site}}", UP_OR_DOWN).span(
        24
    )
    failing = or_none(f"max by (service, site, reason) (keskidee_service_failure_info{{{AT}}})", "service")
    says = "A band while a service fails somewhere, with why: status, text, timeout, refused, certificate and the like."
    yield timeline("Why they failed", says, failing, "{{service}} {{site}} {{reason}}", FAILING).span(24)
    times = {"{{service}} from {{site}}": f"max by (service, site) (probe_duration_seconds{{{AT}}})"}
    yield lines("Time to answer", "From the first packet to the last.", times, unit="s").min(0)
    phases = {"{{service}} {{phase}}": f"max by (service, phase) (probe_http_duration_seconds{{{AT}}})"}
    says = "resolve: the name; connect; tls; processing: the service itself; transfer."
    yield lines("Time by phase", says, phases, unit="s", stacked=True).min(0)
    month = {"{{service}}": "keskidee:service_availability:ratio_month"}
    yield lines("Availability", "Of the thirty days before.", month, unit="percentunit").max(1)


BOARD = Board(
    uid="keskidee-services",
    title="keskidee: services",
    says="What users feel, and whether it is what was agreed.",
    rows={"Now": now, "What users feel": felt},
    since="now-24h",
)
