"""Synology: DiskStation and RackStation, by SYNOLOGY-*-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Profile, Words

PROFILES = (
    Profile(
        vendor="Synology",
        object_ids={"~6574": ("dsm", "storage")},
        probe="~6574.1.5.1.0",
        probed=("dsm", "storage"),
        walks=("~6574.1", "~6574.2", "~6574.3"),
        model=("~6574.1.5.1.0",),
        serial=("~6574.1.5.2.0",),
        version=(Words(r"DSM (\S+)", "~6574.1.5.3.0"),),
        assemblies=(
            Assembly(rows="~6574.2.1.1.2", class_="storageDrive", name="~6574.2.1.1.2", model="~6574.2.1.1.3"),
        ),
        sensors=(
            Column(class_="state", oid="~6574.1.1", words="System"),
            Column(class_="temperature", oid="~6574.1.2", words="System temperature"),
            Column(class_="state", oid="~6574.1.3", words="Power"),
            Column(class_="state", oid="~6574.1.4.1", words="System fan"),
            Column(class_="state", oid="~6574.1.4.2", words="Processor fan"),
            Column(class_="state", oid="~6574.1.5.4", words="Upgrade available"),
            Column(class_="state", oid="~6574.2.1.1.5", words="{} status", name="~6574.2.1.1.2"),
            Column(class_="temperature", oid="~6574.2.1.1.6", words="{} temperature", name="~6574.2.1.1.2"),
            Column(class_="count", oid="~6574.2.1.1.9", words="{} bad sectors", name="~6574.2.1.1.2", absent=(-1,)),
            Column(class_="state", oid="~6574.2.1.1.13", words="{} health", name="~6574.2.1.1.2"),
            Column(class_="state", oid="~6574.3.1.1.3", words="{} status", name="~6574.3.1.1.2"),
        ),
    ),
)
