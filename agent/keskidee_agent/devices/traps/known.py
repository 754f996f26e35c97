"""Notifications by their names: what happened, and whether the device should be asked at once how it is now.

From SNMPv2-MIB, IF-MIB, BRIDGE-MIB, ENTITY-MIB, LLDP-MIB, UPS-MIB, Printer-MIB, POWER-ETHERNET-MIB, PowerNet-MIB,
CISCO-ENVMON-MIB, CISCO-CONFIG-MAN-MIB and NET-SNMP-AGENT-MIB. What is not here goes by its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keskidee_agent.devices.mibs.interfaces import MORE, TABLE
from keskidee_agent.devices.mibs.ups import ALARM, ALARMS, WELL_KNOWN
from keskidee_agent.devices.profile import full

if TYPE_CHECKING:
    from keskidee_agent.devices.engine import Value
    from keskidee_agent.devices.traps.message import Told


class Kind(NamedTuple):
    """What a notification means. `pressing`: something is broken or whole again, so the device is asked at once."""

    name: str
    pressing: bool


_PRESSING = {
    "1.3.6.1.6.3.1.1.5.1": "coldStart",
    "1.3.6.1.6.3.1.1.5.2": "warmStart",
    "1.3.6.1.6.3.1.1.5.3": "linkDown",
    "1.3.6.1.6.3.1.1.5.4": "linkUp",
    "@33.2.1": "upsOnBattery",
    "@33.2.3": "upsAlarmAdded",
    "@33.2.4": "upsAlarmRemoved",
    "@43.18.2.1": "printerAlert",
    "~318.0.1": "upsCommunicationLost",
    "~318.0.2": "upsOverload",
    "~318.0.4": "upsDischarged",
    "~318.0.5": "upsOnBattery",
    "~318.0.7": "upsLowBattery",
    "~318.0.8": "upsCommunicationEstablished",
    "~318.0.9": "upsPowerRestored",
    "~318.0.11": "upsReturnFromLowBattery",
    "~318.0.17": "upsBatteryNeedsReplacement",
    "@105.2": "powerEthernetUsageHigh",
    "@105.3": "powerEthernetUsageNormal",
    "~9.9.13.3.3": "temperatureAlarm",
    "~9.9.13.3.4": "fanAlarm",
    "~9.9.13.3.5": "powerSupplyAlarm",
    "@17.1": "spanningTreeNewRoot",
    "@47.2.1": "hardwareChanged",
}
_QUIET = {
    "1.3.6.1.6.3.1.1.5.5": "authenticationFailure",
    "1.3.6.1.6.3.1.1.5.6": "egpNeighborLoss",
    "@17.2": "spanningTreeTopologyChange",
    "@33.2.2": "upsTestCompleted",
    "@105.1": "powerEthernetPortChanged",
    "1.0.8802.1.1.2.1": "neighboursChanged",
    "~9.9.43.2.1": "configurationChanged",
    "~8072.4.2": "agentShutdown",
    "~8072.4.3": "agentRestart",
}
KINDS = {full(oid): Kind(name, True) for oid, name in _PRESSING.items()} | {
    full(oid): Kind(name, False) for oid, name in _QUIET.items()
}
ALERT_CODE = full("@43.18.1.1.7")
ALERTS = {  # PrtAlertCodeTC of IANA-PRINTER-MIB
    3: "coverOpen", 4: "coverClosed", 8: "paperJam", 801: "trayMissing", 807: "paperLow", 808: "paperOut",
    902: "outputTrayMissing", 903: "outputTrayAlmostFull", 904: "outputTrayFull", 1101: "tonerEmpty", 1102: "inkEmpty",
    1104: "tonerLow", 1105: "inkLow", 1107: "wasteTonerAlmostFull", 1109: "wasteTonerFull",
}  # fmt: skip
LONGEST_NAME = 128


def kind_of(told: Told) -> Kind:
    """What a notification means. Its name is its OID where nobody knows it.

    A notification that came by version 1 has a zero before its last number (RFC 3584, section 3.1), which is also how
    some MIBs write it, and others do not.
    """
    found = KINDS.get(told.trap) or KINDS.get(_without_zero(told.trap)) or Kind(told.trap[:LONGEST_NAME], False)
    if found.name == "printerAlert":
        return Kind(_named(ALERTS, told, ALERT_CODE) or found.name, True)
    if found.name.startswith("upsAlarm"):
        alarm = _alarm(told)
        return Kind(f"{found.name}: {alarm}", True) if alarm else found
    return found


def _without_zero(oid: str) -> str:
    before, _, last = oid.rpartition(".")
    return f"{before[:-2]}.{last}" if before.endswith(".0") else oid


def _named(names: dict[int, str], told: Told, column: str) -> str | None:
    value = _first(told, column)
    return names.get(value) if isinstance(value, int) else None


def _alarm(told: Told) -> str | None:
    value = _first(told, full(ALARM))
    number = value.removeprefix(full(WELL_KNOWN) + ".") if isinstance(value, str) else ""
    return ALARMS.get(int(number)) if number.isdecimal() and len(number) <= 2 else None


def _first(told: Told, column: str) -> Value | None:
    return next((value for name, value in told.rows if name.startswith(column + ".")), None)


def subject_of(told: Told) -> str:
    """Which part of the device it is about: the index of the first variable that has one; empty for the whole.

    An interface goes by its ifIndex, in whichever column of IF-MIB it stands.
    """
    for name, _value in told.rows:
        for table in (TABLE, MORE):
            if name.startswith(table + "."):
                return name[len(table) + 1 :].partition(".")[2][:LONGEST_NAME]
    return next((name.rpartition(".")[2] for name, _ in told.rows if not name.endswith(".0")), "")
