"""APC (Schneider Electric): UPSs, rack PDUs and probes, by PowerNet-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

UPS, PDU, RPDU2, PROBES = "~318.1.1.1", "~318.1.1.12", "~318.1.1.26", "~318.1.1.25"
PROBE = "~318.1.1.26.10.2.2.1"
SWITCHED, TRANSFER = "~318.1.1.4", "~318.1.1.8"
PHASE, CARD, EMS, MEM = UPS + ".9", "~318.1.1.10.2.3.2.1", "~318.1.1.10.3.13.1.1", "~318.1.1.10.4.2.3.1"
INLET, FEED, METERED = PHASE + ".2.3.1", PHASE + ".3.3.1", RPDU2 + ".9.4.3.1"

PROFILES = (
    Profile(
        vendor="APC",
        object_ids={"~318": ("apc", "power"), "~318.1.3.14": ("apc", "environment")},
        walks=(UPS, PDU, SWITCHED, TRANSFER, PROBES, RPDU2, CARD, EMS, MEM),
        model=(
            UPS + ".1.1.1.0",
            PDU + ".1.5.0",
            RPDU2 + ".2.1.8",
            SWITCHED + ".1.4.0",
            TRANSFER + ".1.5.0",
            Words(r"MN:(\S+)"),
        ),
        serial=(
            UPS + ".1.2.3.0",
            PDU + ".1.6.0",
            RPDU2 + ".2.1.9",
            SWITCHED + ".1.5.0",
            TRANSFER + ".1.6.0",
            Words(r"SN: ?(\w+)"),
        ),
        version=(Words(r"PF:(\S+) .*AF1:(\S+)", form="AOS {} / App {}"),),
        sensors=(
            Column(class_="charge", oid="~318.1.1.1.2.3.1", words="Battery charge", divisor=10),
            Column(class_="temperature", oid="~318.1.1.1.2.3.2", words="Battery temperature", divisor=10),
            Column(class_="voltage", oid="~318.1.1.1.2.3.4", words="Battery voltage", divisor=10),
            Column(class_="runtime", oid="~318.1.1.1.2.2.3", words="Runtime left", divisor=6000),
            Column(class_="state", oid="~318.1.1.1.2.2.4", words="Battery replacement"),
            Column(class_="voltage", oid="~318.1.1.1.3.3.1", words="Input voltage", divisor=10),
            Column(class_="frequency", oid="~318.1.1.1.3.3.4", words="Input frequency", divisor=10),
            Column(class_="state", oid="~318.1.1.1.4.1.1", words="Output status"),
            Column(class_="voltage", oid="~318.1.1.1.4.3.1", words="Output voltage", divisor=10),
            Column(class_="frequency", oid="~318.1.1.1.4.3.2", words="Output frequency", divisor=10),
            Column(class_="load", oid="~318.1.1.1.4.3.3", words="Load", divisor=10),
            Column(class_="current", oid="~318.1.1.1.4.3.4", words="Output current", divisor=10),
            Column(class_="charge", oid="~318.1.1.1.2.2.1", words="Battery charge", unless="~318.1.1.1.2.3.1"),
            Column(
                class_="temperature", oid="~318.1.1.1.2.2.2", words="Battery temperature", unless="~318.1.1.1.2.3.2"
            ),
            Column(class_="voltage", oid="~318.1.1.1.2.2.8", words="Battery voltage", unless="~318.1.1.1.2.3.4"),
            Column(class_="voltage", oid="~318.1.1.1.3.2.1", words="Input voltage", unless="~318.1.1.1.3.3.1"),
            Column(class_="frequency", oid="~318.1.1.1.3.2.4", words="Input frequency", unless="~318.1.1.1.3.3.4"),
            Column(class_="voltage", oid="~318.1.1.1.4.2.1", words="Output voltage", unless="~318.1.1.1.4.3.1"),
            Column(class_="frequency", oid="~318.1.1.1.4.2.2", words="Output frequency", unless="~318.1.1.1.4.3.2"),
            Column(class_="load", oid="~318.1.1.1.4.2.3", words="Load", unless="~318.1.1.1.4.3.3"),
            Column(class_="current", oid="~318.1.1.1.4.2.4", words="Output current", unless="~318.1.1.1.4.3.4"),
            Column(class_="voltage", oid="~318.1.1.12.1.15", words="Input voltage", absent=(-1,)),
            Column(class_="power", oid="~318.1.1.12.1.16", words="Power"),
            Column(class_="current", oid="~318.1.1.12.2.3.1.1.2", words="Bank {} current", divisor=10, absent=(-1,)),
            Column(class_="state", oid="~318.1.1.26.4.3.1.4", words="{} load state", name="~318.1.1.26.4.3.1.3"),
            Column(
                class_="power",
                oid="~318.1.1.26.4.3.1.5",
                words="{} power",
                name="~318.1.1.26.4.3.1.3",
                divisor=0.1,
                absent=(-1,),
            ),
            Column(
                class_="state", oid="~318.1.1.26.4.3.1.12", words="{} power supply alarm", name="~318.1.1.26.4.3.1.3"
            ),
            Column(class_="state", oid="~318.1.1.26.6.3.1.4", words="Phase {} load state"),
            Column(class_="voltage", oid="~318.1.1.26.6.3.1.6", words="Phase {} voltage", absent=(-1,)),
            Column(class_="current", oid="~318.1.1.26.8.3.1.5", words="Bank {} current", divisor=10, absent=(-1,)),
            Column(
                class_="temperature",
                oid=PROBE + ".8",
                words="{} temperature",
                name=PROBE + ".3",
                divisor=10,
                absent=(-1,),
            ),
            Column(class_="humidity", oid=PROBE + ".10", words="{} humidity", name=PROBE + ".3", absent=(-1,)),
            Column(class_="current", oid="~318.1.1.26.6.3.1.5", words="Phase {} current", divisor=10, absent=(-1,)),
            Column(class_="power", oid="~318.1.1.1.4.2.8", words="Output power", absent=(-1,)),
            Column(class_="apparent_power", oid="~318.1.1.1.4.2.9", words="Output apparent power", absent=(-1,)),
            Column(class_="voltage", oid=INLET + ".3", words="Input {} voltage", absent=(-1,)),
            Column(class_="current", oid=INLET + ".6", words="Input {} current", divisor=10, absent=(-1,)),
            Column(class_="frequency", oid=PHASE + ".2.2.1.4", words="Input {} frequency", divisor=10, absent=(-1,)),
            Column(class_="voltage", oid=FEED + ".3", words="Output {} voltage", absent=(-1,)),
            Column(class_="current", oid=FEED + ".4", words="Output {} current", divisor=10, absent=(-1,)),
            Column(class_="apparent_power", oid=FEED + ".7", words="Output {} apparent power", absent=(-1,)),
            Column(class_="load", oid=FEED + ".10", words="Output {} load", absent=(-1,)),
            Column(class_="power", oid=FEED + ".13", words="Output {} power", absent=(-1,)),
            Column(class_="frequency", oid=PHASE + ".3.2.1.4", words="Output {} frequency", divisor=10, absent=(-1,)),
            Column(class_="temperature", oid=CARD + ".4", words="{} temperature", name=CARD + ".2", absent=(-1,)),
            Column(class_="humidity", oid=CARD + ".6", words="{} humidity", name=CARD + ".2", absent=(-1, 0)),
            Column(class_="temperature", oid=EMS + ".3", words="{} temperature", name=EMS + ".2", absent=(-1,)),
            Column(class_="humidity", oid=EMS + ".6", words="{} humidity", name=EMS + ".2", absent=(-1,)),
            Column(class_="temperature", oid=MEM + ".5", words="{} temperature", name=MEM + ".3", absent=(-1,)),
            Column(class_="humidity", oid=MEM + ".6", words="{} humidity", name=MEM + ".3", absent=(-1,)),
            Column(class_="frequency", oid="~318.1.1.8.5.3.2.1.4", words="Input {} frequency"),
            Column(class_="voltage", oid="~318.1.1.8.5.3.3.1.3", words="Input {} voltage", absent=(-1,)),
            Column(class_="voltage", oid="~318.1.1.8.5.4.3.1.3", words="Output {} voltage", absent=(-1,)),
            Column(class_="current", oid="~318.1.1.8.5.4.3.1.4", words="Output {} current", divisor=10, absent=(-1,)),
            Column(class_="current", oid=METERED + ".6", words="{} current", name=METERED + ".3", divisor=10),
            Column(class_="power", oid=METERED + ".7", words="{} power", name=METERED + ".3"),
            Column(class_="state", oid="~318.1.1.8.5.1.2", words="Selected source"),
            Column(class_="state", oid="~318.1.1.8.5.1.3", words="Redundancy"),
            Column(class_="state", oid="~318.1.1.4.4.2.1.3", words="Outlet {}", name="~318.1.1.4.5.2.1.3"),
            Column(
                class_="temperature",
                oid="~318.1.1.25.1.2.1.6",
                words="{} temperature",
                name="~318.1.1.25.1.2.1.3",
                absent=(-1,),
            ),
            Column(
                class_="humidity",
                oid="~318.1.1.25.1.2.1.7",
                words="{} humidity",
                name="~318.1.1.25.1.2.1.3",
                absent=(-1,),
            ),
        ),
    ),
)
