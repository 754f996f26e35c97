"""Open systems, known by words of sysDescr: VyOS, Cumulus, SONiC, pfSense, OPNsense, TrueNAS."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

POOL = "~50536.1.1.1.1"

PROFILES = (
    Profile(
        vendor="VyOS",
        object_ids={"~44641": ("vyos", "network")},
        patterns=((r"\bVyOS\b", "vyos", "network"),),
        version=(Words(r"VyOS (\d\S*)"),),
    ),
    Profile(
        vendor="Cumulus",
        patterns=((r"Cumulus.Linux", "cumulus", "network"),),
        version=(Words(r"Cumulus.Linux (?:version )?(\d[\w.]*)"),),
    ),
    Profile(
        vendor=None,
        patterns=((r"^SONiC Software", "sonic", "network"),),
        model=(Words(r"HwSku: (\S+)"),),
        version=(Words(r"Version: (?:SONiC\.)?(\S+)"),),
    ),
    Profile(
        vendor="Netgate",
        patterns=((r"^pfSense", "pfsense", "firewall"),),
        version=(Words(r"^pfSense \S+ (\d\S*)"),),
    ),
    Profile(vendor=None, patterns=((r"OPNsense", "opnsense", "firewall"),), version=(Words(r"OPNsense (\d\S*)"),)),
    Profile(
        vendor="TrueNAS",
        object_ids={"~50536": ("truenas", "storage")},
        patterns=((r"\b(?:True|Free)NAS\b", "truenas", "storage"),),
        walks=(POOL,),
        version=(Words(r"(?:True|Free)NAS-?(?:SCALE-|CORE-)?(\d[\w.-]*\w)"),),
        sensors=(Column(class_="state", oid=POOL + ".7", words="Pool {}", name=POOL + ".2"),),
    ),
)
