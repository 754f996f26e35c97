"""D-Link: switches, by AGENT-GENERAL-MIB, EQUIPMENT-MIB and, of later ones, DLINKSW-ENTITY-EXT-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

GENERAL, PROBE, EQUIPMENT, SMART = "~171.12.1.1", "@16.19", "~171.12.11.1", "~171.11.153.1000.1"
HEAT, FAN, SUPPLY = (f"~171.14.5.1.1.{at}.1" for at in (1, 2, 3))
MEMORY, LOAD = "~171.14.5.1.4.1", "~171.14.5.1.7.1"

PROFILES = (
    Profile(
        vendor="D-Link",
        object_ids={"~171": ("", "")},
        walks=(GENERAL, PROBE, EQUIPMENT, HEAT, FAN, SUPPLY, MEMORY, LOAD, SMART + ".3", SMART + ".33"),
        model=(Words(r"\b(D[A-Z]{2}-\d\w*(?:[-/]\w+)*)"),),
        serial=(GENERAL + ".12.0", SMART + ".33.1.0"),
        version=(Words(r"^(?:Build )?(\S+)", PROBE + ".2.0"), SMART + ".3.0"),
        processors=(
            Loads(oid=GENERAL + ".6.2", words="Processor"),
            Loads(oid=LOAD + ".4", words="Processor {}"),
        ),
        memory=(Memory(words="Memory {}", size=MEMORY + ".3", used=MEMORY + ".4", unit_bytes=1024),),
        sensors=(
            Column(class_="state", oid=EQUIPMENT + ".6.1.3", words="Power supply {}"),
            Column(class_="state", oid=EQUIPMENT + ".7.1.3", words="Fan {}"),
            Column(class_="temperature", oid=EQUIPMENT + ".8.1.2", words="Unit {} temperature", absent=(0,)),
            Column(class_="temperature", oid=HEAT + ".4", name=HEAT + ".3"),
            Column(class_="state", oid=FAN + ".4", name=FAN + ".3"),
            Column(class_="power", oid=SUPPLY + ".4", name=SUPPLY + ".3", where=(SUPPLY + ".6", (1,))),
            Column(class_="state", oid=SUPPLY + ".6", words="{} status", name=SUPPLY + ".3"),
        ),
    ),
)
