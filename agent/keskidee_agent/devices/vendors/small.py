"""Makers of one MIB of a few lines: who the device is, and no more.

Infoblox by IB-PLATFORMONE-MIB, Meinberg by MBG-SNMP-LTNG-MIB, Teltonika by TELTONIKA-MIB, Zebra by ESI-MIB and
ZEBRA-QL-MIB, Pantum by its own.
"""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

INFOBLOX, CLOCK, ROUTER, ZEBRA, LABEL, PANTUM = (
    *("~7779.3.1.1.2.1", "~5597.30.0.0", "~48690.1"),
    *("~10642", "~683", "~40093"),
)

PROFILES = (
    Profile(
        vendor="Infoblox",
        object_ids={"~7779": ("nios", "appliance")},
        walks=(INFOBLOX + ".4", INFOBLOX + ".6", INFOBLOX + ".7"),
        model=(INFOBLOX + ".4.0",),
        serial=(INFOBLOX + ".6.0",),
        version=(INFOBLOX + ".7.0",),
    ),
    Profile(
        vendor="Meinberg",
        object_ids={"~5597": ("", "timing")},
        walks=(CLOCK,),
        model=(Words(r"^Meinberg (\S+(?: \S+)?)"),),
        serial=(CLOCK + ".3.0",),
        version=(CLOCK + ".2.0",),
    ),
    Profile(
        vendor="Teltonika",
        object_ids={"~48690": ("teltonika", "network")},
        walks=(ROUTER,),
        model=(ROUTER + ".2.0",),
        serial=(ROUTER + ".1.0",),
        version=(ROUTER + ".6.0",),
    ),
    Profile(
        vendor="Zebra",
        object_ids={"~683": ("zebra", "printer"), "~10642": ("zebra", "printer")},
        walks=(ZEBRA + ".1", ZEBRA + ".200.19", LABEL + ".1", LABEL + ".6.2.3.2.1.15"),
        model=(ZEBRA + ".1.1.0", LABEL + ".6.2.3.2.1.15.1", ZEBRA + ".200.19.7.0"),
        serial=(ZEBRA + ".200.19.5.0", LABEL + ".1.5.0"),
        version=(ZEBRA + ".1.2.0", LABEL + ".1.9.0"),
    ),
    Profile(
        vendor="Pantum",
        object_ids={"~40093": ("pantum", "printer")},
        walks=(PANTUM + ".1.1.1.5", PANTUM + ".6.1.2", PANTUM + ".10.1.1.4", "@43.5.1.1.16"),
        model=("@43.5.1.1.16",),
        serial=(PANTUM + ".1.1.1.5", PANTUM + ".6.1.2", PANTUM + ".10.1.1.4"),
    ),
)
