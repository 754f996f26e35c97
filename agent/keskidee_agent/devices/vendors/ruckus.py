"""Ruckus: access points and controllers, by RUCKUS-*-MIB; ICX switches, formerly of Foundry and Brocade."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

POINT, SOFTWARE, DIRECTOR = "~25053.1.1.2.1.1.1", "~25053.1.1.3.1.1.1.1", "~25053.1.2.1.1.1.1"
CHASSIS = "~1991.1.1.1.1"

PROFILES = (
    Profile(
        vendor="Ruckus",
        object_ids={"~25053": ("ruckus", "wireless")},
        walks=(POINT, SOFTWARE, DIRECTOR),
        model=(DIRECTOR + ".9.0", POINT + ".1.0"),
        serial=(DIRECTOR + ".15.0", POINT + ".2.0"),
        version=(DIRECTOR + ".18.0", SOFTWARE + ".1.3"),
    ),
    Profile(
        vendor=None,
        object_ids={"~1991": ("ironware", "network")},
        walks=("~1991.1.1.1.1", "~1991.1.1.1.2", "~1991.1.1.1.3"),
        model=(Words(r"(ICX\d\S+|FCX\w+|FWS\w+|FGS\w+|FES\w+|FLS\w+)"),),
        serial=(CHASSIS + ".2.0",),
        version=(Words(r"IronWare Version ([^\s,]+)"), Words(r"Version ([^\s,]+)")),
        sensors=(
            Column(class_="state", oid="~1991.1.1.1.2.1.1.3", words="{}", name="~1991.1.1.1.2.1.1.2"),
            Column(class_="state", oid="~1991.1.1.1.3.1.1.3", words="{}", name="~1991.1.1.1.3.1.1.2"),
        ),
    ),
)
