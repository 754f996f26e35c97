"""Services: what users feel of them, and what was agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import SERVICE, Board
from deploy.grafana.panels import column, lines, listed, meant, number, timeline
from deploy.grafana.queries import ANY_IS_BAD, AT, AVAILABLE, BAD, BUDGET, CERTIFICATE, GOOD, SLOW, or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

UP_OR_DOWN = {0: ("down", BAD), 1: ("up", GOOD)}
READ = f'{AT}, service=~"$service"'
FAILING = {0: ("nothing fails", GOOD), 1: ("failed", BAD)}
UP = f"max by (service) (probe_success{{{READ}}})"
CERTIFICATE_LEFT = f"min by (service) (probe_ssl_earliest_cert_expiry{{{READ}}}) - time()"
DAY, MONTH, LEFT = (
    f'keskidee:service_{what}{{service=~"$service"}}'
    for what in ("availability:ratio_day", "availability:ratio_month", "budget_left:ratio_month")
)


def now() -> Iterator[AnyPanel]:
    """Which services answer, and keep what was agreed?"""
    yield number("Services", "That are read.", f"count({UP}) or vector(0)")
    yield number("Down", "Not reached from any site.", f"count({UP} == 0) or vector(0)", steps=ANY_IS_BAD)
    partly = f"count(count by (service) (probe_success{{{READ}}} == 0) and on (service) {UP} == 1) or vector(0)"
    yield number("Down from a site", "Reached from others.", partly, steps=ANY_IS_BAD)
    ending = f"count({CERTIFICATE_LEFT} < 21 * 86400) or vector(0)"
    yield number("Certificates ending", "Within three weeks.", ending, steps=ANY_IS_BAD)
    spent = f"count({LEFT} < 0) or vector(0)"
    yield number("Budgets spent", "Away for longer than was agreed.", spent, steps=ANY_IS_BAD)
    old = f"max(keskidee_service_file_age_seconds{{{READ}}}) or vector(0)"
    yield number("Oldest backup", "Age of the newest file, of the oldest backup. 0: none is read.", old, unit="s")
    columns = {
        "now": (UP, meant(UP_OR_DOWN)),
        "a day": (DAY, column(unit="percentunit", steps=AVAILABLE)),
        "thirty days": (MONTH, column(unit="percentunit", steps=AVAILABLE)),
        "budget left": (LEFT, column(unit="percentunit", steps=BUDGET)),
        "answers in": (f"min by (service) (probe_duration_seconds{{{READ}}})", column(unit="s", steps=SLOW)),
        "certificate": (CERTIFICATE_LEFT, column(unit="s", steps=CERTIFICATE)),
    }
    says = "Availability is of the time in which it was watched; the budget is what may be lost within thirty days."
    yield listed(
        "Every service",
        says,
        f"group by (service) (probe_success{{{READ}}})",
        columns,
        by="service",
        labels=["service"],
    )


def felt() -> Iterator[AnyPanel]:
    """Since when, from where, and which part of an answer takes long?"""
    says = "A band a service; it is up where any of the sites reaches it."
    yield timeline("Up and down", says, UP, "{{service}}", UP_OR_DOWN).span(24)
    failing = or_none(f"max by (service, site, reason) (keskidee_service_failure_info{{{READ}}})", "service")
    says = "A band while a service fails somewhere, with why: status, text, timeout, refused, certificate and the like."
    yield timeline("Why they failed", says, failing, "{{service}} {{site}} {{reason}}", FAILING).span(24)
    times = {"{{service}} from {{site}}": f"topk(10, max by (service, site) (probe_duration_seconds{{{READ}}}))"}
    says = "From the first packet to the last; the ten slowest."
    yield lines("Time to answer", says, times, unit="s").min(0)
    phases = {"{{phase}}": f"avg by (phase) (probe_http_duration_seconds{{{READ}}})"}
    says = "Mean of the chosen pages. resolve: the name; connect; tls; processing: the service itself; transfer."
    yield lines("Time by phase", says, phases, unit="s", stacked=True).min(0)
    month = {"{{service}}": f"bottomk(10, {MONTH})"}
    yield lines("Availability", "Of the thirty days before; the ten worst.", month, unit="percentunit").max(1)


BOARD = Board(
    uid="keskidee-services",
    title="keskidee: services",
    says="What users feel, and whether it is what was agreed.",
    rows={"Now": now, "What users feel": felt},
    several=SERVICE,
    since="now-24h",
)
