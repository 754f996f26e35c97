"""NETGEAR: managed and smart switches by their FASTPATH-SWITCHING-MIB, ReadyNAS by its own."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile
from keskidee_agent.devices.vendors.fastpath import box, load, walks

MANAGED, SMART, NAS = "~4526.10.1.1.1", "~4526.11.1.1.1", "~4526.22"
ROOT = "~4526.10"

PROFILES = (
    Profile(
        vendor="NETGEAR",
        object_ids={"~4526": ("", "")},
        walks=(MANAGED, SMART, NAS, *walks(ROOT)),
        model=(MANAGED + ".3.0", SMART + ".3.0"),
        serial=(MANAGED + ".4.0", SMART + ".4.0", NAS + ".1.0"),
        version=(MANAGED + ".13.0", SMART + ".13.0", NAS + ".2.0"),
        sensors=box(ROOT),
        read=load(ROOT),
    ),
)
