"""One device as JSON, in the form of the contract."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.devices.read import DeviceReading
    from keskidee_agent.devices.redfish.read import BoardReading


def as_document(reading: DeviceReading | BoardReading) -> dict[str, Any]:
    """The keys of the contract, and behind them `addresses`, `vlans` and `learned`; all but `device` are lists."""
    parts = reading.parts
    return {
        "device": asdict(reading.identity),
        "ports": _rows(parts.ports),
        "components": _rows(parts.components),
        "sensors": _rows(parts.sensors),
        "supplies": _rows(parts.supplies),
        "processors": _rows(parts.processors),
        "memory": _rows(parts.memory),
        "storage": _rows(parts.storage),
        "neighbours": _rows(parts.neighbours),
        "addresses": _rows(parts.addresses),
        "vlans": _rows(parts.vlans),
        "learned": _rows(parts.learned),
    }


def as_board_document(reading: BoardReading) -> dict[str, Any]:
    """The same of a server board, and behind it `health` (a part each), `redundancy` (by the name of each group) and
    `items` (as an inventory has them, by kind).
    """
    items: dict[str, list[dict[str, Any]]] = {}
    for each in reading.found.items:
        items.setdefault(each.kind, []).append({"key": each.key, **each.fields})
    return as_document(reading) | {
        "health": _rows(reading.found.health),
        "redundancy": reading.found.redundant,
        "items": items,
    }


def _rows(parts: Iterable[Any]) -> list[dict[str, Any]]:
    return [{name.rstrip("_"): value for name, value in asdict(part).items()} for part in parts]
