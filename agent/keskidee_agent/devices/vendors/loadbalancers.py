"""Load balancers: F5 by F5-BIGIP-SYSTEM-MIB, Citrix by NS-ROOT-MIB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.named import named_sensors
from keskidee_agent.devices.profile import Column, Loads, Profile, Words

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

SYSTEM, NETSCALER = "~3375.2.1", "~5951.4.1.1"
FAN, SUPPLY, HEAT, CPU = (SYSTEM + at for at in (".3.2.1.2.1", ".3.2.2.2.1", ".3.2.3.2.1", ".3.6.2.1"))
HEALTH, CORES = NETSCALER + ".41.7.1", NETSCALER + ".41.6.1"


def read(answers: Answers, parts: Parts) -> None:
    """What the appliance's hardware measures, of which it tells a name and a value."""
    parts.sensors += named_sensors(answers, HEALTH + ".1", HEALTH + ".2")


PROFILES = (
    Profile(
        vendor="F5",
        object_ids={"~3375": ("f5", "loadbalancer")},
        walks=(SYSTEM + ".3.2", SYSTEM + ".3.3", SYSTEM + ".3.5", CPU, SYSTEM + ".4", SYSTEM + ".14.3.1"),
        model=(SYSTEM + ".3.5.2.0",),
        serial=(SYSTEM + ".3.3.3.0",),
        version=(SYSTEM + ".4.2.0",),
        sensors=(
            Column(class_="state", oid=FAN + ".2", words="Fan {} status"),
            Column(class_="fanspeed", oid=FAN + ".3", words="Fan {}", absent=(0,)),
            Column(class_="state", oid=SUPPLY + ".2", words="Power supply {}"),
            Column(class_="temperature", oid=HEAT + ".2", words="Chassis {} temperature", absent=(0,)),
            Column(class_="temperature", oid=CPU + ".2", words="{} temperature", name=CPU + ".4", absent=(0,)),
            Column(class_="fanspeed", oid=CPU + ".3", words="{} fan", name=CPU + ".4", absent=(0,)),
            Column(class_="state", oid=SYSTEM + ".14.3.1", words="Failover"),
        ),
    ),
    Profile(
        vendor="Citrix",
        object_ids={"~5951": ("netscaler", "loadbalancer")},
        walks=(NETSCALER + ".1", NETSCALER + ".11", NETSCALER + ".14", HEALTH, CORES),
        model=(NETSCALER + ".11.0",),
        serial=(NETSCALER + ".14.0",),
        version=(Words(r"NetScaler NS(\d[\d.]+)", NETSCALER + ".1.0"), Words(r"NS(\d[\d.]+)")),
        processors=(Loads(oid=CORES + ".2", words="{}", name=CORES + ".1"),),
        read=read,
    ),
)
