"""Disk arrays: EqualLogic by EQLMEMBER-MIB, Infortrend by IFT-SNMP-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Profile

MEMBER, INFORTREND = "~12740.2.1", "~1714.1.1"
HEAT, FAN, SUPPLY, PLATE = (f"{MEMBER}.{at}.1" for at in (6, 7, 8, 11))
SYSTEM, DISK = INFORTREND + ".1.1", INFORTREND + ".6.1"

PROFILES = (
    Profile(
        vendor="EqualLogic",
        object_ids={"~12740": ("equallogic", "storage")},
        walks=(HEAT, FAN, SUPPLY, PLATE),
        model=(PLATE + ".1",),
        serial=(PLATE + ".2",),
        sensors=(
            Column(class_="temperature", oid=HEAT + ".3", name=HEAT + ".2", absent=(0,)),
            Column(class_="fanspeed", oid=FAN + ".3", name=FAN + ".2"),
            Column(class_="state", oid=SUPPLY + ".3", name=SUPPLY + ".2"),
        ),
    ),
    Profile(
        vendor="Infortrend",
        object_ids={"~1714": ("infortrend", "storage")},
        walks=(SYSTEM, DISK),
        model=(SYSTEM + ".15.0",),
        serial=(SYSTEM + ".10.0",),
        assemblies=(Assembly(rows=DISK + ".15", class_="storageDrive", model=DISK + ".15", serial=DISK + ".17"),),
    ),
)
