"""Whether notifications of devices (SNMP traps) are heard here, and where, for `doctor`: as the poller said last."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_agent.commands.run import DEVICES_FILE, TRAPS_FILE
from keskidee_agent.sources.inventoried import parse
from keskidee_agent.sources.traps import LAST, LISTENING, STALE_SECONDS, TOLD_AT
from keskidee_report.model import Malformed

if TYPE_CHECKING:
    from pathlib import Path

    from keskidee_config import AgentSettings
    from keskidee_report.model import Sample

OFF, NO_POLLER = "traps.enabled is false in agent.yml", "the poller is not running"
PRIVILEGED = 1024
RECEIVED, REFUSED = "keskidee_traps_received_total", "keskidee_traps_refused_total"
DENIED = "Permission denied"
NEEDED = (
    "needs      the right to a port below 1024; devices are polled meanwhile, and only their traps are lost",
    "run        sudo deploy/systemd/install --poller agent",
    "or         sudo systemctl edit keskidee-agent, with these lines, then sudo systemctl restart keskidee-agent:",
    "               [Service]",
    "               CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
    "               AmbientCapabilities=CAP_NET_BIND_SERVICE",
    "or         traps.listen: 0.0.0.0:1162 in agent.yml, and that port on the devices",
    "or         traps.enabled: false in agent.yml, and nobody listens",
)
"""What opens the port to an agent of systemd's (deploy/systemd/README.md), and what does without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """How it stands. `reason` says why nobody hears, and is empty where somebody does.

    `received` are datagrams since the poller started, `refused` those of no device by the reason, `last_at` is when
    one was taken (UTC epoch seconds).
    """

    address: str
    reason: str = ""
    received: int = 0
    refused: dict[str, int]
    last_at: float | None = None

    @property
    def is_well(self) -> bool:
        """Whether all is as the settings want it; a poller that is not running is no fault of theirs."""
        return self.reason in ("", OFF, NO_POLLER)


def ear_of(settings: AgentSettings, state: Path) -> Ear | None:
    """None where no device is polled from here."""
    if not settings.devices and not (state / DEVICES_FILE).exists():
        return None
    if not settings.traps.enabled:
        return Ear(address=settings.traps.listen, reason=OFF, refused={})
    try:
        samples = parse((state / TRAPS_FILE).read_bytes())
    except (OSError, Malformed):
        samples = []
    found = {family.name: value for family, _, value in samples}
    if abs(time.time() - found.get(TOLD_AT.name, 0)) > STALE_SECONDS:
        return Ear(address=settings.traps.listen, reason=NO_POLLER, refused={})
    return _heard(samples)


def _heard(samples: list[Sample]) -> Ear:
    values = {family.name: value for family, _, value in samples}
    [labels] = [labels for family, labels, _ in samples if family.name == LISTENING.name]
    return Ear(
        address=labels["address"],
        reason="" if values[LISTENING.name] else labels["reason"],
        received=int(values.get(RECEIVED, 0)),
        refused={labels["reason"]: int(value) for family, labels, value in samples if family.name == REFUSED},
        last_at=values.get(LAST.name),
    )


def ear_as_text(ear: Ear | None, now: float) -> str:
    """For a person: where it hears and what came, or why it does not and what to do about it."""
    if ear is None:
        return ""
    if ear.reason:
        lines = [f"TRAPS      not heard on {ear.address}: {ear.reason}"]
        if ear.reason == DENIED and int(ear.address.rpartition(":")[2]) < PRIVILEGED:
            lines += NEEDED
    else:
        last = "none taken yet" if ear.last_at is None else f"the last one taken {now - ear.last_at:.0f} s ago"
        strange = ", ".join(f"{reason} {count}" for reason, count in sorted(ear.refused.items()))
        lines = [f"TRAPS      heard on {ear.address}", f"received   {ear.received}, {last}"]
        lines += [f"refused    {strange}, of no device"] if strange else []
    return "\n" + "\n".join(lines) + "\n"
