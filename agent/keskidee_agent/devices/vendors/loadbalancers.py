"""Load balancers: F5 by F5-BIGIP-SYSTEM-MIB, NetScaler by NS-ROOT-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

SYSTEM, NETSCALER = "~3375.2.1", "~5951.4.1.1"

PROFILES = (
    Profile(
        vendor="F5",
        object_ids={"~3375": ("f5", "loadbalancer")},
        walks=(SYSTEM + ".3.3", SYSTEM + ".3.5", SYSTEM + ".4"),
        model=(SYSTEM + ".3.5.2.0",),
        serial=(SYSTEM + ".3.3.3.0",),
        version=(SYSTEM + ".4.2.0",),
    ),
    Profile(
        vendor="Citrix",
        object_ids={"~5951": ("netscaler", "loadbalancer")},
        walks=(NETSCALER,),
        model=(NETSCALER + ".11.0",),
        serial=(NETSCALER + ".14.0",),
        version=(Words(r"NetScaler NS(\d[\d.]+)", NETSCALER + ".1.0"), Words(r"NS(\d[\d.]+)")),
    ),
)
