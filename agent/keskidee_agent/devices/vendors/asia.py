"""Makers of switches in China: Ruijie, BDCOM, Digital China and Maipu, by words and what their MIBs measure."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

RUIJIE = "~4881.1.1.10.2"
SYSTEM, UNIT, MEMORY, PROCESSOR = RUIJIE + ".1.1", RUIJIE + ".21.1.2.1", RUIJIE + ".35.1.1.1", RUIJIE + ".36.1.1"
CARD = "~3320.3.6.10.1"

PROFILES = (
    Profile(
        vendor="Ruijie",
        object_ids={"~4881": ("rgos", ""), "~4881.1.3": ("rgos", "wireless")},
        walks=(SYSTEM, UNIT, MEMORY, PROCESSOR),
        model=(UNIT + ".2", Words(r"\(([A-Z]+[-\d][\w-]*)\) [Bb]y Ruijie")),
        version=(Words(r"RGOS (\S+?),", SYSTEM + ".2.0"), Words(r"Version (\S+)")),
        processors=(Loads(oid=PROCESSOR + ".2", words="Processor"),),
        memory=(Memory(name=MEMORY + ".2", words="{}", used=MEMORY + ".7", free=MEMORY + ".8", unit_bytes=1024),),
        sensors=(Column(class_="temperature", oid=SYSTEM + ".16", words="Temperature", absent=(0,)),),
    ),
    Profile(
        vendor="BDCOM",
        object_ids={"~3320": ("", "")},
        walks=(CARD,),
        model=(Words(r"BDCOM\S* (\S+) Software"),),
        serial=(CARD + ".4",),
        version=(Words(r"Version (\S+)"),),
    ),
    Profile(
        vendor=None,  # Digital China, Maipu and others whose words are alike
        patterns=((r"^\S+ Device, Compiled", "", "network"),),
        model=(Words(r"^(\S+) Device, Compiled"),),
        serial=(Words(r"serial number (?:No\. ?:? ?)?(\w+)"),),
        version=(Words(r"SoftWare (?:Package )?Version (?:\S+_)?(\S+)"),),
    ),
)
