"""NetApp: ONTAP, by NETAPP-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

PRODUCT, ENVIRONMENT = "~789.1.1", "~789.1.2.4"

PROFILES = (
    Profile(
        vendor="NetApp",
        object_ids={"~789": ("ontap", "storage")},
        walks=(PRODUCT, ENVIRONMENT),
        model=(PRODUCT + ".5.0",),
        serial=(PRODUCT + ".9.0",),
        version=(Words(r"Release ([^\s:,]+)", PRODUCT + ".2.0"), Words(r"Release ([^\s:,]+)")),
        sensors=(
            Column(class_="state", oid=ENVIRONMENT + ".1", words="Over temperature"),
            Column(class_="count", oid=ENVIRONMENT + ".2", words="Failed fans"),
            Column(class_="count", oid=ENVIRONMENT + ".4", words="Failed power supplies"),
        ),
    ),
)
