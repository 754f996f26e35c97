"""H3C and HPE Comware: HH3C-ENTITY-EXT-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

NAMES = "@47.1.1.1.1.7"
EXTENDED = "~25506.2.6.1.1.1.1"

PROFILES = (
    Profile(
        vendor=None,
        object_ids={"~25506": ("comware", "network")},
        patterns=(
            (r"Comware (Platform )?Software", "comware", "network"),
            (r"(?s)Comware.*(Wireless|Access) Controller", "comware", "wireless"),
        ),
        walks=(EXTENDED, "~25506.2.6.1.3.1.1", "~25506.8.35.9.1"),
        model=(
            Words(r"HPE? (?!Comware)(\S+(?: Switch)?)"),
            Words(r"H3C (?:Switch )?(?!Comware|Technologies|Switch)(\S+?)\.?(?:\s|$)"),
        ),
        version=(Words(r"Software Version ([\d.]+)"), Words(r"Version ([\d.]+)")),
        processors=(Loads(oid=EXTENDED + ".6", words="{}", name=NAMES, where=EXTENDED + ".10"),),
        memory=(Memory(words="{}", name=NAMES, size=EXTENDED + ".10", used_percent=EXTENDED + ".8"),),
        sensors=(
            Column(
                class_="temperature",
                oid="~25506.2.6.1.1.1.1.12",
                words="{} temperature",
                name="@47.1.1.1.1.7",
                absent=(65535, 0),
            ),
            Column(
                class_="power",
                oid="~25506.2.6.1.3.1.1.3",
                words="{} power",
                name="@47.1.1.1.1.7",
                divisor=1000,
                absent=(0,),
            ),
            Column(class_="state", oid="~25506.8.35.9.1.1.1.2", words="Fan {}"),
            Column(class_="state", oid="~25506.8.35.9.1.2.1.2", words="Power supply {}"),
        ),
    ),
)
