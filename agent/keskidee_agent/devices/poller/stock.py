"""A device as the register has it: facts of the machine, and an inventory of items as any machine tells one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.inventory.delivery import Taken
from keskidee_report import __version__
from keskidee_report.items import item, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.parts import Identity
    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.read import DeviceReading
    from keskidee_report.items import Item

DEVICE = "device"
KINDS = (DEVICE, "component", "interface", "memory", "storage", "supply")
NOT_HELD = frozenset({"sensor", "port"})
"""Classes of components that nobody holds in hand: a sensor is in the metrics, a port is an interface."""


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


def taken(reading: DeviceReading) -> Taken:
    """The inventory. Where a table was not read to its end, only what the device is counts as told in full."""
    items = {(each.kind, each.key): each for each in unique(_items(reading))}
    told = sorted(KINDS) if not reading.troubles else [DEVICE]
    return Taken(items=items, told=told)


def _items(reading: DeviceReading) -> Iterator[Item]:
    facts, parts = reading.identity, reading.parts
    yield item(
        DEVICE,
        "system",
        {
            "name": facts.name, "maker": facts.vendor, "model": facts.model, "serial": facts.serial,
            "version": facts.version, "system": facts.system, "type": facts.kind, "location": facts.location,
            "contact": facts.contact, "object_id": facts.sys_object_id,
        },
    )  # fmt: skip
    for part in parts.components:
        if part.class_ not in NOT_HELD:
            fields = {"class": part.class_, "model": part.model, "serial": part.serial, "parent": part.parent}
            yield item("component", part.name, fields)
    for port in parts.ports:
        yield item(
            "interface",
            port.name or port.description or str(port.index),
            {"description": port.description, "alias": port.alias, "type": port.type, "mac": port.mac},
        )
    for kind, spaces in (("memory", parts.memory), ("storage", parts.storage)):
        for space in spaces:
            yield item(kind, space.description, {"size_bytes": space.size_bytes})
    for supply in parts.supplies:
        yield item("supply", supply.description, {"type": supply.type})
