"""UPS-MIB (RFC 1628): battery, input, output and bypass of any UPS that speaks the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Sensor
from keskidee_agent.devices.profile import Column, Profile, full

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

MAKER, BATTERY = full("@33.1.1.1.0"), full("@33.1.2.1")
ALARM, WELL_KNOWN = "@33.1.6.2.1.2", "@33.1.6.3"
ALARMS = {
    1: "battery bad", 2: "on battery", 3: "battery low", 4: "battery depleted", 5: "temperature bad", 6: "input bad",
    7: "output bad", 8: "output overload", 9: "on bypass", 10: "bypass bad", 11: "output off as requested",
    12: "off as requested", 13: "charger failed", 14: "output off", 15: "system off", 16: "fan failure",
    17: "fuse failure", 18: "general fault", 19: "diagnostic test failed", 20: "communications lost",
    21: "awaiting power", 22: "shutdown pending", 23: "shutdown imminent", 24: "test in progress",
}  # fmt: skip


def read(answers: Answers, parts: Parts) -> None:
    """A state of 1 for each alarm that is there: upsAlarmTable has a row as long as it is."""
    inside = full(WELL_KNOWN) + "."
    for row, alarm in answers.texts(full(ALARM)).items():
        number = alarm.removeprefix(inside)
        words = ALARMS.get(int(number)) if number.isdecimal() and len(number) <= 2 else None
        parts.sensors.append(
            Sensor(class_="state", description=f"Alarm: {words or alarm}", value=1, unit="", oid=f"{full(ALARM)}.{row}")
        )


STANDARD = Profile(
    vendor=None,
    walks=("@33.1",),
    model=("@33.1.1.2.0",),
    version=("@33.1.1.4.0", "@33.1.1.3.0"),
    sensors=(
        Column(class_="state", oid="@33.1.2.1", words="Battery status"),
        Column(class_="runtime", oid="@33.1.2.2", words="Time on battery", divisor=60),
        Column(class_="runtime", oid="@33.1.2.3", words="Battery time remaining"),
        Column(class_="charge", oid="@33.1.2.4", words="Battery charge"),
        Column(class_="voltage", oid="@33.1.2.5", words="Battery voltage", divisor=10),
        Column(class_="current", oid="@33.1.2.6", words="Battery current", divisor=10),
        Column(class_="temperature", oid="@33.1.2.7", words="Battery temperature"),
        Column(class_="count", oid="@33.1.3.1", words="Input failures"),
        Column(class_="frequency", oid="@33.1.3.3.1.2", words="Input {} frequency", divisor=10),
        Column(class_="voltage", oid="@33.1.3.3.1.3", words="Input {} voltage"),
        Column(class_="current", oid="@33.1.3.3.1.4", words="Input {} current", divisor=10),
        Column(class_="power", oid="@33.1.3.3.1.5", words="Input {} power"),
        Column(class_="state", oid="@33.1.4.1", words="Output source"),
        Column(class_="frequency", oid="@33.1.4.2", words="Output frequency", divisor=10),
        Column(class_="voltage", oid="@33.1.4.4.1.2", words="Output {} voltage"),
        Column(class_="current", oid="@33.1.4.4.1.3", words="Output {} current", divisor=10),
        Column(class_="power", oid="@33.1.4.4.1.4", words="Output {} power"),
        Column(class_="load", oid="@33.1.4.4.1.5", words="Output {} load"),
        Column(class_="frequency", oid="@33.1.5.1", words="Bypass frequency", divisor=10),
        Column(class_="voltage", oid="@33.1.5.3.1.2", words="Bypass {} voltage"),
        Column(class_="current", oid="@33.1.5.3.1.3", words="Bypass {} current", divisor=10),
        Column(class_="power", oid="@33.1.5.3.1.4", words="Bypass {} power"),
        Column(class_="count", oid="@33.1.6.1", words="Alarms"),
        Column(class_="state", oid="@33.1.7.3", words="Result of the last test"),
    ),
    read=read,
)
