"""Network cameras and recorders: Axis by words, Hikvision by HIKVISION-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import HardwareAddress, Loads, Profile, Words

HIKVISION, RECORDER = "~39165.1", "~50001.1"

PROFILES = (
    Profile(
        vendor="Axis",
        object_ids={"~368": ("", "")},
        model=(Words(r"AXIS ([A-Z]+\d[\w-]*)"), Words(r"AXIS (\d[\w-]*)")),
        serial=(HardwareAddress(),),  # Axis numbers its devices so
        version=(Words(r"; (\d+\.\d+[\d.]*);"),),
    ),
    Profile(
        vendor="Hikvision",
        object_ids={"~39165": ("", ""), "~50001": ("", "camera")},
        probe=HIKVISION + ".1.0",
        probed=("", "camera"),
        walks=(HIKVISION, RECORDER),
        model=(HIKVISION + ".1.0",),
        serial=(RECORDER + ".3.0",),
        version=(HIKVISION + ".3.0",),
        processors=(Loads(oid=HIKVISION + ".7", words="Processor"),),
    ),
)
