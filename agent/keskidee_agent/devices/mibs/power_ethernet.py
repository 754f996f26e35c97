"""POWER-ETHERNET-MIB (RFC 3621): what a switch feeds to the devices on its ports."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

STANDARD = Profile(
    vendor=None,
    walks=("@105.1.3.1.1", "@105.1.1.1.6"),
    sensors=(
        Column(class_="power", oid="@105.1.3.1.1.2", words="PoE {} nominal"),
        Column(class_="state", oid="@105.1.3.1.1.3", words="PoE {} state"),
        Column(class_="power", oid="@105.1.3.1.1.4", words="PoE {} fed"),
        Column(class_="state", oid="@105.1.1.1.6", words="PoE port {}"),  # 3: feeds, 4: fault
    ),
)
