"""TP-Link: JetStream switches, by TPLINK-SYSINFO-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Loads, Profile, Words

SYSTEM = "~11863.6.1.1"
LOAD = "~11863.6.4.1.1.1.1.3"

PROFILES = (
    Profile(
        vendor="TP-Link",
        object_ids={"~11863": ("", "")},
        patterns=((r"^Linux TL-", "", "network"),),
        walks=(SYSTEM, LOAD),
        model=(Words(r"^(\S+)", SYSTEM + ".5.0"), Words(r"\b([A-Z]{1,3}\d{2,4}\w*(?:-\w+)?)\b")),
        serial=(SYSTEM + ".8.0",),
        version=(Words(r"^(\d[\d.]*)", SYSTEM + ".6.0"),),
        processors=(Loads(oid=LOAD, words="Processor {}"),),
    ),
)
