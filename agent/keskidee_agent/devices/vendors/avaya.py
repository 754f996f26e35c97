"""Avaya, once Nortel: stackable switches by S5-CHASSIS-MIB, chassis by RAPID-CITY, desk phones by Avaya's own MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Profile, Words

STACK, CITY, PHONE = "~45.1.6.3", "~2272.1.4", "~6889.2.69.6.1"

PROFILES = (
    Profile(
        vendor="Avaya",
        object_ids={"~45": ("avaya-ers", "network")},
        walks=(STACK + ".1", STACK + ".7.1.1.5", STACK + ".8.1.1.5"),
        model=(Words(r"(?:Routing Switch|BayStack|Business Policy Switch) (\S+)"),),
        serial=(STACK + ".1.6.0",),
        version=(Words(r"SW:v?(\S+)"),),
        processors=(Loads(oid=STACK + ".8.1.1.5", words="Unit {}"),),
        sensors=(Column(class_="temperature", oid=STACK + ".7.1.1.5", words="Unit {}", divisor=2),),
    ),
    Profile(
        vendor="Avaya",
        object_ids={"~2272": ("avaya-vsp", "network")},
        walks=(CITY + ".2", CITY + ".7.1.1", CITY + ".8.1.1"),
        model=(Words(r"^(\S+) \("),),
        serial=(CITY + ".2.0",),
        version=(Words(r"\((\d[\w.]+)\)"),),
        sensors=(
            Column(class_="state", oid=CITY + ".7.1.1.2", words="Fan {}"),
            Column(class_="temperature", oid=CITY + ".7.1.1.3", words="Fan {} ambient", absent=(0,)),
            Column(class_="state", oid=CITY + ".8.1.1.2", words="Power supply {}"),
        ),
    ),
    Profile(
        vendor="Avaya",
        object_ids={"~6889.1.69": ("", "collaboration")},
        walks=(PHONE + ".4", PHONE + ".52", PHONE + ".57"),
        model=(PHONE + ".52.0",),
        serial=(PHONE + ".57.0",),
        version=(PHONE + ".4.0",),
    ),
)
