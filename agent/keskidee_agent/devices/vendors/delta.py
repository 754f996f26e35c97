"""Delta: UPSs, by DeltaUPS-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

IDENTITY = "~2254.2.4.1"

PROFILES = (
    Profile(
        vendor="Delta",
        object_ids={"~2254": ("deltaups", "power")},
        walks=(IDENTITY,),
        model=(IDENTITY + ".2.0",),
        version=(IDENTITY + ".3.0",),
    ),
)
