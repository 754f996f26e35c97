"""Juniper: Junos, by JUNIPER-MIB and JUNIPER-DOM-MIB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Vlan
from keskidee_agent.devices.profile import Assembly, Column, Loads, Memory, Profile, Words, full

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

PARTS, SLOTS, RUNNING = "~2636.3.1.8.1", "~2636.3.1.6.1", "~2636.3.1.13.1"
OPTICS, FRU = "~2636.3.60.1.1.1.1", "~2636.3.1.15.1"
PORT = "@31.1.1.1.1"
MEBIBYTE = 1 << 20
EMPTY = 2

VLANS = (("~2636.3.48.1.3.1.1.2", "~2636.3.48.1.3.1.1.3"), ("~2636.3.40.1.5.1.5.1.2", "~2636.3.40.1.5.1.5.1.5"))


def read(answers: Answers, parts: Parts) -> None:
    """Names of VLANs, in the older and the newer table of names and numbers; Q-BRIDGE-MIB tells the numbers only."""
    names: dict[int, str] = {}
    for name, number in VLANS:
        texts, numbers = answers.texts(full(name)), answers.integers(full(number))
        names |= {numbers[row]: words for row, words in texts.items() if row in numbers}
    known = {vlan.number: vlan for vlan in parts.vlans}
    unnamed = {number: Vlan(number=number, name=None) for number in names}
    parts.vlans[:] = [
        replace(vlan, name=vlan.name or names.get(number)) for number, vlan in sorted((unnamed | known).items())
    ]


PROFILES = (
    Profile(
        vendor="Juniper",
        object_ids={"~2636": ("junos", "network")},
        patterns=((r"Juniper Networks, Inc\. srx", "junos", "firewall"),),
        walks=(
            "~2636.3.1.2",
            "~2636.3.1.3",
            PARTS,
            SLOTS,
            RUNNING,
            FRU,
            OPTICS,
            "~2636.3.4.2",
            "~2636.3.40.1.4.1.1.1",
            *sum(VLANS, ()),
        ),
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
        read=read,
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
    Profile(
        vendor="Juniper NetScreen",
        object_ids={"~3224": ("screenos", "firewall")},
        model=(Words(r"^(\S+?)(?:-Serial|-ISDN|-V\.92)?(?:-WLAN)? version"),),
        serial=(Words(r"SN: ?(\w+)"),),
        version=(Words(r"version ([\d.r]+)"),),
    ),
)
