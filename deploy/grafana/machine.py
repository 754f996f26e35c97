"""One machine, of any system: what is the matter with it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import MACHINE as VARIABLE
from deploy.grafana.board import Board
from deploy.grafana.panels import MACHINE, lines, meanings, name, number, timeline
from deploy.grafana.queries import BAD, CLOCK, GOOD, ONE, STATE, STATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

INFO = f"keskidee_machine_info{{{ONE}}}"


def who() -> Iterator[AnyPanel]:
    """Who it is, and since when it runs."""
    state = number(
        "State", "on, off as usual, silent, or cut off with its site.", f"({STATE}) and on (instance) {INFO}"
    )
    yield state.mappings([meanings(STATES)])
    last = f"1000 * keskidee_machine_last_report_timestamp_seconds{{{ONE}}}"
    yield number("Last report", "When the collector heard it last.", last, unit="dateTimeFromNow")
    boot = f"1000 * node_boot_time_seconds{{{ONE}}}"
    yield number("Started", "When it was booted.", boot, unit="dateTimeFromNow")
    offset = f"keskidee_machine_clock_offset_seconds{{{ONE}}}"
    yield number("Clock", "Its clock minus the collector's.", offset, unit="s", steps=CLOCK)
    yield name("System", "As it names itself.", f"node_os_info{{{ONE}}}", "pretty_name")
    yield name("Model", "From its firmware.", INFO, "model")


def load() -> Iterator[AnyPanel]:
    """Processor, memory, load."""
    modes = f'sum by (mode) (rate(node_cpu_seconds_total{{{ONE}, mode!="idle"}}[$__rate_interval]))'
    cores = f'count(node_cpu_seconds_total{{{ONE}, mode="idle"}})'
    processor = {"{{mode}}": f"{modes} / scalar({cores})"}
    says = "By what the time went to; the top is all cores."
    yield lines("Processor", says, processor, unit="percentunit", stacked=True).min(0).max(1)
    total, available = (f"node_memory_{which}_bytes{{{ONE}}}" for which in ("MemTotal", "MemAvailable"))
    memory = {"used": f"{total} - {available}", "available": available}
    yield lines(
        "Memory", "What no program could still get, and what one could.", memory, unit="bytes", stacked=True
    ).min(0)
    averages = {f"{minutes} min": f"node_load{minutes}{{{ONE}}}" for minutes in (1, 5, 15)}
    says = "Tasks that run or wait, against the cores. Windows has none."
    yield lines("Load", says, averages | {"cores": cores}, unit="none").min(0)


def disks() -> Iterator[AnyPanel]:
    """Space, throughput, latency."""
    free = f"max by (mountpoint) (node_filesystem_avail_bytes{{{ONE}}} / node_filesystem_size_bytes{{{ONE}}})"
    yield (
        lines(
            "Free space",
            "Share free, a file system a line; the ten fullest.",
            {"{{mountpoint}}": f"bottomk(10, {free})"},
            unit="percentunit",
        )
        .min(0)
        .max(1)
    )
    moved = {"{{device}} read": per_second("disk_read_bytes"), "{{device}} written": per_second("disk_written_bytes")}
    yield lines("Disk throughput", "Bytes read and written in a second.", moved, unit="Bps").min(0)
    waits = {
        "{{device}} read": mean("disk_read_time_seconds", "disk_reads_completed"),
        "{{device}} write": mean("disk_write_time_seconds", "disk_writes_completed"),
    }
    yield lines("Disk latency", "Mean time of a request; steadily above 20 ms is slow.", waits, unit="s").min(0)


def network() -> Iterator[AnyPanel]:
    """Traffic and faults."""
    traffic = {
        "{{device}} in": per_second("network_receive_bytes"),
        "{{device}} out": per_second("network_transmit_bytes"),
    }
    yield lines("Network traffic", "Bytes in and out in a second.", traffic, unit="Bps").min(0)
    faults = {
        "{{device}} errors in": per_second("network_receive_errs"),
        "{{device}} errors out": per_second("network_transmit_errs"),
        "{{device}} dropped in": per_second("network_receive_drop"),
        "{{device}} dropped out": per_second("network_transmit_drop"),
    }
    says = "Packets in a second; anything steady is a cable, a port or a driver."
    yield lines("Network faults", says, faults, unit="pps").min(0)


def agent() -> Iterator[AnyPanel]:
    """What the agent reads, keeps, and costs."""
    values = {0: ("failing", BAD), 1: ("read", GOOD)}
    of_source = f"keskidee_source_up{{{ONE}}}"
    failing = f"max by (source) ({of_source}) and on (source) min_over_time({of_source}[1d]) == 0"
    none = 'label_replace(vector(1), "source", "none", "", "")'
    says = "Sources that failed or timed out within a day; the collector's page says why."
    yield timeline("What it could not read", says, f"({failing}) or on () {none}", "{{source}}", values)

    kept = {
        "waiting": f"max(keskidee_agent_spool_reports{{{ONE}}})",
        "given up": f"sum(increase(keskidee_agent_dropped_reports_total{{{ONE}}}[$__rate_interval]))",
    }
    yield lines("Reports", "That wait on the machine, and that were given up.", kept, unit="none").min(0)
    cost = {"processor": f"rate(keskidee_agent_cpu_seconds_total{{{ONE}}}[$__rate_interval])"}
    yield lines("What the agent costs", "Share of one core.", cost, unit="percentunit").min(0)


def per_second(counter: str) -> str:
    """A counter of this machine as a rate, a device a line: the ten with most (a host of containers has hundreds)."""
    return f"topk(10, {rate(counter)})"


def rate(counter: str) -> str:
    """The same of all its devices."""
    return f"sum by (device) (rate(node_{counter}_total{{{ONE}}}[$__rate_interval]))"


def mean(seconds: str, requests: str) -> str:
    """Time of a request, of the ten slowest devices."""
    return f"topk(10, {rate(seconds)} / {rate(requests)})"


BOARD = Board(
    uid=MACHINE,
    title="keskidee: one machine",
    says="What is the matter with this machine, whatever its system?",
    rows={
        "Who it is": who,
        "Work": load,
        "Disks": disks,
        "Network": network,
        "Its agent": agent,
    },
    one=VARIABLE,
)
