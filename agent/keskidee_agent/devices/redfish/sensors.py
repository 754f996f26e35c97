"""Heat and power as boards told them until 2020: one resource with arrays each (DSP0268: Thermal, Power)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices.redfish.systems import label_of, name_of
from keskidee_agent.devices.redfish.tree import MOVING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.node import Node
    from keskidee_agent.devices.redfish.tree import Tree

NOT_REDUNDANT = ("notredundant", "nonredundant", "nonredundantsparing")
OF_SUPPLY = (
    ("voltage", "input", "volts", ("LineInputVoltage",)),
    ("power", "input", "watts", ("PowerInputWatts",)),
    ("power", "output", "watts", ("PowerOutputWatts", "LastPowerOutputWatts")),
)
WORKING = ("", "enabled", "quiesced", "standbyspare", "standbyoffline", "updating")


def read_thermal(tree: Tree, box: Node, found: Found) -> bool:
    """Temperatures and fans of a chassis; whether it told of any."""
    thermal = tree.at(box.link("Thermal"), MOVING)
    if thermal is None or not found.is_new(thermal):
        return thermal is not None
    before = len(found.parts.sensors)
    for heat in thermal.nodes("Temperatures"):
        if heat.is_measuring:
            value = heat.number(
                "ReadingCelsius", "ReadingCelcius", "CurrentReading"
            )  # DMTF's own emulator has the second
            found.measures("temperature", name_of(heat), value, "celsius", heat.path)
    for fan in thermal.nodes("Fans"):
        if fan.is_there:
            _fan(fan, found)
    read_redundancy((*thermal.nodes("Redundancy"), *thermal.nodes("FanRedundancy")), found, "fans")
    return len(found.parts.sensors) > before


def _fan(fan: Node, found: Found) -> None:
    name = fan.text("Name", "FanName") or name_of(fan)
    units = (fan.text("ReadingUnits", "Units") or "RPM").lower()
    class_, unit = ("percent", "percent") if units.startswith("percent") else ("fanspeed", "rpm")
    if fan.is_measuring:
        found.measures(class_, name, fan.number("Reading", "ReadingRPM", "CurrentReading"), unit, fan.path)
    found.feels("fan", name, fan)
    add_fan(name, fan, found)


def add_fan(name: str, fan: Node, found: Found) -> None:
    """A fan that can be exchanged has a number of its own; one that has none is no item."""
    if fan.text("SerialNumber", "PartNumber", "Model"):
        found.add(
            "component", name, **{"class": "fan"},
            maker=fan.text("Manufacturer"), model=fan.text("Model"), serial=fan.serial(),
            part=fan.text("PartNumber"),
        )  # fmt: skip


def read_power(tree: Tree, box: Node, found: Found) -> bool:
    """Power supplies, voltages, and what is drawn; whether it told of any supply or reading."""
    power = tree.at(box.link("Power"), MOVING)
    if power is None or not found.is_new(power):
        return power is not None
    before = len(found.parts.sensors) + len(found.items)
    for control in power.nodes("PowerControl"):
        name = control.text("Name") or "Power"
        found.measures("power", name, control.number("PowerConsumedWatts"), "watts", control.path)
    for voltage in power.nodes("Voltages"):
        if voltage.is_measuring:
            found.measures("voltage", name_of(voltage), voltage.number("ReadingVolts"), "volts", voltage.path)
    for name, supply in _supplies(power):
        add_supply(name, supply, found)
        for class_, what, unit, names in OF_SUPPLY:
            found.measures(class_, f"{name} {what}", supply.number(*names), unit, f"{supply.path}/{names[0]}")
    groups = (*power.nodes("Redundancy"), *power.nodes("PowerRedundancy"))
    read_redundancy(groups, found, "power supplies")
    return len(found.parts.sensors) + len(found.items) > before


def _supplies(power: Node) -> Iterator[tuple[str, Node]]:
    """Power supplies by their names; HPE and AMI call all of them alike, those have the number of their bay."""
    supplies = list(power.nodes("PowerSupplies"))
    times = Counter(name_of(supply) for supply in supplies)
    for number, supply in enumerate(supplies, 1):
        if supply.is_there:
            name = name_of(supply)
            yield name if times[name] == 1 else f"{name} {number}", supply


def add_supply(name: str, supply: Node, found: Found) -> None:
    """A power supply, as SMBIOS' `power_supply` has it."""
    found.feels("power_supply", name, supply)
    found.add(
        "power_supply", name,
        slot=label_of(supply),
        maker=supply.text("Manufacturer"), model=supply.text("Model"), serial=supply.serial(),
        part=supply.text("PartNumber", "SparePartNumber"), revision=supply.text("FirmwareVersion"),
        maximum_watts=supply.whole("PowerCapacityWatts") or _range_watts(supply),
        hot_replaceable=supply.flag("HotPluggable"),
    )  # fmt: skip


def _range_watts(supply: Node) -> int | None:
    return max((each.whole("OutputWattage") or 0 for each in supply.nodes("InputRanges")), default=0) or None


def read_redundancy(groups: Iterable[Node], found: Found, what: str) -> None:
    """Whether each group of `what` (supplies or fans) can lose one."""
    for group in groups:
        kind = (group.text("RedundancyType", "Mode") or "").lower()
        if group.health is None and not group.state and not kind:
            continue
        members = len(group.links("RedundancySet") or group.links("RedundancyGroup"))
        needed = group.whole("MinNumNeeded", "MinNeededInGroup")
        is_enough = not members or needed is None or members >= needed  # needed to be redundant, by the schema
        works = group.state in WORKING and group.health in (None, "ok") and group.flag("RedundancyEnabled") is not False
        found.can_lose_one(group.text("Name") or what, works and is_enough and kind not in NOT_REDUNDANT)
