"""Extreme Networks: EXOS, by EXTREME-SYSTEM-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

SYSTEM = "~1916.1.1.1"
LOAD, MEMORY = "~1916.1.32.1.2", "~1916.1.32.2.2.1"

PROFILES = (
    Profile(
        vendor="Extreme",
        object_ids={"~1916": ("", "")},
        patterns=((r"ExtremeXOS", "xos", "network"),),
        walks=(SYSTEM, LOAD, MEMORY),
        model=(Words(r"ExtremeXOS \((\S+?)\)"),),
        serial=(SYSTEM + ".16.0",),
        version=(Words(r"ExtremeXOS (?:\(\S+\) )?version (\S+)"), Words(r"[Vv]ersion (\d\S+)")),
        processors=(Loads(oid=LOAD, words="Processor"),),
        memory=(Memory(words="Memory {}", size=MEMORY + ".2", free=MEMORY + ".3", unit_bytes=1024),),
        sensors=(
            Column(class_="state", oid=SYSTEM + ".7", words="Over temperature"),
            Column(class_="temperature", oid=SYSTEM + ".8", words="Temperature"),
            Column(class_="state", oid=SYSTEM + ".9.1.2", words="Fan {}"),
            Column(class_="fanspeed", oid=SYSTEM + ".9.1.4", words="Fan {}"),
            Column(class_="state", oid=SYSTEM + ".27.1.2", words="Power supply {}", absent=(1,)),
        ),
    ),
)
