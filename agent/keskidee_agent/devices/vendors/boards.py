"""Server boards and cards: Fujitsu's iRMC by SERVERCONTROL2, Supermicro by its health MIB and that of its BMC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.named import named_sensors
from keskidee_agent.devices.profile import Column, Profile

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

IRMC = "~231.2.10.2.2.10"
UNIT, HEAT, FAN, SUPPLY, VOLTAGE = (f"{IRMC}.{at}.1" for at in ("2.3", "5.1", "5.2", "6.2", "6.3"))
HEALTH, BMC = "~10876.2.1.1.1.1", "~21317.1.3.1"
FANS, VOLTAGES, TEMPERATURES = ((at,) for at in range(3))


def read_bmc(answers: Answers, parts: Parts) -> None:
    """The sensors of a board's own card, whose kind only the names tell; one that is not there reads 0."""
    parts.sensors += [sensor for sensor in named_sensors(answers, BMC + ".13", BMC + ".2") if sensor.value]


PROFILES = (
    Profile(
        vendor="Fujitsu",
        object_ids={"~231.2.10.2.11.5": ("", "management"), "~231.1": ("", "")},
        walks=(UNIT, HEAT, FAN, SUPPLY, VOLTAGE),
        model=(UNIT + ".5",),
        serial=(UNIT + ".7",),
        sensors=(
            Column(class_="temperature", oid=HEAT + ".6", name=HEAT + ".3", absent=(0, 255)),
            Column(class_="state", oid=HEAT + ".5", words="{} status", name=HEAT + ".3"),
            Column(class_="fanspeed", oid=FAN + ".6", name=FAN + ".3", absent=(-1,)),
            Column(class_="state", oid=FAN + ".5", words="{} status", name=FAN + ".3"),
            Column(class_="voltage", oid=VOLTAGE + ".5", name=VOLTAGE + ".3", divisor=1000),
            Column(class_="state", oid=VOLTAGE + ".4", words="{} status", name=VOLTAGE + ".3"),
            Column(class_="power", oid=SUPPLY + ".6", name=SUPPLY + ".3", absent=(-1,)),
            Column(class_="state", oid=SUPPLY + ".5", words="{} status", name=SUPPLY + ".3"),
        ),
    ),
    Profile(
        vendor="Supermicro",
        object_ids={"~10876": ("supermicro", "")},
        probe=HEALTH + ".2.1",
        probed=("supermicro", "server"),
        walks=(HEALTH,),
        sensors=(
            Column(class_="fanspeed", oid=HEALTH + ".4", name=HEALTH + ".2", where=(HEALTH + ".3", FANS)),
            Column(
                class_="voltage", oid=HEALTH + ".4", name=HEALTH + ".2", divisor=1000, where=(HEALTH + ".3", VOLTAGES)
            ),
            Column(class_="temperature", oid=HEALTH + ".4", name=HEALTH + ".2", where=(HEALTH + ".3", TEMPERATURES)),
        ),
    ),
    Profile(
        vendor="Supermicro",
        object_ids={"~21317.1": ("", "management")},
        probe=BMC + ".13.1",  # its agent calls itself Net-SNMP
        probed=("", "management"),
        walks=(BMC,),
        read=read_bmc,
    ),
)
