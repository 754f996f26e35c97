"""One device as Prometheus families: interfaces as snmp_exporter's module if_mib names them, all else as `keskidee_*`.

Interface names, labels and values are IF-MIB's, so that dashboards and rules made for snmp_exporter go on working.
Units of ours are base units: percents become ratios, minutes seconds.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices.mibs import interfaces, system
from keskidee_report.model import Family

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeVar

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Identity, Parts, Sensor, Space
    from keskidee_agent.devices.read import DeviceReading
    from keskidee_report.model import Sample

    Part = TypeVar("Part")

GAUGES = (
    ("ifIndex", interfaces.TABLE, 1), ("ifMtu", interfaces.TABLE, 4), ("ifSpeed", interfaces.TABLE, 5),
    ("ifAdminStatus", interfaces.TABLE, 7), ("ifOperStatus", interfaces.TABLE, 8),
    ("ifLastChange", interfaces.TABLE, 9), ("ifOutQLen", interfaces.TABLE, 21),
    ("ifLinkUpDownTrapEnable", interfaces.MORE, 14), ("ifHighSpeed", interfaces.MORE, 15),
    ("ifPromiscuousMode", interfaces.MORE, 16), ("ifConnectorPresent", interfaces.MORE, 17),
    ("ifCounterDiscontinuityTime", interfaces.MORE, 19),
)  # fmt: skip
COUNTERS = (
    ("ifInOctets", interfaces.TABLE, 10), ("ifInUcastPkts", interfaces.TABLE, 11),
    ("ifInNUcastPkts", interfaces.TABLE, 12), ("ifInDiscards", interfaces.TABLE, 13),
    ("ifInErrors", interfaces.TABLE, 14), ("ifInUnknownProtos", interfaces.TABLE, 15),
    ("ifOutOctets", interfaces.TABLE, 16), ("ifOutUcastPkts", interfaces.TABLE, 17),
    ("ifOutNUcastPkts", interfaces.TABLE, 18), ("ifOutDiscards", interfaces.TABLE, 19),
    ("ifOutErrors", interfaces.TABLE, 20), ("ifInMulticastPkts", interfaces.MORE, 2),
    ("ifInBroadcastPkts", interfaces.MORE, 3), ("ifOutMulticastPkts", interfaces.MORE, 4),
    ("ifOutBroadcastPkts", interfaces.MORE, 5), ("ifHCInOctets", interfaces.MORE, 6),
    ("ifHCInUcastPkts", interfaces.MORE, 7), ("ifHCInMulticastPkts", interfaces.MORE, 8),
    ("ifHCInBroadcastPkts", interfaces.MORE, 9), ("ifHCOutOctets", interfaces.MORE, 10),
    ("ifHCOutUcastPkts", interfaces.MORE, 11), ("ifHCOutMulticastPkts", interfaces.MORE, 12),
    ("ifHCOutBroadcastPkts", interfaces.MORE, 13),
)  # fmt: skip
NO_LABELS: dict[str, str] = {}
NO_ADDRESS = bytes(6)  # what snmp_exporter makes of an interface that has none
INTERFACE = tuple(
    (Family(name, kind, f"{name} of IF-MIB (RFC 2863)", digits=0), f"{table}.{at}")
    for kind, columns in (("gauge", GAUGES), ("counter", COUNTERS))
    for name, table, at in columns
)
UPTIME = Family("sysUpTime", "gauge", "Hundredths of a second since the device's agent started", digits=0)
ADDRESS = Family("ifPhysAddress", "gauge", "Hardware address of the interface, as a label", digits=0)

NUMBER = Family("ifNumber", "gauge", "Number of interfaces (IF-MIB)", digits=0)
TYPE = Family("ifType_info", "gauge", "Type of the interface, as a label (IANAifType-MIB)", digits=0)

INFO = Family("keskidee_device_info", "gauge", "What the device is", digits=0)
LOAD = Family("keskidee_device_processor_load_ratio", "gauge", "Busy share of a processor")
SIZE, USED = (
    Family("keskidee_device_memory_size_bytes", "gauge", "Size of a memory", digits=0),
    Family("keskidee_device_memory_used_bytes", "gauge", "Used part of a memory", digits=0),
)
DISK_SIZE, DISK_USED = (
    Family("keskidee_device_storage_size_bytes", "gauge", "Size of a file system", digits=0),
    Family("keskidee_device_storage_used_bytes", "gauge", "Used part of a file system", digits=0),
)
LEVEL = Family("keskidee_device_supply_level_ratio", "gauge", "What is left of a supply")
LEARNED = Family(
    "keskidee_device_learned_addresses", "gauge", "Hardware addresses behind a port, 5,000 a device at most", digits=0
)
MEMBERS = Family("keskidee_device_vlan_ports", "gauge", "Ports in a VLAN", digits=0)
TROUBLES = Family("keskidee_device_unread_tables", "gauge", "Tables that were not read to their end", digits=0)

SENSORS = {
    "temperature": ("keskidee_sensor_celsius", "Temperature", 1),
    "voltage": ("keskidee_sensor_volts", "Voltage", 1),
    "current": ("keskidee_sensor_amperes", "Current", 1),
    "power": ("keskidee_sensor_watts", "Power", 1),
    "frequency": ("keskidee_sensor_hertz", "Frequency", 1),
    "fanspeed": ("keskidee_sensor_fan_rpm", "Revolutions a minute of a fan", 1),
    "humidity": ("keskidee_sensor_humidity_ratio", "Relative humidity", 0.01),
    "charge": ("keskidee_ups_battery_charge_ratio", "Charge of a battery", 0.01),
    "load": ("keskidee_ups_load_ratio", "Load of a power supply, of what it can bear", 0.01),
    "percent": ("keskidee_sensor_ratio", "A share that a device reports", 0.01),
    "runtime": ("keskidee_ups_runtime_seconds", "Seconds on battery, or that are left", 60),
    "delay": ("keskidee_sensor_seconds", "A time that a device reports", 1),
    "dbm": ("keskidee_sensor_dbm", "Optical or radio power", 1),
    "state": ("keskidee_sensor_state", "A state, as the number that the device's MIB gives it", 1),
    "count": ("keskidee_sensor_count", "A number that a device reports", 1),
}
SENSOR_FAMILIES = {class_: (Family(name, "gauge", words), factor) for class_, (name, words, factor) in SENSORS.items()}
OTHER = Family("keskidee_sensor_value", "gauge", "A reading in a unit of its own, which the label names")


def samples(reading: DeviceReading) -> Iterator[Sample]:
    """All series of one device; `instance` is the collector's, or the scraper's."""
    yield info(reading.identity)
    yield TROUBLES(len(reading.troubles))
    yield from _interfaces(reading.answers)
    yield from part_samples(reading.parts)
    yield from table_samples(reading.parts)


def info(facts: Identity) -> Sample:
    """What the device is, in the labels of one series."""
    told = {
        name: getattr(facts, name) or ""
        for name in ("name", "vendor", "model", "serial", "version", "kind", "location")
    }
    return INFO(1, **told)


def part_samples(parts: Parts) -> Iterator[Sample]:
    """Sensors, supplies, processors, memory and storage."""
    yield from sensor_samples(parts.sensors)
    for number, supply in _numbered(parts.supplies):
        if supply.level_ratio is not None:
            yield LEVEL(supply.level_ratio, supply=supply.description, type=supply.type or "", number=number)
    for number, processor in _numbered(parts.processors):
        if processor.load_ratio is not None:
            yield LOAD(processor.load_ratio, processor=processor.description, number=number)
    yield from _spaces(parts.memory, "memory", SIZE, USED)
    yield from _spaces(parts.storage, "storage", DISK_SIZE, DISK_USED)


def table_samples(parts: Parts) -> Iterator[Sample]:
    """What long tables come to, which are walked only where all of a device is read: learned addresses, VLANs."""
    names = {port.index: port.name or port.description or "" for port in parts.ports}
    for learned in parts.learned:
        yield LEARNED(learned.addresses, ifIndex=str(learned.port), ifName=names.get(learned.port, ""))
    for vlan in parts.vlans:
        if vlan.ports is not None:
            yield MEMBERS(vlan.ports, vlan=str(vlan.number), name=vlan.name or "")


def _interfaces(answers: Answers) -> Iterator[Sample]:
    uptime = answers.scalar(system.UPTIME)
    if isinstance(uptime, int):
        yield UPTIME(uptime)
    if isinstance(count := answers.scalar(system.INTERFACES), int):
        yield NUMBER(count)
    labels = labels_of(answers)
    for family, oid in INTERFACE:
        for row, value in answers.integers(oid).items():
            if row in labels:
                yield family(value, **labels[row])
    yield from kind_samples(answers, labels)


def kind_samples(answers: Answers, labels: dict[str, dict[str, str]]) -> Iterator[Sample]:
    """What an interface is: its type and its hardware address."""
    for row, number in answers.integers(f"{interfaces.TABLE}.3").items():
        if row in labels:
            yield TYPE(1, **labels[row], ifType=interfaces.TYPES.get(number, str(number)))
    for row, octets in answers.column(f"{interfaces.TABLE}.6").items():
        if row in labels and isinstance(octets, bytes):
            address = (octets + NO_ADDRESS)[: len(NO_ADDRESS)].hex(":").upper()
            yield ADDRESS(1, **labels[row], ifPhysAddress=address)


def labels_of(answers: Answers) -> dict[str, dict[str, str]]:
    """The labels of each interface, in snmp_exporter's order."""
    aliases, names = answers.texts(f"{interfaces.MORE}.18"), answers.texts(f"{interfaces.MORE}.1")
    descriptions = answers.texts(f"{interfaces.TABLE}.2")
    rows = dict.fromkeys([*answers.column(f"{interfaces.TABLE}.1"), *answers.column(f"{interfaces.TABLE}.8"), *names])
    return {
        row: {
            "ifAlias": aliases.get(row, ""),
            "ifDescr": descriptions.get(row, ""),
            "ifIndex": row,
            "ifName": names.get(row, ""),
        }
        for row in rows
    }


def sensor_samples(sensors: list[Sensor]) -> Iterator[Sample]:
    """One sample a sensor, in base units; `oid` is where it stands on the device."""
    for sensor in sensors:
        labels = {"sensor": sensor.description, "oid": sensor.oid}
        known = SENSOR_FAMILIES.get(sensor.class_)
        if known is None:
            yield OTHER(sensor.value, **labels, unit=sensor.unit)
        else:
            family, factor = known
            yield family(sensor.value if factor == 1 else round(sensor.value * factor, 6), **labels)


def _numbered(parts: Sequence[Part]) -> Iterator[tuple[str, Part]]:
    """Parts with a number, since descriptions repeat (four times "Processor")."""
    return ((str(number), part) for number, part in enumerate(parts, 1))


def _spaces(spaces: list[Space], what: str, size: Family, used: Family) -> Iterator[Sample]:
    times: Counter[str] = Counter()
    for space in spaces:
        times[space.description] += 1
        name = space.description + (f" {times[space.description]}" if times[space.description] > 1 else "")
        yield size(space.size_bytes, **{what: name})
        if space.used_bytes is not None:
            yield used(space.used_bytes, **{what: name})
