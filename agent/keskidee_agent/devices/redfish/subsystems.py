"""Heat and power as boards tell them since 2020: a resource a fan, a supply and a sensor (DSP0268: ThermalSubsystem,
PowerSubsystem, EnvironmentMetrics, Sensor).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.redfish.sensors import add_fan, add_supply, read_redundancy
from keskidee_agent.devices.redfish.systems import name_of
from keskidee_agent.devices.redfish.tree import MOVING, SLOW

if TYPE_CHECKING:
    from keskidee_agent.devices.redfish.found import Found
    from keskidee_agent.devices.redfish.node import Node
    from keskidee_agent.devices.redfish.tree import Tree

UNITS = {
    "cel": ("temperature", "celsius", 1), "v": ("voltage", "volts", 1), "mv": ("voltage", "volts", 0.001),
    "a": ("current", "amperes", 1), "ma": ("current", "amperes", 0.001), "w": ("power", "watts", 1),
    "kw": ("power", "watts", 1000), "hz": ("frequency", "hertz", 1), "rpm": ("fanspeed", "rpm", 1),
    "{rev}/min": ("fanspeed", "rpm", 1), "%": ("percent", "percent", 1), "kw.h": ("energy", "watt_hours", 1000),
    "s": ("delay", "seconds", 1),
}  # fmt: skip
"""`ReadingUnits` are UCUM's. What is not here has no series: its unit is a stranger's word."""
TYPES = {
    "temperature": "cel", "voltage": "v", "current": "a", "power": "w", "rotational": "rpm", "percent": "%",
    "humidity": "%", "energykwh": "kw.h", "frequency": "hz",
}  # fmt: skip
HUMIDITY = "humidity"
OF_SUPPLY = (
    ("InputPowerWatts", "input", "w"), ("OutputPowerWatts", "output", "w"), ("InputVoltage", "input", "v"),
    ("InputCurrentAmps", "input", "a"), ("TemperatureCelsius", "temperature", "cel"), ("FanSpeedPercent", "fan", "%"),
)  # fmt: skip
OF_CHASSIS = (
    ("PowerWatts", "power", "w"), ("TemperatureCelsius", "temperature", "cel"), ("EnergykWh", "energy", "kw.h"),
    ("HumidityPercent", "humidity", "%"),
)  # fmt: skip


def read_fans(tree: Tree, box: Node, found: Found) -> None:
    """Fans and temperatures below ThermalSubsystem."""
    thermal = tree.at(box.link("ThermalSubsystem"), SLOW)
    if thermal is None or not found.is_new(thermal):
        return
    for fan in tree.members(thermal.link("Fans"), MOVING):
        if not fan.is_there:
            continue
        name, speed = name_of(fan), fan.node("SpeedPercent")
        found.feels("fan", name, fan)
        add_fan(name, fan, found)
        found.measures("fanspeed", name, speed.number("SpeedRPM"), "rpm", f"{speed.path}/SpeedRPM")
        _excerpt(speed, name, "%", found)
    metrics = tree.at(thermal.link("ThermalMetrics"), MOVING)
    for heat in metrics.nodes("TemperatureReadingsCelsius") if metrics else ():
        _excerpt(heat, heat.text("DeviceName", "PhysicalContext") or name_of(heat), "cel", found)
    read_redundancy(thermal.nodes("FanRedundancy"), found, "fans")


def read_supplies(tree: Tree, box: Node, found: Found) -> None:
    """Power supplies and what each measures, below PowerSubsystem."""
    power = tree.at(box.link("PowerSubsystem"), SLOW)
    if power is None or not found.is_new(power):
        return
    for supply in tree.members(power.link("PowerSupplies"), MOVING):
        if not supply.is_there:
            continue
        add_supply(supply, found)
        metrics = tree.at(supply.link("Metrics"), MOVING)
        for name, what, unit in OF_SUPPLY if metrics else ():
            assert metrics is not None
            _excerpt(metrics.node(name), f"{name_of(supply)} {what}", unit, found)
    read_redundancy(power.nodes("PowerSupplyRedundancy"), found, "power supplies")


def read_environment(tree: Tree, box: Node, found: Found) -> None:
    """What a chassis draws, and how warm it is, in sum."""
    metrics = tree.at(box.link("EnvironmentMetrics"), MOVING)
    for name, what, unit in OF_CHASSIS if metrics else ():
        assert metrics is not None
        _excerpt(metrics.node(name), f"{name_of(box)} {what}", unit, found)


def read_sensors(tree: Tree, box: Node, found: Found) -> None:
    """All sensors of a chassis; one that another resource quoted before goes by its own name from here."""
    for sensor in tree.members(box.link("Sensors"), MOVING):
        kind = (sensor.text("ReadingType") or "").lower()
        unit = (sensor.text("ReadingUnits") or "").lower()
        if sensor.is_measuring:
            unit = unit if unit in UNITS else TYPES.get(kind, "")
            _measure(sensor, name_of(sensor), unit, sensor.path, found, is_humidity=kind == HUMIDITY)


def _excerpt(node: Node, name: str, unit: str, found: Found) -> None:
    """A reading that a resource quotes, under the sensor that it comes from."""
    place = node.text("DataSourceUri") or node.path
    _measure(node, name, unit, place.partition("?")[0], found, is_humidity=name.endswith(HUMIDITY))


def _measure(node: Node, name: str, unit: str, place: str, found: Found, *, is_humidity: bool) -> None:
    value = node.number("Reading")
    if value is None or unit not in UNITS:
        return
    class_, word, factor = UNITS[unit]
    value = round(value * factor, 6) if factor != 1 else value
    found.measures(HUMIDITY if is_humidity and unit == "%" else class_, name, value, word, place)
