"""Arista: EOS; model and serial stand in ENTITY-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

PROFILES = (
    Profile(
        vendor="Arista",
        object_ids={"~30065": ("arista_eos", "network")},
        model=(Words(r"running on an Arista Networks (\S+)"),),
        version=(Words(r"EOS version (\S+)"),),
    ),
)
