"""Zyxel: switches and gateways, by ZYXEL-ES-COMMON and ZYXEL-SYSINFO."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

SYSTEM = "~890.1.15.3.1"

PROFILES = (
    Profile(
        vendor="Zyxel",
        object_ids={"~890": ("", "")},
        walks=(SYSTEM,),
        model=(SYSTEM + ".11.0", Words(r"\b((?:GS|XGS|XS|ES|MES|USG|ATP|NWA|WAC|WAX|VMG|NBG)[\w-]*\d[\w-]*)")),
        serial=(SYSTEM + ".12.0",),
        version=(SYSTEM + ".6.0",),
    ),
)
