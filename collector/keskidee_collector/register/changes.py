"""What of an inventory's differences is worth telling: each thing that happened to a machine once, and no readings.

A field that is known now and was not before, or the other way round, is no change of the machine: another version of
the agent, or other rights, knows more. Nor is a kind of items that was never told before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import insert

from keskidee_collector.register.asset import differing
from keskidee_collector.store.tables import changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
AGENT = "agent"
READINGS = frozenset(
    {
        "up", "addresses", "charge_ratio", "health_ratio", "wear_ratio", "wear_used_ratio", "cycles", "voltage_volts",
        "full_milliwatt_hours", "speed_hertz", "temperature_celsius", "power_on_seconds",
        "speed_bits_per_second", "status", "used_bytes", "available_bytes", "free_bytes",
    }
)  # fmt: skip
"""Fields that go up and down by themselves, beside those that the agent names: kept as they are now, and no history."""
QUIET_KINDS = frozenset({"memory_slot", "pending_update", "restart", "stopped_service"})
"""An empty slot is told already by the module that went or came; the others are what a machine is like today."""
_TOLD_BY_THEIR_KIND = ("01", "02", "03")
"""PCI classes of what has a kind of its own: disks, networks, graphics."""


def change(
    kind: str,
    key: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    moving: frozenset[str] = READINGS,
) -> dict[str, Any] | None:
    """The columns of a change of one item, without asset, time and author; None where there is nothing to tell."""
    if kind in QUIET_KINDS or _is_told_elsewhere(kind, before or after or {}):
        return None
    if before is None or after is None:
        what = ADDED if before is None else REMOVED
        return change_row(what, kind, key, before, after)
    was, now = differing(before, after)
    if not any(name in was and name in now and name not in moving for name in {**was, **now}):
        return None
    was, now = ({name: value for name, value in each.items() if name not in moving} for each in (was, now))
    return change_row(CHANGED, kind, key, was, now)


def change_row(
    what: str, kind: str, key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The columns of a change, without asset, time and author."""
    return {
        "what": what,
        "kind": kind,
        "key": key,
        "before": None if before is None else msgspec.json.encode(dict(before)),
        "after": None if after is None else msgspec.json.encode(dict(after)),
    }


def write_changes(connection: Connection, asset_id: str, found: Iterable[dict[str, Any]], *, at: float, by: str) -> int:
    """Adds the changes to an asset's history; how many there were."""
    rows = [{**row, "asset_id": asset_id, "at": at, "by": by} for row in found]
    if rows:
        connection.execute(insert(changes), rows)
    return len(rows)


def _is_told_elsewhere(kind: str, fields: Mapping[str, Any]) -> bool:
    return kind == "pci" and str(fields.get("class_code", "")).startswith(_TOLD_BY_THEIR_KIND)
