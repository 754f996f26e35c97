"""Huawei: switches, routers and gateways by HUAWEI-ENTITY-EXTENT-MIB and words, server cards by the MIB of iBMC."""

from __future__ import annotations

from keskidee_agent.devices.mibs.entity import PHYSICAL
from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

BMC = "~2011.2.235.1.1.1"
NAMES = PHYSICAL + ".7"
EXTENDED, OPTICS, FAN = (f"~2011.5.25.31.1.1.{at}.1" for at in (1, 3, 10))
DARK = (0, -1)  # no module, or one that does not measure

PROFILES = (
    Profile(
        vendor="Huawei",
        object_ids={"~2011": ("", "")},
        patterns=((r"Huawei Versatile Routing Platform|VRP \(R\) [Ss]oftware", "vrp", ""),),
        walks=(
            *(f"{EXTENDED}.{at}" for at in (5, 7, 9, 11)),
            *(f"{OPTICS}.{at}" for at in (5, 6, 7, 8, 9)),
            FAN,
        ),
        model=(
            Words(r"^((?:S|CE|AR|NE|USG|AC|AP)\d\S*)"),
            Words(r"(?m)^(?:HUAWEI|Huawei) (\S+)\s*$"),
            Words(r"VRP \(R\) [Ss]oftware, ?Version \S+ \((\S+) "),
        ),
        version=(Words(r"\((?:\S+) (V\d\w+)\)"), Words(r"Version (\d[\d.]+)")),
        processors=(Loads(oid=EXTENDED + ".5", words="{}", name=NAMES, where=EXTENDED + ".7"),),
        memory=(Memory(words="{}", name=NAMES, size=EXTENDED + ".9", used_percent=EXTENDED + ".7"),),
        sensors=(
            Column(class_="temperature", oid=EXTENDED + ".11", name=NAMES, absent=(0, 2147483647)),
            Column(class_="temperature", oid=OPTICS + ".5", words="{} temperature", name=NAMES, absent=(0, -255)),
            Column(class_="voltage", oid=OPTICS + ".6", words="{} voltage", name=NAMES, divisor=1000, absent=DARK),
            Column(class_="current", oid=OPTICS + ".7", words="{} bias", name=NAMES, divisor=1000, absent=DARK),
            Column(class_="dbm", oid=OPTICS + ".8", words="{} receive", name=NAMES, divisor=100, absent=DARK),
            Column(class_="dbm", oid=OPTICS + ".9", words="{} transmit", name=NAMES, divisor=100, absent=DARK),
            Column(class_="percent", oid=FAN + ".5", words="Fan {}", where=(FAN + ".6", (1,))),
            Column(class_="state", oid=FAN + ".7", words="Fan {} state", where=(FAN + ".6", (1,))),
        ),
    ),
    Profile(
        vendor="Huawei",
        object_ids={"~2011.2.235": ("ibmc", "management")},
        walks=(BMC,),
        model=(BMC + ".6.0",),
        serial=(BMC + ".7.0",),
    ),
)
