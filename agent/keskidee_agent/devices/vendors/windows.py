"""Microsoft Windows: releases by their build, as its SNMP agent names them."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

SERVER, DOMAIN_CONTROLLER = "~311.1.1.3.1.2", "~311.1.1.3.1.3"
RELEASES = (
    (26100, "Server 2025 (24H2)"),
    (20348, "Server 2022 (21H2)"),
    (17763, "Server 2019 (1809)"),
    (14393, "Server 2016 (1607)"),
    (9600, "Server 2012 R2"),
    (9200, "Server 2012"),
    (7601, "Server 2008 R2"),
)
RELEASE = tuple(Words(rf"Build {build}\b", form=name) for build, name in RELEASES)
HARDWARE = (Words(r"Hardware: (?:Intel64|AMD64|EM64T)", form="Intel x64"), Words(r"Hardware: ARM", form="ARM64"))

PROFILES = (
    Profile(
        vendor="Microsoft",
        object_ids={SERVER: ("windows", "server"), DOMAIN_CONTROLLER: ("windows", "server")},
        model=HARDWARE,
        version=RELEASE,
    ),
    Profile(vendor="Microsoft", object_ids={"~311.1.1.3.1.1": ("windows", "workstation")}, model=HARDWARE),
)
