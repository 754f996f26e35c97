"""keskidee itself: does it keep up, what does it miss, and what does it cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import lines, number
from deploy.grafana.queries import ANY_IS_BAD, ANY_IS_WORTH_A_LOOK, CHOSEN, count, of, or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

OF_THE_COLLECTOR = "and on (job, instance) keskidee_collector_build_info"


def keeps_up() -> Iterator[AnyPanel]:
    """What comes in, what is refused, how long it takes."""
    taken = {"{{result}}": per_second("reports", "result")}
    yield lines("Reports", "Taken in a second, by what they were.", taken, unit="reqps").min(0)
    refused = {"{{reason}}": per_second("refused", "reason")}
    yield lines("Refusals", "In a second, by reason; the runbook says what each means.", refused, unit="reqps").min(0)
    buckets = "sum by (le) (rate(keskidee_collector_report_duration_seconds_bucket[$__rate_interval]))"
    times = {f"{share:.0%}": f"histogram_quantile({share}, {buckets})" for share in (0.5, 0.99)}
    yield lines("Time to acknowledge", "From a report's arrival until it is on disk.", times, unit="s").min(0)
    waiting = {
        "commits that wait": "sum(keskidee_collector_waiting_commits)",
        "commits that failed": "sum(increase(keskidee_collector_failed_commits[$__rate_interval]))",
    }
    yield lines("Writing", "To the collector's disk. Failures are an alert.", waiting, unit="none").min(0)
    passed = {
        "{{destination}} behind": "max by (destination) (keskidee_remote_write_behind_seconds)",
        "age of the newest report": "min(time() - keskidee_machine_last_report_timestamp_seconds)",
    }
    says = "Of remote write's destinations, where there are some; and of what was heard last."
    yield lines("How late", says, passed, unit="s").min(0)
    known = {"machines": "sum(keskidee_collector_machines)", "connections": "sum(keskidee_collector_connections)"}
    yield lines("Machines and connections", "That are enrolled, and that are open.", known, unit="none").min(0)


def misses() -> Iterator[AnyPanel]:
    """What is not seen, of which machines."""
    expr = "keskidee_source_up == 0"
    yield number("Sources failing", "That failed or timed out.", count(CHOSEN, expr), steps=ANY_IS_WORTH_A_LOOK)
    expr = "keskidee_source_denied == 1"
    says = "A right is missing; `keskidee agent doctor` names it. The helper for root's readings is optional."
    yield number("Sources denied", says, count(CHOSEN, expr))
    expr = "keskidee_machine_refused_families > 0"
    says = "Machines some of whose metrics clash with those of others."
    yield number("Clashing machines", says, count(CHOSEN, expr), steps=ANY_IS_WORTH_A_LOOK)
    lost = 'sum(increase(keskidee_agent_dropped_reports_total{reason!="thinned"}[1d])) or vector(0)'
    yield number("Reports lost", "Given up within a day.", lost, steps=ANY_IS_BAD)
    unread = f"count({of(CHOSEN, 'keskidee_machine_up == 1 unless on (instance) node_boot_time_seconds')}) or vector(0)"
    says = "Machines that are heard, and of which Prometheus has no reading. Devices count here."
    yield number("Not read", says, unread, steps=ANY_IS_WORTH_A_LOOK)
    waiting = "sum(keskidee_agent_spool_reports)"
    yield number("Reports waiting", "On all machines together.", waiting)
    backlog = {"waiting": waiting, "on machines": "count(keskidee_agent_spool_reports > 4) or vector(0)"}
    yield lines("Backlog of agents", "Reports kept on machines until delivered.", backlog, unit="none").min(0)
    failing = {"{{source}}": or_none("count by (source) (keskidee_source_up == 0)", "source")}
    yield lines("Failing sources", "Machines on which a source fails.", failing, unit="none", stacked=True).min(0)
    versions = {"{{version}}": "count by (version) (keskidee_agent_info)"}
    says = "A collector takes the two minor versions before its own."
    yield lines("Versions of agents", says, versions, unit="none", stacked=True).min(0)


def costs() -> Iterator[AnyPanel]:
    """Processor, memory and bytes on both ends."""
    processor = {
        "collector": f"rate(process_cpu_seconds_total[$__rate_interval]) {OF_THE_COLLECTOR}",
        "an agent, median": "quantile(0.5, rate(keskidee_agent_cpu_seconds_total[$__rate_interval]))",
    }
    yield lines("Processor", "Cores used; 0.01 is a hundredth of one.", processor, unit="none").min(0)
    memory = {
        "collector": f"process_resident_memory_bytes {OF_THE_COLLECTOR}",
        "an agent, median": "quantile(0.5, keskidee_agent_resident_memory_bytes)",
        "an agent, largest": "max(keskidee_agent_resident_memory_bytes)",
    }
    yield lines("Memory", "Of the collector, and of agents.", memory, unit="bytes").min(0)
    received = {"all machines": "sum(rate(keskidee_collector_received_bytes_total[$__rate_interval]))"}
    yield lines("Bodies of reports", "Bytes in a second, as they were received.", received, unit="Bps").min(0)


def per_second(counter: str, label: str) -> str:
    """A counter of the collector's as a rate by one label."""
    return f"sum by ({label}) (rate(keskidee_collector_{counter}_total[$__rate_interval]))"


BOARD = Board(
    uid="keskidee-itself",
    title="keskidee: itself",
    says="Does keskidee keep up, what does it miss, and what does it cost?",
    rows={"Does it keep up": keeps_up, "What it misses": misses, "What it costs": costs},
)
