"""Cisco: IOS, IOS XE, NX-OS and ASA by CISCO-*-MIBs; small business switches, wireless controllers, CIMC, Meraki."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.mibs.entity import PHYSICAL, sensors
from keskidee_agent.devices.parts import Processor, Space, Vlan
from keskidee_agent.devices.profile import Column, Memory, Profile, Words, full

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

CPU, POOL, ENHANCED, ENVIRONMENT = "~9.9.109.1.1.1.1", "~9.9.48.1.1.1", "~9.9.221.1.1.1.1", "~9.9.13.1"
STACK, FIREWALL, VPN = "~9.9.500.1.2.1.1", "~9.9.147.1.2", "~9.9.392.1.3"
SMALL_ENVIRONMENT = "~9.6.1.101.53.15.1"
SMALL, CONTROLLER, CIMC = "~9.6.1.101.53.14.1", "~14179.1.1.1", "~9.9.719.1.9.35.1"
ENTITY_SENSOR, FLASH = "~9.9.91.1.1.1.1", "~9.9.10.1.1.4.1.1"
VLAN_TYPE, VLAN_NAME, ETHERNET_VLAN = "~9.9.46.1.3.1.1.3", "~9.9.46.1.3.1.1.4", 1
NAMES = "@47.1.1.1.1.7"
SENSOR_CLASSES = {
    3: "voltage", 4: "voltage", 5: "current", 6: "power", 7: "frequency", 8: "temperature", 9: "humidity",
    10: "fanspeed", 11: "airflow", 14: "dbm",
}  # fmt: skip


def read(answers: Answers, parts: Parts) -> None:
    """Processors by the part they are, memories with 64 bits where there are, sensors, flash."""
    parts.sensors += sensors(answers, full(ENTITY_SENSOR), SENSOR_CLASSES)
    names, of_part = answers.texts(f"{PHYSICAL}.7"), answers.texts(full(CPU + ".2"))
    for row, load in (answers.numbers(full(CPU + ".5")) | answers.numbers(full(CPU + ".8"))).items():
        name = names.get(of_part.get(row, ""), f"Processor {row}")
        parts.processors.append(Processor(description=name, load_ratio=load / 100))
    wide = answers.integers(full(ENHANCED + ".18")), answers.integers(full(ENHANCED + ".20"))
    used, free = (answers.integers(full(f"{ENHANCED}.{at}")) | column for at, column in zip((7, 8), wide, strict=True))
    pools = answers.texts(full(ENHANCED + ".3"))
    for row in used.keys() & free.keys():
        if used[row] + free[row] > 0:
            name = " - ".join(filter(None, (names.get(row.partition(".")[0]), pools.get(row, row))))
            parts.memory.append(Space(description=name, size_bytes=used[row] + free[row], used_bytes=used[row]))
    _flash(answers, parts)
    known = {vlan.number for vlan in parts.vlans}
    parts.vlans += [vlan for vlan in _vlans(answers) if vlan.number not in known]


def _vlans(answers: Answers) -> Iterator[Vlan]:
    """Those of CISCO-VTP-MIB, whose index is (domain, number)."""
    names = answers.texts(full(VLAN_NAME))
    for row, type_ in answers.integers(full(VLAN_TYPE)).items():
        number = row.rpartition(".")[2]
        if type_ == ETHERNET_VLAN:
            yield Vlan(number=int(number), name=names.get(row))


def _flash(answers: Answers, parts: Parts) -> None:
    sizes, free = answers.integers(full(FLASH + ".4")), answers.integers(full(FLASH + ".5"))
    names = answers.texts(full(FLASH + ".10"))
    for row in sizes.keys() & free.keys():
        parts.storage.append(
            Space(description=names.get(row, "flash"), size_bytes=sizes[row], used_bytes=sizes[row] - free[row])
        )


COMMON = (
    CPU,
    POOL,
    ENHANCED,
    ENVIRONMENT,
    ENTITY_SENSOR,
    FLASH,
    "~9.9.117.1.1.2.1",
    "~9.9.117.1.4.1.1",
    "~9.9.176.1.1",
    VLAN_TYPE,
    VLAN_NAME,
)

PROFILES = (
    Profile(
        vendor="Cisco",
        object_ids={
            "~9.1": ("ios", ""),
            "~9.6.1": ("ciscosb", ""),
            "~9.12.3": ("nxos", "network"),
        },
        patterns=(
            (r"Cisco IOS Software.*(IOSXE|IOS-XE|CAT\dK_|\[)", "iosxe", "network"),
            (r"Cisco IOS XR", "iosxr", "network"),
            (r"Cisco IOS Software.*-K9W[78]-", "ios", "wireless"),
            (r"Cisco NX-OS", "nxos", "network"),
            (r"Adaptive Security Appliance", "asa", "firewall"),
            (r"^Cisco Controller$|Cisco Business Wireless", "aireos", "wireless"),
        ),
        walks=(*COMMON, "~9.9.106.1.2.1.1", "~9.9.402.1.4", STACK + ".6", FIREWALL, VPN + ".1"),
        version=(
            Words(r"\((\w+_IOSXE)[^)]*\), Version ([^\s,]+)"),
            Words(r"Version:? ([^\s,]+)"),
        ),
        memory=(Memory(words="{}", name=POOL + ".2", used=POOL + ".5", free=POOL + ".6"),),
        sensors=(
            Column(class_="voltage", oid=ENVIRONMENT + ".2.1.3", words="{}", name=ENVIRONMENT + ".2.1.2", divisor=1000),
            Column(class_="temperature", oid=ENVIRONMENT + ".3.1.3", words="{}", name=ENVIRONMENT + ".3.1.2"),
            Column(class_="state", oid=ENVIRONMENT + ".4.1.3", words="{}", name=ENVIRONMENT + ".4.1.2"),
            Column(class_="state", oid=ENVIRONMENT + ".5.1.3", words="{}", name=ENVIRONMENT + ".5.1.2"),
            Column(class_="state", oid="~9.9.117.1.1.2.1.2", words="{} power", name=NAMES),
            Column(class_="state", oid="~9.9.117.1.4.1.1.1", words="{}", name=NAMES),
            Column(class_="state", oid="~9.9.176.1.1.2", words="Unit redundancy state"),
            Column(class_="state", oid="~9.9.176.1.1.4", words="Peer redundancy state"),
            Column(class_="state", oid="~9.9.106.1.2.1.1.15", words="HSRP {}", name="~9.9.106.1.2.1.1.11"),
            Column(class_="count", oid="~9.9.402.1.4.1", words="PoE devices"),
            Column(class_="state", oid=STACK + ".6", words="Stack member {}", name=NAMES),
            Column(class_="state", oid=FIREWALL + ".1.1.1.3", words="{}", name=FIREWALL + ".1.1.1.2"),
            Column(class_="count", oid=FIREWALL + ".2.2.2.1.5.40", words="Connections"),
            Column(class_="count", oid=VPN + ".1", words="VPN sessions"),
        ),
        read=read,
    ),
    Profile(
        vendor="Cisco",
        object_ids={"~9.6.1": ("ciscosb", "")},
        walks=(SMALL, SMALL_ENVIRONMENT),
        model=(Words(r"\b((?:SG|SF|SX|CBS|ESW|SLM|SRW)\d[\w-]*)"),),
        serial=(SMALL + ".5",),
        version=(SMALL + ".2",),
        sensors=(
            Column(class_="state", oid=SMALL_ENVIRONMENT + ".2", words="Unit {} power supply"),
            Column(class_="state", oid=SMALL_ENVIRONMENT + ".3", words="Unit {} redundant power supply"),
            Column(class_="temperature", oid=SMALL_ENVIRONMENT + ".10", words="Unit {} temperature", absent=(0,)),
        ),
    ),
    Profile(
        vendor="Cisco",
        object_ids={"~14179": ("aireos", "wireless"), "~9.1.1069": ("aireos", "wireless")},
        patterns=((r"^Cisco Controller$", "aireos", "wireless"),),
        walks=(CONTROLLER,),
        model=(CONTROLLER + ".3.0",),
        serial=(CONTROLLER + ".4.0",),
        version=(CONTROLLER + ".14.0",),
    ),
    Profile(
        vendor="Cisco",
        object_ids={"~9.1.1682": ("cimc", "server")},
        patterns=((r"Cisco Integrated Management Controller|\bCIMC\b", "cimc", "management"),),
        walks=(CIMC,),
        model=(CIMC + ".32",),
        serial=(CIMC + ".47",),
    ),
    Profile(
        vendor="Cisco Meraki",
        object_ids={"~29671": ("meraki", "")},
        patterns=(
            (r"Meraki (MX|Z\d)", "merakimx", "firewall"),
            (r"Meraki MS|Meraki Cloud Managed Switch", "merakims", "network"),
            (r"Meraki (MR|CW)", "merakimr", "wireless"),
        ),
        model=(Words(r"Meraki ((?:MX|MS|MR|CW|Z)\d?[\w-]+)"),),
    ),
)
