"""Tripp Lite, of Eaton: UPSs and PDUs, by TRIPPLITE-PRODUCTS; the rest is UPS-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

IDENTITY = "~850.1.1.2.1"

PROFILES = (
    Profile(
        vendor="Tripp Lite",
        object_ids={"~850": ("tripplite", "power")},
        walks=(IDENTITY, "~850.1.1.1.2.1"),
        model=("~850.1.1.1.2.1.5",),
        serial=("~850.1.1.1.2.1.11",),
    ),
)
