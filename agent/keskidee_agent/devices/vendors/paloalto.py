"""Palo Alto Networks: firewalls, by PAN-COMMON-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

SYSTEM, SESSIONS = "~25461.2.1.2.1", "~25461.2.1.2.3"

PROFILES = (
    Profile(
        vendor="Palo Alto",
        object_ids={"~25461": ("panos", "")},
        walks=(SYSTEM, SESSIONS),
        model=(Words(r"(PA-\w+|VM-\d+|M-\d+)"), Words(r"(Panorama)")),
        serial=(SYSTEM + ".3.0",),
        version=(SYSTEM + ".1.0",),
        sensors=(
            Column(class_="percent", oid=SESSIONS + ".1", words="Session table"),
            Column(class_="count", oid=SESSIONS + ".3", words="Sessions"),
        ),
    ),
)
