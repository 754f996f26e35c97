"""QNAP: NAS, by NAS-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Profile, Words

SYSTEM, ENCLOSURE = "~24681.1.2", "~24681.1.4.1.1.1.1.1.2.1"
DISKS = SYSTEM + ".11.1"

PROFILES = (
    Profile(
        vendor="QNAP",
        object_ids={"~24681": ("qts", "storage"), "~55062": ("qts", "storage")},
        probe=SYSTEM + ".12.0",
        probed=("qts", "storage"),
        walks=(SYSTEM, ENCLOSURE),
        model=(ENCLOSURE + ".3", SYSTEM + ".12.0"),
        serial=(ENCLOSURE + ".4",),
        version=(Words(r"Linux \S+ (\d+\.\d+\.\d+)"),),
        assemblies=(Assembly(rows=DISKS + ".2", class_="storageDrive", name=DISKS + ".2", model=DISKS + ".5"),),
        sensors=(
            Column(class_="temperature", oid=SYSTEM + ".5", words="Processor temperature"),
            Column(class_="temperature", oid=SYSTEM + ".6", words="System temperature"),
            Column(class_="temperature", oid=DISKS + ".3", words="{} temperature", name=DISKS + ".2"),
            Column(class_="state", oid=DISKS + ".4", words="{} state", name=DISKS + ".2"),
            Column(class_="fanspeed", oid=SYSTEM + ".15.1.3", words="{}", name=SYSTEM + ".15.1.2"),
        ),
    ),
)
