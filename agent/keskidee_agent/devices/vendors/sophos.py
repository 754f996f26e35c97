"""Sophos: XG and XGS firewalls, by SFOS-FIREWALL-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

DEVICE = "~2604.5.1.1"

PROFILES = (
    Profile(
        vendor="Sophos",
        object_ids={"~2604.5": ("sophos-xg", "appliance")},
        probe=DEVICE + ".2.0",
        probed=("sophos-xg", "appliance"),
        walks=(DEVICE,),
        model=(DEVICE + ".2.0",),
        serial=(DEVICE + ".4.0",),
        version=(Words(r"SFOS (\S+)", DEVICE + ".3.0"), DEVICE + ".3.0"),
    ),
)
