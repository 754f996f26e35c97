"""Ruckus: access points and controllers, by RUCKUS-*-MIB; ICX switches, formerly of Foundry and Brocade."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

POINT, SOFTWARE, DIRECTOR = "~25053.1.1.2.1.1.1", "~25053.1.1.3.1.1.1.1", "~25053.1.2.1.1.1.1"
CHASSIS, AGENT = "~1991.1.1.1.1", "~1991.1.1.2"
HEAT = AGENT + ".13.1.1"

PROFILES = (
    Profile(
        vendor="Ruckus",
        object_ids={"~25053": ("ruckus", "wireless")},
        walks=(POINT, SOFTWARE, DIRECTOR),
        model=(DIRECTOR + ".9.0", POINT + ".1.0"),
        serial=(DIRECTOR + ".15.0", POINT + ".2.0"),
        version=(DIRECTOR + ".18.0", SOFTWARE + ".1.3"),
    ),
    Profile(vendor="Brocade", patterns=((r"^Brocade Communications", "ironware", "network"),)),
    Profile(vendor="Ruckus", patterns=((r"^Ruckus Wireless.*ICX", "ironware", "network"),)),
    Profile(
        vendor=None,
        object_ids={"~1991": ("ironware", "network")},
        walks=("~1991.1.1.1.1", "~1991.1.1.1.2", "~1991.1.1.1.3", AGENT + ".1", HEAT),
        model=(Words(r"((?:ICX|FCX|FWS|FGS|FES|FLS)\d?[\w-]+)"),),
        serial=(CHASSIS + ".2.0",),
        version=(Words(r"IronWare Version ([^\s,]+)"), Words(r"Version ([^\s,]+)")),
        processors=(Loads(oid=AGENT + ".1.52", words="Processor"),),
        memory=(Memory(words="Memory", size=AGENT + ".1.54", free=AGENT + ".1.55"),),
        sensors=(
            Column(class_="temperature", oid=HEAT + ".4", name=HEAT + ".3", divisor=2, absent=(0,)),
            Column(class_="temperature", oid=CHASSIS + ".18", words="Chassis", divisor=2, absent=(0,)),
            Column(class_="state", oid="~1991.1.1.1.2.1.1.3", words="{}", name="~1991.1.1.1.2.1.1.2"),
            Column(class_="state", oid="~1991.1.1.1.3.1.1.3", words="{}", name="~1991.1.1.1.3.1.1.2"),
        ),
    ),
)
