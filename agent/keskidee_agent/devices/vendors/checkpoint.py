"""Check Point: Gaia appliances, by CHECKPOINT-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

SVN = "~2620.1.6"

PROFILES = (
    Profile(
        vendor="Check Point",
        object_ids={"~2620": ("gaia", "")},
        probe=SVN + ".4.1.0",
        probed=("gaia", "firewall"),
        walks=(SVN + ".4.1", SVN + ".16"),
        model=(SVN + ".16.7.0",),
        serial=(SVN + ".16.3.0",),
        version=(SVN + ".4.1.0",),
    ),
)
