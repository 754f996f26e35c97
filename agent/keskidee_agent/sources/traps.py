"""Whether notifications of devices are heard here (SNMP traps), as the poller says. No privilege; opens one file.

What a device told is among its own series (devices/traps/ledger.py).
"""

from __future__ import annotations

from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True  # a file beside the spool, which each round writes to
METRICS_FILE = "traps.metrics"
STALE_SECONDS = 300
TOLD_AT = Family("keskidee_traps_told_timestamp_seconds", "gauge", "When the poller said this last", digits=0)
LISTENING = Family("keskidee_traps_listening", "gauge", "Whether notifications are heard; else the reason", digits=0)
LAST = Family("keskidee_traps_last_timestamp_seconds", "gauge", "When the last notification was taken", digits=0)


def read(machine: Machine) -> list[Sample]:
    """The samples of the poller's file. Raises NotHere where none is running, Malformed."""
    signature = machine.here.signature(machine.traps_file) if machine.traps_file else None
    if signature is None:
        raise NotHere("no device is polled from here")
    memory = machine.memory("traps")
    if memory.get("signature") != signature:
        from keskidee_agent.sources.inventoried import parse

        memory["samples"] = parse(machine.here.content(machine.traps_file))
        memory["signature"] = signature
    samples: list[Sample] = memory["samples"]
    if not samples or abs(machine.time() - samples[0][2]) > STALE_SECONDS:
        raise NotHere("the poller is not running")
    return samples
