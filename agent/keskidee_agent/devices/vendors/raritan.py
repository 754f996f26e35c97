"""Raritan: rack PDUs, by PDU2-MIB and the older PDU-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

UNIT, MEASURED = "~13742.6.3", "~13742.6.5"
PLATE, BOARD, OLD = UNIT + ".2.1.1", UNIT + ".2.3.1", "~13742.4.1.1"
PARTS = (  # what it is, where its sensors' units and digits stand, its name, and its values
    ("Inlet {}", UNIT + ".3.4.1.6", UNIT + ".3.4.1.7", UNIT + ".3.3.1.2", MEASURED + ".2.3.1.4"),
    ("Breaker {}", UNIT + ".4.4.1.6", UNIT + ".4.4.1.7", UNIT + ".4.3.1.2", MEASURED + ".3.3.1.4"),
    ("Outlet {}", UNIT + ".5.4.1.6", UNIT + ".5.4.1.7", UNIT + ".5.3.1.2", MEASURED + ".4.3.1.4"),
    ("{}", UNIT + ".6.3.1.16", UNIT + ".6.3.1.17", UNIT + ".6.3.1.4", MEASURED + ".5.3.1.4"),
)
CLASSES = {
    1: "voltage", 2: "current", 3: "power", 4: "apparent_power", 5: "energy", 7: "temperature", 8: "frequency",
    9: "humidity", 19: "fanspeed",
}  # fmt: skip
"""SensorUnitsEnumeration, as far as there is a class."""

PROFILES = (
    Profile(
        vendor="Raritan",
        object_ids={"~13742": ("raritan-pdu", "power")},
        walks=(PLATE, BOARD, OLD, *(oid for part in PARTS for oid in part[1:])),
        model=(PLATE + ".3", OLD + ".12.0"),
        serial=(PLATE + ".4", OLD + ".2.0"),
        version=(BOARD + ".6", OLD + ".1.0"),
        sensors=tuple(
            Column(
                class_=class_, oid=values, words=f"{words} {class_}", name=name, decimals=digits, where=(units, (unit,))
            )
            for words, units, digits, name, values in PARTS
            for unit, class_ in CLASSES.items()
        ),
    ),
)
