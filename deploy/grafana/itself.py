"""The row of keskidee itself: does it keep up, and what does it cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.panels import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

OF_THE_COLLECTOR = "and on (job, instance) keskidee_collector_build_info"


def keskidee_itself() -> Iterator[AnyPanel]:
    """What comes in, what is refused, how long it takes, and what it costs on both ends."""
    taken = {"{{result}}": per_second("reports", "result")}
    yield lines("Reports", "Taken in a second, by what they were.", taken, unit="reqps").min(0)
    refused = {"{{reason}}": per_second("refused", "reason")}
    yield lines("Refusals", "In a second, by reason; the runbook says what each means.", refused, unit="reqps").min(0)
    buckets = "sum by (le) (rate(keskidee_collector_report_duration_seconds_bucket[$__rate_interval]))"
    times = {f"{share:.0%}": f"histogram_quantile({share}, {buckets})" for share in (0.5, 0.99)}
    yield lines("Time to acknowledge", "From a report's arrival until it is on disk.", times, unit="s").min(0)
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
    waiting = {"waiting": "sum(keskidee_agent_spool_reports)"}
    yield lines("Backlog of agents", "Reports kept on machines until delivered.", waiting, unit="none").min(0)


def per_second(counter: str, label: str) -> str:
    """A counter of the collector's as a rate by one label."""
    return f"sum by ({label}) (rate(keskidee_collector_{counter}_total[$__rate_interval]))"
