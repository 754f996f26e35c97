"""TP-Link: JetStream switches, by TPLINK-SYSINFO-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

SYSTEM = "~11863.6.1.1"

PROFILES = (
    Profile(
        vendor="TP-Link",
        object_ids={"~11863": ("", "")},
        walks=(SYSTEM,),
        model=(Words(r"^(\S+)", SYSTEM + ".5.0"), Words(r"\b([A-Z]{1,3}\d{2,4}\w*(?:-\w+)?)\b")),
        serial=(SYSTEM + ".8.0",),
        version=(Words(r"^(\d[\d.]*)", SYSTEM + ".6.0"),),
    ),
)
