"""Raritan: rack PDUs, by PDU2-MIB and the older PDU-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile

PLATE, BOARD, OLD = "~13742.6.3.2.1.1", "~13742.6.3.2.3.1", "~13742.4.1.1"

PROFILES = (
    Profile(
        vendor="Raritan",
        object_ids={"~13742": ("raritan-pdu", "power")},
        walks=(PLATE, BOARD, OLD),
        model=(PLATE + ".3", OLD + ".12.0"),
        serial=(PLATE + ".4", OLD + ".2.0"),
        version=(BOARD + ".6", OLD + ".1.0"),
    ),
)
