"""What a pretend switch, UPS or printer tells, as an agent that polls one reports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_report.items import item
from keskidee_report.model import COUNTER, GAUGE, Family
from keskidee_simulator.course import CPU_BUSY, NET_WORK, ONE, UPTIME
from keskidee_simulator.fleet import DEVICE_KINDS
from keskidee_simulator.layout import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_report.items import Item
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.models import Model

PORTS, PORTS_IN_USE = 24, 16
POLL_SECONDS = 0.12
UPLINK = 24
TONERS = {"Black toner": 0.42, "Cyan toner": 0.81, "Magenta toner": 0.66}
"""And what is left of each."""
MIB = "(RFC 2863)"


def _gauge(name: str, what: str, digits: int | None = 0) -> Family:
    return Family(name, GAUGE, what, digits=digits)


UP = _gauge("keskidee_device_up", "Whether the device answered its poller")
SECONDS = _gauge("keskidee_device_poll_seconds", "How long the last poll took", 3)
INFO = _gauge("keskidee_device_info", "What the device is")
UNREAD = _gauge("keskidee_device_unread_tables", "Tables that were not read to their end")
LOAD = _gauge("keskidee_device_processor_load_ratio", "Busy share of a processor", None)
UPTIME_TICKS = _gauge("sysUpTime", "Hundredths of a second since the device's agent started")
SUPPLY = _gauge("keskidee_device_supply_level_ratio", "What is left of a supply", None)
CELSIUS = _gauge("keskidee_sensor_celsius", "Temperature", None)
WATTS = _gauge("keskidee_sensor_watts", "Power", None)
STATE = _gauge("keskidee_sensor_state", "A state, as the number that the device's MIB gives it", None)
PAGES = _gauge("keskidee_sensor_count", "A number that a device reports", None)
CHARGE = _gauge("keskidee_ups_battery_charge_ratio", "Charge of a battery", None)
UPS_LOAD = _gauge("keskidee_ups_load_ratio", "Load of a power supply, of what it can bear", None)
LEFT = _gauge("keskidee_ups_runtime_seconds", "Seconds on battery, or that are left", None)
PORT_GAUGES = {
    name: _gauge(name, f"{name} of IF-MIB {MIB}") for name in ("ifAdminStatus", "ifOperStatus", "ifHighSpeed")
}
PORT_COUNTERS = {
    name: (Family(name, COUNTER, f"{name} of IF-MIB {MIB}", digits=0), rate)
    for name, rate in (
        ("ifHCInOctets", 2.0e6), ("ifHCOutOctets", 1.4e6), ("ifHCInUcastPkts", 2400.0), ("ifHCOutUcastPkts", 2100.0),
        ("ifInErrors", 0.0), ("ifOutErrors", 0.0), ("ifInDiscards", 0.01), ("ifOutDiscards", 0.02),
    )
}  # fmt: skip
"""What a port moves in each second of work."""


def device(model: Model) -> tuple[Source, ...]:
    """All that one model of device tells, in the sources that a poller reports it by."""
    answer = Source(name="snmp", seconds=POLL_SECONDS)
    told = {"vendor": model.maker, "model": model.name, "version": model.systems[0].version}
    answer.add(UP, ONE, 1.0)
    answer.add(SECONDS, ONE, POLL_SECONDS)
    answer.add(INFO, ONE, 1.0, name=model.name, kind=DEVICE_KINDS[model.chassis], **told)
    answer.add(UNREAD, ONE, 0.0)
    interfaces, sensors = Source(name="interfaces", seconds=0.0), Source(name="sensors", seconds=0.0)
    interfaces.add(UPTIME_TICKS, UPTIME, 100.0)
    if model.chassis == "switch":
        _ports(interfaces)
    {"switch": _switch, "ups": _ups, "printer": _printer}[model.chassis](sensors)
    return answer, interfaces, sensors


def _switch(source: Source) -> None:
    source.add(LOAD, CPU_BUSY, 1.0, processor="CPU", number="1")
    source.add(CELSIUS, CPU_BUSY, 6.0, 23.0, sensor="Inlet", oid="1.3.6.1.4.1.99999.1.1")


def _ports(source: Source) -> None:
    for family in PORT_GAUGES.values():
        for number in range(1, PORTS + 1):
            source.add(family, ONE, _port_value(family.name, number), **_port(number))
    for family, rate in PORT_COUNTERS.values():
        for number in range(1, PORTS + 1):
            source.add(family, NET_WORK, rate / number if _up(number) else 0.0, **_port(number))


def _port(number: int) -> dict[str, str]:
    name = f"Gi0/{number}"
    alias = "uplink" if number == UPLINK else ""
    return {"ifAlias": alias, "ifDescr": name, "ifIndex": str(number), "ifName": name}


def _port_value(name: str, number: int) -> float:
    """1 is up, 2 is down; speeds are in Mbit/s."""
    return {"ifAdminStatus": 1.0, "ifOperStatus": 1.0 if _up(number) else 2.0, "ifHighSpeed": 1000.0}[name]


def _up(number: int) -> bool:
    return number <= PORTS_IN_USE or number == UPLINK


def _ups(source: Source) -> None:
    source.add(STATE, ONE, 2.0, sensor="Battery status", oid="1.3.6.1.2.1.33.1.2.1")
    source.add(STATE, ONE, 3.0, sensor="Output source", oid="1.3.6.1.2.1.33.1.4.1")
    source.add(LEFT, ONE, 0.0, sensor="Time on battery", oid="1.3.6.1.2.1.33.1.2.2")
    source.add(LEFT, CPU_BUSY, -900.0, 2700.0, sensor="Battery time remaining", oid="1.3.6.1.2.1.33.1.2.3")
    source.add(CHARGE, ONE, 1.0, sensor="Battery charge", oid="1.3.6.1.2.1.33.1.2.4")
    source.add(UPS_LOAD, CPU_BUSY, 0.3, 0.35, sensor="Output 1 load", oid="1.3.6.1.2.1.33.1.4.4.1.5.1")
    source.add(WATTS, CPU_BUSY, 500.0, 700.0, sensor="Output 1 power", oid="1.3.6.1.2.1.33.1.4.4.1.4.1")
    source.add(CELSIUS, CPU_BUSY, 5.0, 24.0, sensor="Ambient temperature", oid="1.3.6.1.4.1.99999.2.1")


def _printer(source: Source) -> None:
    for number, (name, left) in enumerate(TONERS.items(), 1):
        source.add(SUPPLY, ONE, left, supply=name, type="toner", number=str(number))
    source.add(SUPPLY, ONE, 0.5, supply="Tray 1", type="input", number="4")
    source.add(PAGES, UPTIME, 0.01, 10211.0, sensor="Pages in its life", oid="1.3.6.1.2.1.43.10.2.1.4.1.1")


def parts_of_device(machine: Pretend) -> Iterator[Item]:
    """What its poller finds that this device is made of."""
    model, serial = machine.model, machine.serial
    fields = {"name": machine.hostname, "maker": model.maker, "model": model.name, "serial": serial}
    kind, version = DEVICE_KINDS[model.chassis], model.systems[0].version
    yield item("device", "system", fields | {"version": version, "type": kind, "location": machine.site.name})
    yield item("component", model.name, {"class": "chassis", "model": model.name, "serial": serial})
    if model.chassis == "switch":
        for number in range(1, PORTS + 1):
            port: dict[str, str | int | None] = {
                "description": f"Gi0/{number}",
                "type": "ethernetCsmacd",
                "mac": machine.mac(number),
                "index": number,
            }
            yield item("interface", f"Gi0/{number}", port | {"alias": "uplink" if number == UPLINK else None})
    if model.chassis == "printer":
        for name in TONERS:
            yield item("supply", name, {"type": "toner"})
        yield item("supply", "Tray 1", {"type": "input"})
