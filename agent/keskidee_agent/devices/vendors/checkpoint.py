"""Check Point: Gaia appliances, by CHECKPOINT-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Memory, Profile

SVN = "~2620.1.6"
HEAT, FAN, VOLTAGE = (f"{SVN}.7.8.{at}.1" for at in (1, 2, 3))
MEMORY, CORES = SVN + ".7.4", SVN + ".7.5.1"

PROFILES = (
    Profile(
        vendor="Check Point",
        object_ids={"~2620": ("gaia", "")},
        probe=SVN + ".4.1.0",
        probed=("gaia", "firewall"),
        walks=(SVN + ".4.1", SVN + ".16", SVN + ".7.8", MEMORY, CORES, "~2620.1.1.25.3"),
        model=(SVN + ".16.7.0",),
        serial=(SVN + ".16.3.0",),
        version=(SVN + ".4.1.0",),
        processors=(Loads(oid=CORES + ".5", words="Processor {}"),),
        memory=(Memory(words="Memory", size=MEMORY + ".3", used=MEMORY + ".4"),),
        sensors=(
            Column(class_="temperature", oid=HEAT + ".3", name=HEAT + ".2"),
            Column(class_="fanspeed", oid=FAN + ".3", name=FAN + ".2"),
            Column(class_="voltage", oid=VOLTAGE + ".3", name=VOLTAGE + ".2"),
            Column(class_="count", oid="~2620.1.1.25.3", words="Connections"),
        ),
    ),
)
