"""LSI and Broadcom MegaRAID controllers inside a server, by LSI-MegaRAID-SAS-MIB through its Net-SNMP."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Profile

ADAPTERS, BATTERIES, DRIVES, ENCLOSURES = (
    "~3582.4.1.4.1.3.1",
    "~3582.4.1.4.1.6.2.1",
    "~3582.4.1.4.2.1.2.1",
    "~3582.4.1.5.2.1",
)

PROFILES = (
    Profile(
        vendor=None,
        probe="~3582.4.1.4.1.2.1.1.0",
        probed=("linux", "server"),
        walks=("~3582.4.1",),
        assemblies=(
            Assembly(
                rows=ADAPTERS + ".1",
                class_="module",
                words="Controller {}",
                model=ADAPTERS + ".12",
                serial=ADAPTERS + ".13",
            ),
            Assembly(
                rows=BATTERIES + ".1",
                class_="battery",
                words="Battery {}",
                model=BATTERIES + ".18",
                serial=BATTERIES + ".19",
            ),
            Assembly(rows=DRIVES + ".1", class_="storageDrive", words="Drive {}"),
            Assembly(
                rows=ENCLOSURES + ".1",
                class_="chassis",
                words="Enclosure {}",
                model=ENCLOSURES + ".19",
                serial=ENCLOSURES + ".17",
            ),
        ),
        sensors=(
            Column(class_="state", oid="~3582.4.1.4.1.2.1.4", words="Controller {} alarm"),
            Column(class_="count", oid="~3582.4.1.4.1.2.1.18", words="Controller {} virtual disks"),
            Column(class_="count", oid="~3582.4.1.4.1.2.1.19", words="Controller {} degraded virtual disks"),
            Column(class_="count", oid="~3582.4.1.4.1.2.1.23", words="Controller {} critical disks"),
            Column(class_="count", oid="~3582.4.1.4.1.2.1.24", words="Controller {} failed disks"),
            Column(class_="temperature", oid="~3582.4.1.4.1.2.1.42", words="Controller {} temperature"),
            Column(class_="temperature", oid="~3582.4.1.4.1.6.2.1.16", words="Battery {} temperature"),
            Column(class_="state", oid="~3582.4.1.4.1.6.2.1.20", words="Battery {} charger"),
            Column(class_="state", oid="~3582.4.1.4.1.6.2.1.27", words="Battery {} replacement"),
            Column(class_="count", oid="~3582.4.1.4.2.1.2.1.7", words="Drive {} media errors"),
            Column(class_="count", oid="~3582.4.1.4.2.1.2.1.8", words="Drive {} other errors"),
            Column(class_="count", oid="~3582.4.1.4.2.1.2.1.9", words="Drive {} predicted failures"),
            Column(class_="temperature", oid="~3582.4.1.4.2.1.2.1.36", words="Drive {} temperature"),
        ),
    ),
)
