"""VMware ESXi, by VMWARE-SYSTEM-MIB; the hardware stands in ENTITY-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

SYSTEM = "~6876.1"

PROFILES = (
    Profile(
        vendor="VMware",
        object_ids={"~6876": ("", ""), "~6876.4": ("vmware-esxi", "server")},
        walks=(SYSTEM,),
        version=(SYSTEM + ".2.0", Words(r"ESXi? (\d[\d.]+)")),
    ),
)
