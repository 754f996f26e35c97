"""EMC, now of Dell: Data Domain by DATA-DOMAIN-MIB, Isilon by ISILON-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

DOMAIN, ISILON = "~19746.1.13.1", "~12124.2.51.1"

PROFILES = (
    Profile(
        vendor="Data Domain",
        object_ids={"~19746": ("datadomain", "storage")},
        walks=(DOMAIN,),
        model=(DOMAIN + ".4.0",),
        serial=(DOMAIN + ".1.0",),
        version=(Words(r"(\d[\w.-]+)", DOMAIN + ".3.0"), Words(r"OS (\S+)")),
    ),
    Profile(
        vendor="Isilon",
        object_ids={"~12124": ("onefs", "storage")},
        walks=(ISILON,),
        model=(ISILON + ".4",),
        serial=(ISILON + ".3",),
        version=(Words(r"v?(\d+\.\d+\.\d+\.\d+)"),),
    ),
)
