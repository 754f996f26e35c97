"""D-Link: switches, by AGENT-GENERAL-MIB and the probe of RMON2-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

GENERAL, PROBE = "~171.12.1.1", "@16.19"

PROFILES = (
    Profile(
        vendor="D-Link",
        object_ids={"~171": ("", "")},
        walks=(GENERAL, PROBE),
        model=(Words(r"\b(D[A-Z]{2}-\d\w*(?:[-/]\w+)*)"),),
        serial=(GENERAL + ".12.0",),
        version=(PROBE + ".2.0",),
    ),
)
