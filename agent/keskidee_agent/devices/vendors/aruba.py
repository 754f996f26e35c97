"""Aruba: Instant access points by AI-AP-MIB, controllers by WLSX-SYSTEMEXT-MIB; AOS-CX by the standard MIBs."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Loads, Memory, Profile, Words

SUPPLY, PROBE, FAN = (f"~47196.4.1.1.3.11.{at}.1.1" for at in (2, 3, 5))
CONTROLLER = "~14823.2.2.1.2.1"
POINTS, RADIOS = "~14823.2.3.3.1.2.1.1", "~14823.2.3.3.1.2.2.1"

PROFILES = (
    Profile(
        vendor="Aruba",
        object_ids={"~14823": ("arubaos", "wireless"), "~14823.1.2": ("aruba-instant", "wireless")},
        walks=(POINTS, RADIOS, "~14823.2.3.3.1.1"),
        model=(Words(r"MODEL: (\S+?)\)"), POINTS + ".6"),
        serial=(POINTS + ".4",),
        version=(Words(r"Version (\S+)"), "~14823.2.3.3.1.1.4.0"),
        processors=(Loads(oid=POINTS + ".7", words="{}", name=POINTS + ".4"),),
        memory=(Memory(words="{}", name=POINTS + ".2", size=POINTS + ".10", free=POINTS + ".8"),),
        assemblies=(
            Assembly(
                rows="~14823.2.3.3.1.1.2", class_="chassis", name="~14823.2.3.3.1.1.2", serial="~14823.2.3.3.1.1.1"
            ),
            Assembly(
                rows=POINTS + ".1", class_="module", name=POINTS + ".2", model=POINTS + ".6", serial=POINTS + ".4"
            ),
        ),
        sensors=(
            Column(class_="state", oid="~14823.2.3.3.1.2.1.1.11", words="{} status", name="~14823.2.3.3.1.2.1.1.2"),
            Column(class_="state", oid="~14823.2.3.3.1.2.2.1.20", words="Radio {} status"),
        ),
    ),
    Profile(
        vendor="Aruba",
        object_ids={"~14823.1.1": ("arubaos", "wireless")},
        walks=(CONTROLLER,),
        model=(Words(r"MODEL: (\S+?)\)"), CONTROLLER + ".3.0"),
        serial=(CONTROLLER + ".29.0",),
        version=(Words(r"Version (\S+)"), CONTROLLER + ".28.0"),
        processors=(Loads(oid=CONTROLLER + ".13.1.3", words="{}", name=CONTROLLER + ".13.1.2"),),
        memory=(Memory(words="Memory", size=CONTROLLER + ".15.1.2", used=CONTROLLER + ".15.1.3", unit_bytes=1024),),
        sensors=(
            Column(class_="temperature", oid=CONTROLLER + ".10", words="Inside"),
            Column(class_="state", oid=CONTROLLER + ".17.1.2", words="Fan {}"),
            Column(class_="state", oid=CONTROLLER + ".18.1.2", words="Power supply {}"),
        ),
    ),
    Profile(
        vendor="Aruba",
        object_ids={"~47196": ("arubaos-cx", "network")},
        walks=(SUPPLY, PROBE, FAN),
        version=(Words(r"\b([A-Z]{2}\.[\d.]+)"),),
        sensors=(
            Column(class_="power", oid=SUPPLY + ".7", words="Power supply {}", name=SUPPLY + ".3"),
            Column(class_="temperature", oid=PROBE + ".7", words="{}", name=PROBE + ".5", divisor=1000),
            Column(class_="fanspeed", oid=FAN + ".8", words="Fan {}", name=FAN + ".4", absent=(-1,)),
        ),
    ),
)
