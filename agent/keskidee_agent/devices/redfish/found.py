"""What a board was found to have, as the readers add it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Component, Identity, Parts, Sensor
from keskidee_report.items import item, unique

if TYPE_CHECKING:
    from keskidee_agent.devices.redfish.node import Node
    from keskidee_report.items import Item, Value

PARTS_AT_MOST = 400
"""Of one sort in the metrics: sensors, parts with a health, ports. What is beyond is in the register alone."""
CLASSES = {
    "board": "module", "chassis": "chassis", "disk": "storageDrive", "graphics": "module", "memory": "module",
    "network": "module", "power_supply": "powerSupply", "processor": "cpu", "component": "module",
}  # fmt: skip
"""Kinds of items that one could hold in hand, in the words of ENTITY-MIB."""
HELD = {"model", "serial", "part"}
"""What an adapter has, and an interface of one has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a part says it is: `ok`, `warning` or `critical`."""

    class_: str
    part: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What a drive says of its end. `life_left_ratio` 1 is new."""

    name: str
    failure_predicted: bool | None
    life_left_ratio: float | None


@dataclass(slots=True, kw_only=True)
class Found:
    """Everything of one reading. `told` are the kinds of items that were read to their end, `spoilt` those of which
    some may be lacking.
    """

    identity: Identity = field(default_factory=Identity)
    parts: Parts = field(default_factory=Parts)
    items: list[Item] = field(default_factory=list)
    told: frozenset[str] = frozenset()
    spoilt: set[str] = field(default_factory=set)
    health: list[Health] = field(default_factory=list)
    overall: list[str] = field(default_factory=list)
    powered_on: dict[str, bool] = field(default_factory=dict)
    redundant: dict[str, bool] = field(default_factory=dict)
    drives: list[Drive] = field(default_factory=list)
    memory_bytes: int = 0
    _taken: set[str] = field(default_factory=set)

    def is_new(self, node: Node) -> bool:
        """Whether a resource was not taken yet: several chassis may link the same supplies, systems the same drive."""
        is_new = node.path not in self._taken
        self._taken.add(node.path)
        return is_new

    def add(self, kind: str, key: str | None, **fields: Value | None) -> None:
        """An item; one of which nothing is known is none."""
        made = item(kind, key or kind, fields)
        if made.fields:
            self.items.append(made)

    def feels(self, class_: str, part: str, node: Node, *, all_of_it: bool = False) -> None:
        """How a part says it is, if it does."""
        state = node.rollup if all_of_it else node.health
        if state is not None:
            self.health.append(Health(class_=class_, part=part, state=state))

    def measures(self, class_: str, name: str, value: float | None, unit: str, place: str) -> None:
        """A reading, if there is one. `place` is its `@odata.id`, by which one that two resources name counts once."""
        if value is not None:
            sensor = Sensor(class_=class_, description=name, value=value, unit=unit, oid=place)
            self.parts.sensors.append(sensor)

    def can_lose_one(self, group: str, is_so: bool) -> None:
        """Whether a group of parts is redundant; one with the name of another has a number."""
        number = 1
        while (name := group if number == 1 else f"{group} #{number}") in self.redundant:
            number += 1
        self.redundant[name] = is_so

    def settle(self) -> None:
        """After the last reader: each name once, each sensor once, components of the items."""
        self.items = unique(self.items)
        self.parts.sensors = list({sensor.oid: sensor for sensor in self.parts.sensors}.values())
        self.parts.components = [
            Component(
                index=each.key,
                name=each.key,
                class_=str(each.fields.get("class") or CLASSES[each.kind]),
                model=_text(each.fields.get("model")) or _text(each.fields.get("part")),
                serial=_text(each.fields.get("serial")),
                parent=_text(each.fields.get("parent")),
            )
            for each in self.items
            if each.kind in CLASSES and (each.kind != "network" or HELD & each.fields.keys())
        ]


def _text(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None
