"""CyberPower: UPSs and rack PDUs, by CPS-MIB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Sensor
from keskidee_agent.devices.profile import Column, Profile, full
from keskidee_agent.devices.tables import scaled

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

PROBE_TEMPERATURE, PROBE_UNIT = "~3808.1.1.8.2.3.1.3", "~3808.1.1.8.2.2"
FAHRENHEIT = 2


def read_probe(answers: Answers, parts: Parts) -> None:
    """The probe's temperature, in hundredths of the degrees that the card is set to; °C here."""
    fahrenheit = answers.integers(full(PROBE_UNIT)).get("0", FAHRENHEIT) == FAHRENHEIT
    for row, hundredths in answers.numbers(full(PROBE_TEMPERATURE)).items():
        degrees = scaled(hundredths, 100)
        celsius = round((degrees - 32) / 1.8, 2) if fahrenheit else degrees
        oid = f"{full(PROBE_TEMPERATURE)}.{row}"
        parts.sensors.append(
            Sensor(class_="temperature", description="Probe temperature", value=celsius, unit="celsius", oid=oid)
        )


PROFILES = (
    Profile(
        vendor="CyberPower",
        object_ids={"~3808": ("cyberpower", "power")},
        walks=("~3808.1.1.1", "~3808.1.1.3", "~3808.1.1.8"),
        model=("~3808.1.1.1.1.1.1.0", "~3808.1.1.3.1.5.0"),
        serial=("~3808.1.1.1.1.2.3.0", "~3808.1.1.3.1.6.0"),
        version=("~3808.1.1.1.1.2.1.0", "~3808.1.1.3.1.3.0"),
        sensors=(
            Column(class_="state", oid="~3808.1.1.1.2.1.1", words="Battery status"),
            Column(class_="charge", oid="~3808.1.1.1.2.2.1", words="Battery charge"),
            Column(class_="voltage", oid="~3808.1.1.1.2.2.2", words="Battery voltage", divisor=10),
            Column(class_="temperature", oid="~3808.1.1.1.2.2.3", words="Battery temperature"),
            Column(class_="runtime", oid="~3808.1.1.1.2.2.4", words="Runtime left", divisor=6000),
            Column(class_="state", oid="~3808.1.1.1.2.2.5", words="Battery replacement"),
            Column(class_="voltage", oid="~3808.1.1.1.3.2.1", words="Input voltage", divisor=10),
            Column(class_="frequency", oid="~3808.1.1.1.3.2.4", words="Input frequency", divisor=10),
            Column(class_="state", oid="~3808.1.1.1.3.2.5", words="Cause of the last transfer"),
            Column(class_="state", oid="~3808.1.1.1.3.2.6", words="Input status"),
            Column(class_="state", oid="~3808.1.1.1.4.1.1", words="Output status"),
            Column(class_="voltage", oid="~3808.1.1.1.4.2.1", words="Output voltage", divisor=10),
            Column(class_="frequency", oid="~3808.1.1.1.4.2.2", words="Output frequency", divisor=10),
            Column(class_="load", oid="~3808.1.1.1.4.2.3", words="Load"),
            Column(class_="current", oid="~3808.1.1.1.4.2.4", words="Output current", divisor=10),
            Column(class_="current", oid="~3808.1.1.3.2.3.1.1.2", words="Bank {} current", divisor=10),
            Column(class_="humidity", oid="~3808.1.1.8.3.2.1.3", words="Humidity", divisor=100),
            Column(class_="state", oid="~3808.1.1.8.4.2.1.5", words="{}", name="~3808.1.1.8.4.2.1.4"),
        ),
        read=read_probe,
    ),
)
