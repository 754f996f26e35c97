"""HW group: Poseidon and STE, by POSEIDON-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

STE = ("~21796.4.1.3.1", "~21796.4.9.3.1")  # thermometers of the first and the second kind
UNITS = (("temperature", 1), ("humidity", 4))

PROFILES = (
    Profile(
        vendor="HW group",
        object_ids={"~21796": ("hwg", "environment"), "~21796.3.3": ("hwg-poseidon", "environment")},
        walks=("~21796.3.3.1.1", "~21796.3.3.3.1", *(f"{probe}.{at}" for probe in STE for at in (2, 5, 7))),
        model=(Words(r"^((?:Poseidon|Damocles|Ares|STE)\S*(?: \d+)?)"),),
        version=(Words(r"v(\d[\d.]+)"), Words(r"fw:([\w.]+)")),
        sensors=(
            Column(class_="state", oid="~21796.3.3.1.1.2", words="{}", name="~21796.3.3.1.1.3"),
            Column(class_="state", oid="~21796.3.3.1.1.5", words="{} alarm", name="~21796.3.3.1.1.3"),
            Column(class_="state", oid="~21796.3.3.3.1.4", words="{} state", name="~21796.3.3.3.1.2"),
            Column(
                class_="temperature",
                oid="~21796.3.3.3.1.6",
                words="{}",
                name="~21796.3.3.3.1.2",
                divisor=10,
                where=("~21796.3.3.3.1.9", (0,)),
            ),
            Column(
                class_="humidity",
                oid="~21796.3.3.3.1.6",
                words="{}",
                name="~21796.3.3.3.1.2",
                divisor=10,
                where=("~21796.3.3.3.1.9", (3,)),
            ),
            *(
                Column(class_=class_, oid=probe + ".5", name=probe + ".2", divisor=10, where=(probe + ".7", (unit,)))
                for probe in STE
                for class_, unit in UNITS
            ),
        ),
    ),
)
