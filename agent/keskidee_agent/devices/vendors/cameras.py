"""Network cameras and recorders: Axis by words, Hikvision by HIKVISION-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Loads, Profile, Words

HIKVISION = "~39165.1"

PROFILES = (
    Profile(
        vendor="Axis",
        object_ids={"~368": ("", "")},
        model=(Words(r"AXIS ([A-Z]+\d[\w-]*)"), Words(r"AXIS (\d[\w-]*)")),
        version=(Words(r"; (\d+\.\d+[\d.]*);"),),
    ),
    Profile(
        vendor="Hikvision",
        object_ids={"~39165": ("", "")},
        walks=(HIKVISION,),
        model=(HIKVISION + ".1.0",),
        version=(HIKVISION + ".3.0",),
        processors=(Loads(oid=HIKVISION + ".7", words="Processor"),),
    ),
)
