"""Peplink and Pepwave: routers, by PEPLINK-DEVICE."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

DEVICE = "~23695.200.1.1.1.1"

PROFILES = (
    Profile(
        vendor=None,
        object_ids={"~23695": ("", ""), "~27662": ("", "")},
        walks=(DEVICE,),
        model=(DEVICE + ".1.0",),
        serial=(DEVICE + ".2.0",),
        version=(DEVICE + ".3.0",),
    ),
)
