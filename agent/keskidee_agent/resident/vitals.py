"""The agent's own families: what it costs, and what became of its reports. A reading like any other, source `agent`."""

from __future__ import annotations

import os
import time

from keskidee_agent.spool.cursor import DROP_REASONS
from keskidee_report import __version__
from keskidee_report.model import OK, Columns, Family, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.delivery.delivery import Delivery
    from keskidee_agent.spool.spool import Spool
    from keskidee_report.model import Names

SOURCE = "agent"
COST_ROUNDS = 4
NO_LABELS: dict[str, str] = {}
INFO = Family("keskidee_agent_info", "gauge", "The agent that reports; the value is always 1", digits=0)
SPOOL_BYTES = Family("keskidee_agent_spool_bytes", "gauge", "Disk taken by reports not yet acknowledged", digits=0)
SPOOL_REPORTS = Family("keskidee_agent_spool_reports", "gauge", "Earlier reports not yet acknowledged", digits=0)
TAKEN = Family("keskidee_agent_reports_total", "counter", "Reports taken: delivered, waiting or given up", digits=0)
DROPPED = Family(
    "keskidee_agent_dropped_reports_total",
    "counter",
    "Reports given up: full (no room left), old (waited too long), refused (by the collector), disk (it failed, or a"
    " power cut took them), thinned (another of the same minute or five minutes was kept)",
    digits=0,
)
FAILURES = Family("keskidee_agent_delivery_failures_total", "counter", "Requests that were not accepted", digits=0)
DEFERRED = Family(
    "keskidee_agent_deferred_deliveries_total",
    "counter",
    "Rounds that waited because this machine's share of a thin link was used up",
    digits=0,
)
LINK = Family(
    "keskidee_agent_link_bytes_total",
    "counter",
    "Bytes on the wire to and from the collector since the agent started, all headers included",
    digits=0,
)
CPU = Family("keskidee_agent_cpu_seconds_total", "counter", "Processor time of the agent, user and system", digits=6)
MEMORY = Family("keskidee_agent_resident_memory_bytes", "gauge", "Resident memory of the agent", digits=-12)
START = Family("keskidee_agent_start_timestamp_seconds", "gauge", "When the agent started, by its own clock", digits=3)


class Vitals:
    """Takes the reading. What cannot be read on a system is left out."""

    def __init__(self, spool: Spool, delivery: Delivery, started_at: float) -> None:
        self._spool = spool
        self._delivery = delivery
        self._start_ms = round(started_at * 1000)
        self._resident_bytes = _memory()
        self._names = _names(memory=self._resident_bytes is not None)
        self._rounds = 0
        self._costs: list[int] = []

    def reading(self) -> Reading:
        """This round's values; what the agent costs is looked at now and then, because looking is a part of it."""
        spool = self._spool
        counts = [1, spool.bytes, spool.reports, spool.taken]
        counts += map(spool.dropped.__getitem__, DROP_REASONS)
        counts += [self._delivery.failures, self._delivery.deferred, self._delivery.wire_bytes, self._start_ms]
        if self._rounds % COST_ROUNDS == 0:
            self._costs = self._read_costs()
        self._rounds += 1
        return Reading(SOURCE, OK, samples=Columns(self._names, counts + self._costs))

    def _read_costs(self) -> list[int]:
        costs = [time.process_time_ns() // 1000]
        if self._resident_bytes is not None:
            costs.append(self._resident_bytes() >> 12)
        return costs


def _memory() -> Callable[[], int] | None:
    """What tells the bytes of this process in memory; None where nothing does."""
    try:
        page_bytes, statm = os.sysconf("SC_PAGE_SIZE"), os.open("/proc/self/statm", os.O_RDONLY)
    except (AttributeError, OSError):  # Windows, macOS: psutil is loaded there anyway
        try:
            import psutil
        except ImportError:
            return None
        own = psutil.Process()
        return lambda: int(own.memory_info().rss)
    return lambda: int(os.pread(statm, 64, 0).split(b" ", 2)[1]) * page_bytes


def _names(*, memory: bool) -> Names:
    """The names of the counts in `reading`."""
    names = [(INFO, {"version": __version__})]
    names += [(family, NO_LABELS) for family in (SPOOL_BYTES, SPOOL_REPORTS, TAKEN)]
    names += [(DROPPED, {"reason": reason}) for reason in DROP_REASONS]
    names += [(family, NO_LABELS) for family in (FAILURES, DEFERRED, LINK, START, CPU)]
    return tuple(names + [(MEMORY, NO_LABELS)] * memory)
