"""Sites and links: which offices are heard, and what their lines carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import SITES, column, lines, listed, meant, number, timeline
from deploy.grafana.queries import ANY_IS_BAD, ANY_IS_WORTH_A_LOOK, AT, BAD, CALM, CHOSEN, GOOD, by_label, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

SITE_STATES = {0: ("heard", GOOD), 1: ("link down", BAD), 2: ("nobody is on", CALM)}
SITE_STATE = (
    f'max by (site) (keskidee_site_state{{{AT}, state="link_down"}})'
    f' + 2 * max by (site) (keskidee_site_state{{{AT}, state="unknown"}})'
)


LOST = 'sum by (instance) (increase(keskidee_agent_dropped_reports_total{reason!="thinned"}[1d]))'


def which_are_heard() -> Iterator[AnyPanel]:
    """Which sites are heard, and since when not?"""
    yield number("Sites", "That have machines.", f"count(group by (site) (keskidee_site_state{{{AT}}})) or vector(0)")
    heard = f'count(max by (site) (keskidee_site_state{{{AT}, state="up"}}) == 1) or vector(0)'
    yield number("Heard", "Where anything is on that reports.", heard)
    down = heard.replace('"up"', '"link_down"')
    yield number("Not reached", "Where everything fell silent together.", down, steps=ANY_IS_BAD)
    behind = count(CHOSEN, "keskidee_agent_spool_reports > 4")
    yield number("Machines behind", "With more than a minute of reports to deliver.", behind, steps=ANY_IS_WORTH_A_LOOK)
    lost = f"sum({by_label(CHOSEN, LOST, 'site')}) or vector(0)"
    yield number("Reports lost", "Given up within a day.", lost, steps=ANY_IS_BAD)
    cut = "max(keskidee_collector_cut_off) or vector(0)"
    yield number("Collector cut off", "1: it hears nobody at all, so it is not the sites.", cut, steps=ANY_IS_BAD)
    columns = {
        "state": (SITE_STATE, meant(SITE_STATES)),
        "last report": (
            f"1000 * max by (site) (keskidee_site_last_report_timestamp_seconds{{{AT}}})",
            column(unit="dateTimeFromNow"),
        ),
        "on": (f'max by (site) (keskidee_site_machines{{{AT}, state="on"}})', column()),
        "off": (f'max by (site) (keskidee_site_machines{{{AT}, state="off"}})', column()),
        "silent": (f'max by (site) (keskidee_site_machines{{{AT}, state="silent"}})', column(steps=ANY_IS_BAD)),
        "interval": (f"max by (site) (keskidee_site_interval_seconds{{{AT}}})", column(unit="s")),
        "budget an hour": (f"max by (site) (keskidee_site_budget_bytes_per_hour{{{AT}}})", column(unit="bytes")),
    }
    says = "Interval and budget where the collector's settings name the site. A click shows the site alone."
    first = f"group by (site) (keskidee_site_state{{{AT}}})"
    yield listed("Every site", says, first, columns, by="site", labels=["site"])
    says = "Red: everything that was on fell silent together. Blue: nobody is on."
    yield timeline("Heard or not", says, SITE_STATE, "{{site}}", SITE_STATES).span(24)


def what_lines_carry() -> Iterator[AnyPanel]:
    """Do the lines carry what is said, and what is waiting behind them?"""
    machines = {"{{site}}": f'max by (site) (keskidee_site_machines{{{AT}, state="on"}})'}
    yield lines("Machines on", "A whole site that drops is its line or its power.", machines, unit="none").min(0)
    waiting = {"{{site}}": by_label(CHOSEN, "max by (instance) (keskidee_agent_spool_reports)", "site")}
    yield lines("Reports waiting", "On the machines of a site, until its line carries them.", waiting, unit="none").min(
        0
    )
    failures = "sum by (instance) (rate(keskidee_agent_delivery_failures_total[$__rate_interval]))"
    failed = {"{{site}}": by_label(CHOSEN, failures, "site")}
    yield lines("Failed deliveries", "In a second, of all machines of a site.", failed, unit="reqps").min(0)
    carried = "sum by (instance) (rate(keskidee_agent_link_bytes_total[$__rate_interval]))"
    bytes_ = {"{{site}}": by_label(CHOSEN, carried, "site")}
    says = "What keskidee itself costs a line, with all headers, by the machines' own count."
    yield lines("Bytes of keskidee", says, bytes_, unit="Bps").min(0)
    traffic = "sum by (instance) (rate(node_network_receive_bytes_total[$__rate_interval]))"
    all_ = {"{{site}}": by_label(CHOSEN, traffic, "site")}
    yield lines("Traffic of machines", "What the machines of a site receive, from near and far.", all_, unit="Bps").min(
        0
    )
    offset = "max by (instance) (abs(keskidee_machine_clock_offset_seconds))"
    clocks = {"{{site}}": by_label(CHOSEN, offset, "site", "max")}
    yield lines("Worst clock", "A slow line adds its delay.", clocks, unit="s").min(0)


BOARD = Board(
    uid=SITES,
    title="keskidee: sites and links",
    says="Which offices are heard, and what their lines carry.",
    rows={"Which are heard": which_are_heard, "What lines carry": what_lines_carry},
    since="now-24h",
)
