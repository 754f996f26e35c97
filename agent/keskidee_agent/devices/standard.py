"""The standard MIBs that every device is asked for, in order: what matters most first, in case it dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.mibs import (
    addresses,
    bridge,
    entity,
    host,
    interfaces,
    neighbours,
    power_ethernet,
    printer,
    ups,
)
from keskidee_agent.devices.profile import full
from keskidee_agent.devices.tables import add_table

if TYPE_CHECKING:
    from types import ModuleType

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

READERS = (interfaces, entity, host, printer, neighbours, addresses, bridge)
MOVING = (entity, host, printer, bridge)
"""What of them says how a device is; ports are the poller's own (poller/counters.py)."""
TABLES = (ups.STANDARD, power_ethernet.STANDARD)

WALKS: tuple[str, ...] = tuple(
    full(oid) for part in (*(reader.WALKS for reader in READERS), *(table.walks for table in TABLES)) for oid in part
)

MOST_ROWS = dict.fromkeys((bridge.LEARNED, bridge.LEARNED_BY_VLAN), bridge.MOST_LEARNED)
"""Subtrees of which so many rows are enough."""


def add_standard(answers: Answers, parts: Parts, *, readers: tuple[ModuleType, ...] = READERS) -> None:
    """Everything the standard MIBs say of a device, as far as these readers go."""
    for reader in readers:
        reader.read(answers, parts)
    for table in TABLES:
        add_table(table, answers, parts)
