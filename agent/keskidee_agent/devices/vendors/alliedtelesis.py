"""Allied Telesis: switches of AlliedWare Plus, by AT-RESOURCE-MIB and AT-ENVMONv2-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

BOARD = "~207.8.17.1.3.1"
FAN, VOLTAGE, HEAT = (f"~207.8.4.4.3.12.{at}.1" for at in (1, 2, 3))

PROFILES = (
    Profile(
        vendor="Allied Telesis",
        object_ids={"~207": ("", "")},
        patterns=((r"AlliedWare Plus|\bAW\+", "awplus", "network"),),
        walks=(BOARD, FAN, VOLTAGE, HEAT),
        model=(BOARD + ".6", Words(r"\b((?:AT-)?[A-Z]{1,3}\d{3,4}\S*)")),
        serial=(BOARD + ".8",),
        version=(Words(r"[Vv](?:ersion )?(\d+\.\d+\.\S+)"),),
        sensors=(
            Column(class_="fanspeed", oid=FAN + ".5", name=FAN + ".4"),
            Column(class_="voltage", oid=VOLTAGE + ".5", name=VOLTAGE + ".4", divisor=1000, absent=(65535,)),
            Column(class_="temperature", oid=HEAT + ".5", name=HEAT + ".4", absent=(128, -128)),
        ),
    ),
)
