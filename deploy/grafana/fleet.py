"""The fleet: what is wrong now, and what is there. README.md says which question each row answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import (
    FLEET,
    column,
    lines,
    linked_to_machines,
    listed,
    meanings,
    meant,
    number,
    only_columns,
    rows,
    worst,
)
from deploy.grafana.queries import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    BAD,
    BUSY,
    CHOSEN,
    CLOCK,
    CPU_BUSY,
    DISK_BUSY,
    EACH,
    FULL,
    GOOD,
    MEMORY,
    MEMORY_USED,
    NONE_IS_BAD,
    SERVERS,
    SPACE_USED,
    STATE,
    STATES,
    by_label,
    count,
    named,
    of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grafana_foundation_sdk.builders import stat, table

    from deploy.grafana.panels import AnyPanel


def what_is_wrong() -> Iterator[AnyPanel]:
    """Is anything wrong now, and since when?"""
    state = 'keskidee_machine_state{{state="{}"}} == 1'.format
    yield number("On", "Machines that report now.", count(CHOSEN, state("on")))
    yield number(
        "Off as usual", "Shut down, asleep, or a desktop or laptop that just went.", count(CHOSEN, state("off"))
    )
    says = "They stopped without a goodbye. On-call is paged after two minutes."
    yield number("Silent servers", says, count(SERVERS, state("silent")), steps=ANY_IS_BAD)
    says = "Everything that was on there fell silent together: one alert a site."
    down = 'count(max by (site) (keskidee_site_state{state="link_down", site=~"$site"}) == 1) or vector(0)'
    yield number("Sites not reached", says, down, steps=ANY_IS_BAD)
    says = "Readings that failed or timed out; what they give is missing below."
    yield number("Sources failing", says, count(CHOSEN, "keskidee_source_up == 0"), steps=ANY_IS_WORTH_A_LOOK)
    yield collector_answers()
    yield alerts()


def collector_answers() -> stat.Panel:
    """Whether Prometheus reads the collector; without it the numbers beside it mean nothing."""
    expr = 'min(up{job="keskidee-collector"}) or vector(0)'
    panel = number("Collector", "Whether it answers Prometheus.", expr, steps=NONE_IS_BAD)
    return panel.mappings([meanings({0: ("down", BAD), 1: ("answers", GOOD)})])


def alerts() -> table.Panel:
    """What fires, since when; alerts about keskidee itself have no site and are always shown."""
    firing = 'ALERTS{alertname=~"Keskidee.+", alertstate="firing", site=~"$site|", role=~"$role|"}'
    since = f'1000 * ALERTS_FOR_STATE{{alertname=~"Keskidee.+"}} and ignoring (alertstate) {firing}'
    shown = ["Value", "severity", "alertname", "instance", "site", "role", "mountpoint", "source", "reason"]
    panel = rows("Alerts that fire", "As in Alertmanager, with the time since when. Empty is good.", {"A": since})
    panel = panel.with_transformation(only_columns(shown, {"Value": "since", "alertname": "alert"}))
    panel = panel.override_by_name("since", column(unit="dateTimeFromNow"))
    return linked_to_machines(panel).height(7).no_value("Nothing fires.")


def whole_fleet() -> Iterator[AnyPanel]:
    """What is there, and which machines are worst off?"""
    yield every_machine()
    says = "Share of all cores that was not idle."
    yield worst("Busiest processors", says, of(CHOSEN, CPU_BUSY), "{{instance}}", steps=BUSY)
    says = "Share of memory that no program could still get."
    yield worst("Least memory left", says, of(CHOSEN, MEMORY_USED), "{{instance}}", steps=MEMORY)
    says = "Share of space used, of file systems that can be written to."
    yield worst("Fullest file systems", says, of(CHOSEN, SPACE_USED), "{{instance}} {{mountpoint}}", steps=FULL)
    says = "Share of time with a request under way. Linux only."
    yield worst("Busiest disks", says, of(CHOSEN, DISK_BUSY), "{{instance}} {{device}}", steps=BUSY)
    state = {"{{state}}": f"sum by (state) ({of(CHOSEN, 'keskidee_machine_state')})"}
    yield lines("Machines by state", "Desktops go off at night.", state, unit="none", stacked=True)
    site = {"{{site}}": by_label(CHOSEN, "max by (instance) (keskidee_machine_up)", "site")}
    yield lines("Machines on, by site", "A whole site that drops is its line or its power.", site, unit="none")
    system = {"{{os}}": named(f"count by (os) ({EACH(CHOSEN)})", "os")}
    yield lines("Machines by system", "All that are enrolled, on or not.", system, unit="none", stacked=True)
    busy = {"{{role}}": by_label(CHOSEN, CPU_BUSY, "role", "avg")}
    yield lines("Processors by role", "Mean share that was busy.", busy, unit="percentunit").min(0).max(1)
    memory = {"{{role}}": by_label(CHOSEN, MEMORY_USED, "role", "avg")}
    yield lines("Memory by role", "Mean share that no program could get.", memory, unit="percentunit").min(0).max(1)
    fund = {"{{fund}}": by_label(CHOSEN, MEMORY_USED, "fund", "avg")}
    says = "What a fund has paid for. An upgrade that helps is a step down."
    yield lines("Memory by fund", says, fund, unit="percentunit").min(0).max(1)


def every_machine() -> table.Panel:
    """One line a machine."""
    reported = f"1000 * ({of(CHOSEN, 'max by (instance) (keskidee_machine_last_report_timestamp_seconds)')})"
    columns = {
        "state": (of(CHOSEN, STATE), meant(STATES)),
        "last report": (reported, column(unit="dateTimeFromNow")),
        "processor": (of(CHOSEN, CPU_BUSY), column(unit="percentunit", steps=BUSY)),
        "memory": (of(CHOSEN, MEMORY_USED), column(unit="percentunit", steps=MEMORY)),
        "fullest disk": (of(CHOSEN, f"max by (instance) ({SPACE_USED})"), column(unit="percentunit", steps=FULL)),
        "clock": (
            of(CHOSEN, "max by (instance) (keskidee_machine_clock_offset_seconds)"),
            column(unit="s", steps=CLOCK),
        ),
    }
    labels = ["instance", "site", "role", "os", "model", "fund"]
    says = "A click on a name shows the machine, or the site."
    return listed("Every machine", says, CHOSEN, columns, by="instance", labels=labels)


BOARD = Board(
    uid=FLEET,
    title="keskidee: the fleet",
    says="What is wrong now, and what is there.",
    rows={"What is wrong now": what_is_wrong, "The fleet": whole_fleet},
)
