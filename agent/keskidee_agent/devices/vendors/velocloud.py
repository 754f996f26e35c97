"""VMware SD-WAN (VeloCloud) edges."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

PROFILES = (
    Profile(
        vendor="VeloCloud",
        object_ids={"~45346": ("velocloud", "appliance")},
        patterns=((r"^VeloCloud ", "velocloud", "appliance"),),
        model=(Words(r"^VeloCloud (\S+)"),),
    ),
)
