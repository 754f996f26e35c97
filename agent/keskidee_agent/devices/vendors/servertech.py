"""Server Technology: rack PDUs, by Sentry3-MIB and Sentry4-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

OLD, SYSTEM, UNIT = "~1718.3.1", "~1718.4.1.1.1", "~1718.4.1.2.2.1"

PROFILES = (
    Profile(
        vendor="Server Technology",
        object_ids={"~1718": ("sentry", "power")},
        walks=(OLD, SYSTEM, UNIT),
        model=(UNIT + ".5",),
        serial=(UNIT + ".4", OLD + ".2.0"),
        version=(Words(r"(\d[\w.]+)", SYSTEM + ".1.0"), Words(r"(\d[\w.]+)", OLD + ".1.0")),
    ),
)
