"""A device as the register has it: facts of the machine, and an inventory of items as any machine tells one."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from keskidee_agent.delivery.stock import STATE_FILE
from keskidee_agent.devices.read import DeviceReading
from keskidee_agent.inventory.delivery import Known, Taken, difference, read_known, write_known
from keskidee_agent.transport.asking import CallFailed
from keskidee_report import __version__
from keskidee_report.items import item, unique

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import requests

    from keskidee_agent.devices.parts import Identity
    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_report.items import Item

DEVICE = "device"
KINDS = (DEVICE, "component", "interface", "memory", "storage", "supply")
ACKNOWLEDGED, BASE_UNKNOWN = 204, 409
MOVING = ["index"]
"""Some devices number their interfaces anew at each start."""
NOT_HELD = frozenset({"sensor", "port"})
"""Classes of components that nobody holds in hand: a sensor is in the metrics, a port is an interface."""

MOVING = ["index"]
"""An interface may have another ifIndex after each start: by it events name their port."""


def facts_of(target: Target, identity: Identity | None) -> dict[str, str]:
    """What the collector knows of the device as a machine; before it was read, only how it is called."""
    facts = {
        "hostname": target.name,
        "agent_version": __version__,
        "interval_seconds": str(target.interval_seconds),
        "interval_own": "true",
    }
    if identity is not None:
        facts |= {
            "kind": identity.kind or "",
            "maker": identity.vendor or "",
            "model": identity.model or "",
            "serial": identity.serial or "",
            "os_name": " ".join(filter(None, (identity.system, identity.version))),
        }
    return {name: value for name, value in facts.items() if value}


def tell(folder: Path, taken: Taken, send: Callable[[bytes], requests.Response]) -> None:
    """Sends what changed since the inventory that `folder` knows of, or all of it where the collector lacks that one.

    Raises CallFailed where the collector takes none, OSError where what it took cannot be kept.
    """
    told, after = difference(taken, read_known(folder))
    answer = send(_packed(told))
    if answer.status_code == BASE_UNKNOWN:
        told, after = difference(taken, Known(digests={}))
        answer = send(_packed(told))
    if answer.status_code != ACKNOWLEDGED:
        raise CallFailed(f"the collector takes no inventory (status {answer.status_code}): {answer.text[:200]}")
    write_known(folder / STATE_FILE, after)


def _packed(told: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9)


def taken(reading: DeviceReading | BoardReading) -> Taken:
    """The inventory. Where a table was not read to its end, only what the device is counts as told in full; of a board
    the kinds of which all was read.
    """
    if isinstance(reading, DeviceReading):
        found = [_device(reading.identity), *_items(reading)]
        told = sorted(KINDS) if not reading.troubles else [DEVICE]
    else:
        found = [_device(reading.identity), *reading.found.items]
        told = sorted({DEVICE} | reading.found.told)
    return Taken(items={(each.kind, each.key): each for each in unique(found)}, told=told, moving=MOVING)


def _device(facts: Identity) -> Item:
    return item(
        DEVICE,
        "system",
        {
            "name": facts.name, "maker": facts.vendor, "model": facts.model, "serial": facts.serial,
            "version": facts.version, "system": facts.system, "type": facts.kind, "location": facts.location,
            "contact": facts.contact, "object_id": facts.sys_object_id,
        },
    )  # fmt: skip


def _items(reading: DeviceReading) -> Iterator[Item]:
    parts = reading.parts
    for part in parts.components:
        if part.class_ not in NOT_HELD:
            fields = {"class": part.class_, "model": part.model, "serial": part.serial, "parent": part.parent}
            yield item("component", part.name, fields)
    for port in parts.ports:
        yield item(
            "interface",
            port.name or port.description or str(port.index),
            {
                "description": port.description, "alias": port.alias, "type": port.type, "mac": port.mac,
                "index": port.index,
            },
        )  # fmt: skip
    for kind, spaces in (("memory", parts.memory), ("storage", parts.storage)):
        for space in spaces:
            yield item(kind, space.description, {"size_bytes": space.size_bytes})
    for supply in parts.supplies:
        yield item("supply", supply.description, {"type": supply.type})
