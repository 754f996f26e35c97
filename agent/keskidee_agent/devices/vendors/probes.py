"""Probes of machine rooms: AKCP by SPAGENT-MIB, NetBotz by NETBOTZV2-MIB, Geist by GEIST-V4-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, HardwareAddress, Profile, Words

AKCP = "~3854.1.2.2.1"
HEAT, DAMP, PLUS = AKCP + ".16.1", AKCP + ".17.1", "~3854.3.5"
GEIST = "~21239.5.1"
INSIDE, PROBE = GEIST + ".2.1", GEIST + ".4.1"
ONLINE = (1,)


def netbotz(root: str) -> tuple[Column, ...]:
    """Temperature, humidity, dew point and air flow in tenths, and what is open or shut."""
    heat, damp, dew, flow, contact, door = (f"{root}.4.{at}.1" for at in ("1.1", "1.2", "1.3", "1.5", "2.1", "2.2"))
    return (
        Column(class_="temperature", oid=heat + ".2", name=heat + ".4", divisor=10),
        Column(class_="humidity", oid=damp + ".2", name=damp + ".4", divisor=10),
        Column(class_="temperature", oid=dew + ".2", words="{} dew point", name=dew + ".4", divisor=10),
        Column(class_="airflow", oid=flow + ".2", name=flow + ".4", divisor=10),
        Column(class_="state", oid=contact + ".2", name=contact + ".4"),
        Column(class_="state", oid=door + ".2", name=door + ".4"),
    )


PROFILES = (
    Profile(
        vendor="AKCP",
        object_ids={"~3854": ("akcp", "environment")},
        walks=(HEAT, DAMP, AKCP + ".3", PLUS + ".2.1", PLUS + ".3.1", "~3854.3.2.1.8"),
        model=(Words(r"^(\S+ \S+)", "~3854.3.2.1.8.0"), Words(r"^(\S+)")),
        serial=(HardwareAddress(AKCP + ".3"),),
        version=(Words(r"^\S+ \S+ (\d[\d.]+)", "~3854.3.2.1.8.0"),),
        sensors=(
            Column(class_="temperature", oid=HEAT + ".14", name=HEAT + ".1", divisor=10, where=(HEAT + ".5", ONLINE)),
            Column(
                class_="temperature",
                oid=HEAT + ".3",
                name=HEAT + ".1",
                where=(HEAT + ".5", ONLINE),
                unless=HEAT + ".14",
            ),
            Column(class_="humidity", oid=DAMP + ".3", name=DAMP + ".1", where=(DAMP + ".5", ONLINE)),
            Column(class_="temperature", oid=PLUS + ".2.1.20", name=PLUS + ".2.1.2", divisor=10),
            Column(class_="humidity", oid=PLUS + ".3.1.4", name=PLUS + ".3.1.2"),
        ),
    ),
    *(
        Profile(
            vendor="APC",
            object_ids={number: ("netbotz", "environment")},
            walks=(root + ".4",),
            model=(Words(r"(NetBotz \S+)"), Words(r"MN:(\S+)")),
            serial=(Words(r"SN: ?(\w+)"),),
            sensors=netbotz(root),
        )
        for number, root in (("~5528", "~5528.100"), ("~52674", "~52674.500"))
    ),
    Profile(
        vendor="Geist",
        object_ids={"~21239": ("geist", ""), "~21239.42.1.31": ("geist", "environment")},
        walks=(GEIST,),
        model=(Words(r"^(?:Geist )?(.+)", GEIST + ".1.1.0"),),
        serial=(GEIST + ".1.10.0",),
        version=(GEIST + ".1.2.0",),
        sensors=(
            Column(class_="temperature", oid=INSIDE + ".5", name=INSIDE + ".3", divisor=10),
            Column(class_="humidity", oid=INSIDE + ".6", name=INSIDE + ".3"),
            Column(class_="temperature", oid=INSIDE + ".7", words="{} dew point", name=INSIDE + ".3", divisor=10),
            Column(class_="temperature", oid=PROBE + ".5", name=PROBE + ".3", divisor=10, where=(PROBE + ".4", ONLINE)),
        ),
    ),
)
