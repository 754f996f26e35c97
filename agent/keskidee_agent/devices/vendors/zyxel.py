"""Zyxel: switches and gateways, by ZYXEL-ES-COMMON and ZYXEL-SYSINFO."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Profile, Words

SYSTEM = "~890.1.15.3.1"
FAN, HEAT, VOLTAGE = (f"~890.1.15.3.26.1.{at}" for at in ("1.1.1", "2.1", "3.1"))
LOAD = "~890.1.15.3.2.4"

PROFILES = (
    Profile(
        vendor="Zyxel",
        object_ids={"~890": ("", "")},
        walks=(SYSTEM, FAN, HEAT, VOLTAGE, LOAD),
        model=(SYSTEM + ".11.0", Words(r"\b((?:GS|XGS|XS|ES|MES|USG|ATP|NWA|WAC|WAX|VMG|NBG)[\w-]*\d[\w-]*)")),
        serial=(SYSTEM + ".12.0",),
        version=(SYSTEM + ".6.0",),
        processors=(Loads(oid=LOAD, words="Processor"),),
        sensors=(
            Column(class_="fanspeed", oid=FAN + ".3", name=FAN + ".2"),
            Column(class_="temperature", oid=HEAT + ".3", name=HEAT + ".2"),
            Column(class_="voltage", oid=VOLTAGE + ".3", name=VOLTAGE + ".2", divisor=1000),
        ),
    ),
)
