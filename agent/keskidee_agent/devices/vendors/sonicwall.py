"""SonicWall: firewalls, by SNWL-COMMON-MIB and SONICWALL-FIREWALL-IP-STATISTICS-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Profile

COMMON, STATISTICS = "~8741.2.1.1", "~8741.1.3.1"

PROFILES = (
    Profile(
        vendor="SonicWall",
        object_ids={"~8741": ("sonicwall", "")},
        walks=(COMMON, STATISTICS),
        model=(COMMON + ".1.0",),
        serial=(COMMON + ".2.0",),
        version=(COMMON + ".3.0",),
        processors=(Loads(oid=STATISTICS + ".3", words="Processor"),),
        sensors=(
            Column(class_="count", oid=STATISTICS + ".2", words="Connections"),
            Column(class_="percent", oid=STATISTICS + ".4", words="Memory"),
        ),
    ),
)
