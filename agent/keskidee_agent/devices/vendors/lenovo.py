"""Lenovo and IBM: server cards (XClarity Controller, IMM), by their LENOVO-XCC-MIB and IMM-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

XCC, IMM = "~19046.11.1.1.5", "~2.3.51.3.1.5"

PROFILES = (
    Profile(
        vendor="Lenovo",
        object_ids={"~19046.11": ("xcc", "management")},
        walks=(XCC + ".2.1",),
        model=(XCC + ".2.1.5.0", XCC + ".2.1.2.0"),
        serial=(XCC + ".2.1.3.0",),
    ),
    Profile(
        vendor="IBM",
        object_ids={"~2.3.51.3": ("imm", "management")},
        walks=(IMM + ".2.1",),
        model=(IMM + ".2.1.5.0", IMM + ".2.1.2.0"),
        serial=(IMM + ".2.1.3.0",),
    ),
)
