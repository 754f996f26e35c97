"""Vertiv, formerly Liebert: UPSs, PDUs and cooling, by LIEBERT-GP-AGENT-MIB; Geist by its own."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

AGENT = "~476.1.42.2.1"

PROFILES = (
    Profile(
        vendor="Vertiv",
        object_ids={"~476": ("", "power")},
        walks=(AGENT,),
        model=(AGENT + ".2.0",),
        serial=(AGENT + ".4.0",),
        version=(AGENT + ".3.0",),
    ),
)
