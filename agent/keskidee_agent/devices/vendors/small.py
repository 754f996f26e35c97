"""Makers of one MIB of a few lines: who the device is, and no more.

Infoblox by IB-PLATFORMONE-MIB, Meinberg by MBG-SNMP-LTNG-MIB, Teltonika by TELTONIKA-MIB, Zebra by ESI-MIB and
ZEBRA-QL-MIB, Pantum, Stormshield and Meru by their own, Avocent's ACS by ACS-MIB; DrayTek, LANCOM, Opengear by words.
"""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

INFOBLOX, CLOCK, ROUTER, ZEBRA, LABEL, PANTUM, STORM, MERU = (
    *("~7779.3.1.1.2.1", "~5597.30.0.0", "~48690.1"),
    *("~10642", "~683", "~40093", "~11256.1.0", "~15983.1.1.4.1.1"),
)
MODEM = r"\b((?:RUTX|RUTM)\d{2}|(?:RUT|TRB|TSW|OTD)\d{3})"

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
        model=(Words(MODEM, ROUTER + ".3.0"), Words(MODEM, ROUTER + ".2.0"), Words(MODEM)),
        serial=(Words(r"^\d{10}$", ROUTER + ".1.0"),),  # older releases have the modem's number there
        version=(Words(r"^\w+_R_\S+", ROUTER + ".6.0"),),  # and the subscriber's here, which is nobody's business
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
    Profile(
        vendor="Stormshield",
        object_ids={"~11256": ("stormshield", "firewall")},
        probe=STORM + ".1.0",
        probed=("stormshield", "firewall"),
        walks=(STORM,),
        model=(STORM + ".1.0",),
        serial=(STORM + ".3.0",),
        version=(STORM + ".2.0",),
    ),
    Profile(
        vendor="Meru",
        object_ids={"~15983": ("meru", "wireless")},
        walks=(MERU,),
        model=(MERU + ".19.0",),
        version=(MERU + ".27.0",),
    ),
    *(
        Profile(
            vendor="Avocent",
            object_ids={number: ("avocent", "management")},
            walks=(number + ".2.1",),
            model=(number + ".2.1.2.0",),
            serial=(number + ".2.1.4.0",),
            version=(number + ".2.1.7.0",),
        )
        for number in ("~10418.16", "~10418.26")
    ),
    Profile(
        vendor="DrayTek",
        object_ids={"~7367": ("draytek", "network")},
        model=(Words(r"Router Model: ([^,]+)"),),
        version=(Words(r"Version: ?([^,\s]+)"),),
    ),
    Profile(
        vendor="LANCOM",
        object_ids={"~2356": ("lcos", "")},
        model=(Words(r"^LANCOM (.+?) \d+\.\d+\."),),
        serial=(Words(r" / \d\d\.\d\d\.\d{4} (\w+)"),),
        version=(Words(r" (\d+\.\d+\.\S+) /"),),
    ),
    Profile(
        vendor="Opengear",
        object_ids={"~25049": ("opengear", "management")},
        model=(Words(r"^Opengear/(\S+)"),),
        version=(Words(r"Version (\d\S*)"),),
    ),
)
