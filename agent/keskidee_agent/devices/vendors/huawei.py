"""Huawei: VRP switches and routers by words, iBMC server cards by HUAWEI-SERVER-IBMC-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

BMC = "~2011.2.235.1.1.1"

PROFILES = (
    Profile(
        vendor="Huawei",
        object_ids={"~2011": ("", "")},
        patterns=((r"Huawei Versatile Routing Platform|VRP \(R\) [Ss]oftware", "vrp", ""),),
        model=(
            Words(r"VRP \(R\) [Ss]oftware, Version \S+ \((\S+) "),
            Words(r"(?m)^(?:HUAWEI|Huawei) (\S+)\s*$"),
            Words(r"^((?:S|CE|AR|NE|USG|AC|AP)\d\S*)"),
        ),
        version=(Words(r"\((?:\S+) (V\d\w+)\)"), Words(r"Version (\d[\d.]+)")),
    ),
    Profile(
        vendor="Huawei",
        object_ids={"~2011.2.235": ("ibmc", "management")},
        walks=(BMC,),
        model=(BMC + ".6.0",),
        serial=(BMC + ".7.0",),
    ),
)
