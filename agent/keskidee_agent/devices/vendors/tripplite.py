"""Tripp Lite: UPSs and PDUs, by TRIPPLITE-PRODUCTS."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

IDENTITY, DEVICE = "~850.1.1.2.1", "~850.1.1.1.2.1"
BATTERY, DETAIL = "~850.1.1.3.1.3.1.1.1", "~850.1.1.3.1.3.1.2.1"

PROFILES = (
    Profile(
        vendor="Tripp Lite",
        object_ids={"~850": ("tripplite", "power")},
        walks=(IDENTITY, DEVICE, BATTERY, DETAIL),
        model=(DEVICE + ".5",),
        serial=(DEVICE + ".11",),
        sensors=(
            Column(class_="state", oid=BATTERY + ".1", words="Battery status", unless="@33.1.2.1"),
            Column(class_="runtime", oid=BATTERY + ".2", words="Time on battery", divisor=60, unless="@33.1.2.2"),
            Column(class_="runtime", oid=BATTERY + ".3", words="Battery time remaining", unless="@33.1.2.3"),
            Column(class_="charge", oid=BATTERY + ".4", words="Battery charge", unless="@33.1.2.4"),
            Column(class_="voltage", oid=DETAIL + ".1", words="Battery voltage", divisor=10, unless="@33.1.2.5"),
            Column(class_="current", oid=DETAIL + ".2", words="Battery current", divisor=10, unless="@33.1.2.6"),
        ),
    ),
)
