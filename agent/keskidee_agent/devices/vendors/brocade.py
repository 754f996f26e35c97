"""Brocade: Fibre Channel switches, by SW-MIB."""

from __future__ import annotations

from keskidee_agent.devices.mibs.entity import PHYSICAL
from keskidee_agent.devices.profile import Column, Profile

SYSTEM = "~1588.2.1.1.1.1"

PROFILES = (
    Profile(
        vendor="Brocade",
        object_ids={"~1588": ("", "")},
        walks=(SYSTEM,),
        model=(PHYSICAL + ".2.1",),
        serial=(SYSTEM + ".10.0",),
        version=(SYSTEM + ".6.0",),
        sensors=(
            Column(
                class_="temperature",
                oid=SYSTEM + ".22.1.4",
                words="{}",
                name=SYSTEM + ".22.1.5",
                where=(SYSTEM + ".22.1.2", (1,)),
            ),
            Column(
                class_="fanspeed",
                oid=SYSTEM + ".22.1.4",
                words="{}",
                name=SYSTEM + ".22.1.5",
                where=(SYSTEM + ".22.1.2", (2,)),
            ),
            Column(class_="state", oid=SYSTEM + ".22.1.3", words="{} state", name=SYSTEM + ".22.1.5"),
        ),
    ),
)
