"""EMC, now of Dell: Data Domain by DATA-DOMAIN-MIB, Isilon by ISILON-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Profile, Words

DOMAIN, ISILON = "~19746.1.13.1", "~12124.2.51.1"
DOMAIN_HEAT, DOMAIN_FAN = "~19746.1.1.2.1.1.1", "~19746.1.1.3.1.1.1"
DISK, FAN, HEAT = (f"~12124.2.{at}.1" for at in (52, 53, 54))

PROFILES = (
    Profile(
        vendor="Data Domain",
        object_ids={"~19746": ("datadomain", "storage")},
        walks=(DOMAIN, DOMAIN_HEAT, DOMAIN_FAN),
        model=(DOMAIN + ".4.0",),
        serial=(DOMAIN + ".1.0",),
        version=(Words(r"(\d[\w.-]+)", DOMAIN + ".3.0"), Words(r"OS (\S+)")),
        sensors=(
            Column(class_="temperature", oid=DOMAIN_HEAT + ".5", name=DOMAIN_HEAT + ".4"),
            Column(class_="state", oid=DOMAIN_HEAT + ".6", words="{} status", name=DOMAIN_HEAT + ".4"),
            Column(class_="state", oid=DOMAIN_FAN + ".6", words="{} status", name=DOMAIN_FAN + ".4"),
        ),
    ),
    Profile(
        vendor="Isilon",
        object_ids={"~12124": ("onefs", "storage")},
        walks=(ISILON, DISK, FAN, HEAT),
        model=(ISILON + ".4",),
        serial=(ISILON + ".3",),
        version=(Words(r"v?(\d+\.\d+\.\d+\.\d+)"),),
        assemblies=(
            Assembly(rows=DISK + ".4", class_="storageDrive", name=DISK + ".4", model=DISK + ".6", serial=DISK + ".7"),
        ),
        sensors=(
            Column(class_="fanspeed", oid=FAN + ".4", name=FAN + ".3"),
            Column(class_="temperature", oid=HEAT + ".4", name=HEAT + ".3"),
        ),
    ),
)
