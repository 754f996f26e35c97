"""Raritan: rack PDUs, by PDU2-MIB and the older PDU-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

UNIT, MEASURED = "~13742.6.3", "~13742.6.5"
PLATE, BOARD, OLD = UNIT + ".2.1.1", UNIT + ".2.3.1", "~13742.4.1.1"
READ, SOCKET = "~13742.4.1.3.1", "~13742.4.1.2.2.1"  # of the older MIB
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
OLD_SENSORS = (
    Column(class_="current", oid=READ + ".1", words="Unit", divisor=1000),
    Column(class_="voltage", oid=READ + ".2", words="Unit", divisor=1000),
    Column(class_="power", oid=READ + ".3", words="Unit"),
    Column(class_="apparent_power", oid=READ + ".4", words="Unit"),
    Column(class_="temperature", oid=READ + ".5", words="Processor", divisor=10),
    Column(class_="current", oid=SOCKET + ".4", words="Outlet {}", name=SOCKET + ".2", divisor=1000),
    Column(class_="voltage", oid=SOCKET + ".6", words="Outlet {}", name=SOCKET + ".2", divisor=1000),
    Column(class_="power", oid=SOCKET + ".7", words="Outlet {}", name=SOCKET + ".2"),
)

PROFILES = (
    Profile(
        vendor="Raritan",
        object_ids={"~13742": ("raritan-pdu", "power")},
        walks=(PLATE, BOARD, OLD, READ, SOCKET, *(oid for part in PARTS for oid in part[1:])),
        model=(PLATE + ".3", OLD + ".12.0"),
        serial=(PLATE + ".4", OLD + ".2.0"),
        version=(BOARD + ".6", OLD + ".1.0"),
        sensors=(
            *OLD_SENSORS,
            *(
                Column(
                    class_=class_,
                    oid=values,
                    words=f"{words} {class_.replace('_', ' ')}",
                    name=name,
                    decimals=digits,
                    where=(units, (unit,)),
                )
                for words, units, digits, name, values in PARTS
                for unit, class_ in CLASSES.items()
            ),
        ),
    ),
)
