"""Juniper: Junos, by JUNIPER-MIB and JUNIPER-DOM-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Loads, Memory, Profile, Words

PARTS, SLOTS, RUNNING = "~2636.3.1.8.1", "~2636.3.1.6.1", "~2636.3.1.13.1"
OPTICS, FRU = "~2636.3.60.1.1.1.1", "~2636.3.1.15.1"
PORT = "@31.1.1.1.1"
MEBIBYTE = 1 << 20
EMPTY = 2

PROFILES = (
    Profile(
        vendor="Juniper",
        object_ids={"~2636": ("junos", "network")},
        patterns=((r"Juniper Networks, Inc\. srx", "junos", "firewall"),),
        walks=("~2636.3.1.2", "~2636.3.1.3", PARTS, SLOTS, RUNNING, FRU, OPTICS, "~2636.3.4.2", "~2636.3.40.1.4.1.1.1"),
        model=("~2636.3.1.2.0",),
        serial=("~2636.3.1.3.0",),
        version=(Words(r"JUNOS (\S+?)(?:,| |$)"),),
        processors=(Loads(oid=RUNNING + ".8", words="{}", name=RUNNING + ".5", where=RUNNING + ".15"),),
        memory=(
            Memory(
                words="{}",
                name=RUNNING + ".5",
                size=RUNNING + ".15",
                used_percent=RUNNING + ".11",
                unit_bytes=MEBIBYTE,
            ),
        ),
        assemblies=(
            Assembly(rows=SLOTS + ".6", class_="container", name=SLOTS + ".6"),
            Assembly(rows=PARTS + ".6", class_="module", name=PARTS + ".6", model=PARTS + ".10", serial=PARTS + ".7"),
        ),
        sensors=(
            Column(class_="temperature", oid=RUNNING + ".7", words="{} temperature", name=RUNNING + ".5", absent=(0,)),
            Column(class_="state", oid=FRU + ".8", words="{} state", name=FRU + ".5", absent=(1, EMPTY)),
            Column(class_="state", oid="~2636.3.4.2.2.1", words="Yellow alarm"),
            Column(class_="state", oid="~2636.3.4.2.3.1", words="Red alarm"),
            Column(
                class_="state",
                oid="~2636.3.40.1.4.1.1.1.3",
                words="Virtual chassis member {} role",
                name="~2636.3.40.1.4.1.1.1.2",
            ),
            Column(class_="dbm", oid=OPTICS + ".5", words="{} receive", name=PORT, divisor=100),
            Column(class_="current", oid=OPTICS + ".6", words="{} bias", name=PORT, divisor=1_000_000),
            Column(class_="dbm", oid=OPTICS + ".7", words="{} transmit", name=PORT, divisor=100),
            Column(class_="temperature", oid=OPTICS + ".8", words="{} temperature", name=PORT),
        ),
    ),
)
