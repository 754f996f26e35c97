"""Ubiquiti: EdgeOS, which names its model only among its processes, airOS and UniFi."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

PROFILES = (
    Profile(
        vendor="Ubiquiti",
        object_ids={"~41112.1.5": ("edgeos", "network")},
        patterns=((r"^EdgeOS", "edgeos", "network"), (r"^EdgeSwitch", "edgeswitch", "network")),
        walks=("@25.4.2.1.5",),
        model=(Words(r"UBNT (.+?) running on", "@25.4.2.1.5"), Words(r"^(EdgeSwitch[^,]*)")),
        version=(Words(r"EdgeOS v(\d+\.\d+\.\d+)"),),
    ),
    Profile(
        vendor="Ubiquiti",
        object_ids={
            "~41112.1.4": ("airos", "wireless"),
            "~10002.1": ("airos", "wireless"),
            "~41112.1.6": ("unifi", "wireless"),
        },
        walks=("~41112.1.6.3",),
        model=("~41112.1.6.3.3.0",),
        version=("~41112.1.6.3.6.0",),
    ),
)
