"""Families of devices by prefixes of sysObjectID, where a maker's number alone does not tell the kind.

`~` is the enterprises arc. From the makers' published product MIBs; vendors with a file of their own stand there.
"""

from __future__ import annotations

FAMILIES: dict[str, tuple[str | None, str]] = {
    "~2.6.158": (None, "management"),  # BladeCenter's management module
    "~2.3.51.3": (None, "management"),  # IBM's integrated management module
    "~11.5.7.5": (None, "storage"),  # MSA
    "~36.2.15": (None, "server"),
    "~42.2.1": (None, "server"),
    "~43.10.27": (None, "network"),
    "~111.41": (None, "management"),  # Oracle's ILOM
    "~116.3.11.4": (None, "storage"),
    "~161.19.250": (None, "wireless"),  # Canopy
    "~193.223": (None, "wireless"),  # MINI-LINK
    "~211.1.21": (None, "storage"),  # ETERNUS
    "~211.1.127": (None, "network"),
    "~231.2.10.2.11.5": (None, "management"),  # iRMC
    "~232.22": (None, "management"),  # BladeSystem
    "~258.601": (None, "server"),
    "~388.11": (None, "wireless"),
    "~476.1.42": (None, "power"),  # Liebert
    "~534": (None, "power"),
    "~637.61": (None, "network"),  # ISAM
    "~705.1": (None, "power"),
    "~9.1.2307": (None, "server"),  # Prime Infrastructure
    "~318.1.3.14": (None, "environment"),  # InRow cooling
    "~674.10892.1": (None, "server"),  # OpenManage
    "~789.2": ("ontap", "storage"),
    "~890.1.5.12": (None, "wireless"),
    "~1248.1": (None, "printer"),
    "~1248.4": (None, "collaboration"),
    "~2011.2.25": (None, "network"),  # OptiX
    "~2011.2.235": ("ibmc", "management"),
    "~2011.2.240": (None, "wireless"),
    "~2620.1": ("gaia", "firewall"),
    "~2604.5": ("sophos-xg", "appliance"),
    "~3417.1.1": ("proxysg", "proxy"),
    "~3417.1.5": (None, "network"),  # SSL Visibility
    "~6876.4": ("vmware", "server"),
    "~7779": ("nios", "appliance"),
    "~8072.3.2.3": ("solaris", "server"),
    "~8072.3.2.16": ("macos", "server"),
    "~10418.16": (None, "management"),
    "~10418.17": (None, "power"),
    "~10418.18": (None, "appliance"),  # KVM switches
    "~10418.26": (None, "management"),
    "~8691.2": (None, "appliance"),  # NPort
    "~12148": (None, "power"),
    "~12356.103": (None, "appliance"),  # FortiManager, FortiAnalyzer
    "~12356.102": (None, "appliance"),
    "~12356.106": (None, "network"),  # FortiSwitch
    "~12356.120": (None, "wireless"),
    "~12356.121": (None, "network"),  # FortiExtender
    "~13742.3": (None, "appliance"),  # Dominion KVM
    "~15497": ("asyncos", "proxy"),
    "~17713.1.3": (None, "network"),
    "~24681": ("qts", "storage"),
    "~41112.1.3": ("airfiber", "wireless"),
    "~41112.1.6": ("unifi", "wireless"),
    "~47196.4.1": ("arubaos-cx", "network"),
}
