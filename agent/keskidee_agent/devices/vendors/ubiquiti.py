"""Ubiquiti: EdgeOS, which names its model only among its processes, EdgeSwitch, airOS and UniFi."""

from __future__ import annotations

from keskidee_agent.devices.profile import HardwareAddress, Profile, Words

RADIO = "1.2.840.10036.3.1.2.1"  # dot11ResourceInfoTable of IEEE802dot11-MIB

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
        probe="~41112.1.6.3.3.0",
        probed=("unifi", "wireless"),
        walks=("~41112.1.6.3", RADIO),
        model=("~41112.1.6.3.3.0", RADIO + ".3"),
        serial=(HardwareAddress(),),  # printed on the label as such
        version=("~41112.1.6.3.6.0", RADIO + ".4"),
    ),
)
