"""UPS-MIB (RFC 1628): battery, input, output and bypass of any UPS that speaks the standard."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

STANDARD = Profile(
    vendor=None,
    walks=("@33.1",),
    model=("@33.1.1.2.0",),
    version=("@33.1.1.4.0", "@33.1.1.3.0"),
    sensors=(
        Column(class_="state", oid="@33.1.2.1", words="Battery status"),
        Column(class_="runtime", oid="@33.1.2.2", words="Time on battery", divisor=60),
        Column(class_="runtime", oid="@33.1.2.3", words="Battery time remaining"),
        Column(class_="charge", oid="@33.1.2.4", words="Battery charge"),
        Column(class_="voltage", oid="@33.1.2.5", words="Battery voltage", divisor=10),
        Column(class_="current", oid="@33.1.2.6", words="Battery current", divisor=10),
        Column(class_="temperature", oid="@33.1.2.7", words="Battery temperature"),
        Column(class_="frequency", oid="@33.1.3.3.1.2", words="Input {} frequency", divisor=10),
        Column(class_="voltage", oid="@33.1.3.3.1.3", words="Input {} voltage"),
        Column(class_="current", oid="@33.1.3.3.1.4", words="Input {} current", divisor=10),
        Column(class_="power", oid="@33.1.3.3.1.5", words="Input {} power"),
        Column(class_="state", oid="@33.1.4.1", words="Output source"),
        Column(class_="frequency", oid="@33.1.4.2", words="Output frequency", divisor=10),
        Column(class_="voltage", oid="@33.1.4.4.1.2", words="Output {} voltage"),
        Column(class_="current", oid="@33.1.4.4.1.3", words="Output {} current", divisor=10),
        Column(class_="power", oid="@33.1.4.4.1.4", words="Output {} power"),
        Column(class_="load", oid="@33.1.4.4.1.5", words="Output {} load"),
        Column(class_="frequency", oid="@33.1.5.1", words="Bypass frequency", divisor=10),
        Column(class_="voltage", oid="@33.1.5.3.1.2", words="Bypass {} voltage"),
        Column(class_="current", oid="@33.1.5.3.1.3", words="Bypass {} current", divisor=10),
        Column(class_="power", oid="@33.1.5.3.1.4", words="Bypass {} power"),
    ),
)
