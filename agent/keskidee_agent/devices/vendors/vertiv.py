"""Vertiv, once Liebert: cards by LIEBERT-GP-AGENT-MIB, what they measure by -ENVIRONMENTAL- and -FLEXIBLE-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

AGENT, HEAT, DAMP = "~476.1.42.2.1", "~476.1.42.3.4.1.3.3.1", "~476.1.42.3.4.2.2.3.1"
POINT = "~476.1.42.3.9.20.1"  # label, value and unit of each point that a device registers
LABEL, VALUE, UNIT = POINT + ".10", POINT + ".20", POINT + ".30"
UNITS = (
    ("temperature", 1, ("deg C", "degC", "C")),
    ("voltage", 1, ("V", "VAC", "VDC", "V AC", "V DC")),
    ("current", 1, ("A", "A AC", "A DC", "Amp AC", "Amp DC")),
    ("power", 1, ("W",)),
    ("power", 0.001, ("kW",)),
    ("apparent_power", 1, ("VA",)),
    ("apparent_power", 0.001, ("kVA",)),
    ("frequency", 1, ("Hz",)),
    ("humidity", 1, ("% RH",)),
    ("percent", 1, ("%",)),
    ("runtime", 1, ("min",)),
    ("fanspeed", 1, ("rpm", "RPM")),
)

PROFILES = (
    Profile(
        vendor="Vertiv",
        object_ids={"~476": ("", "power")},
        walks=(AGENT, HEAT, DAMP, LABEL, VALUE, UNIT),
        model=(AGENT + ".2.0",),
        serial=(AGENT + ".4.0",),
        version=(AGENT + ".3.0",),
        sensors=(
            Column(class_="temperature", oid=HEAT + ".50", words="Temperature {}", divisor=10),
            Column(class_="temperature", oid=HEAT + ".3", words="Temperature {}", unless=HEAT + ".50"),
            Column(class_="humidity", oid=DAMP + ".3", words="Humidity {}"),
            *(
                Column(class_=class_, oid=VALUE, name=LABEL, divisor=divisor, where=(UNIT, words))
                for class_, divisor, words in UNITS
            ),
        ),
    ),
)
