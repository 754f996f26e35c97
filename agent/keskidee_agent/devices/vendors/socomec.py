"""Socomec: UPSs behind a NET VISION card, by SOCOMECUPS-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

PROFILES = (
    Profile(
        vendor="Socomec",
        object_ids={"~4555": ("socomec-ups", "power")},
        walks=("~4555.1.1.7.1",),
        model=("~4555.1.1.7.1.1.1.0",),
        serial=("~4555.1.1.7.1.1.2.0",),
        version=(Words(r"v(\d[\d.]*)", "~4555.1.1.7.1.1.5.0"), "~4555.1.1.7.1.1.5.0"),
        sensors=(
            Column(class_="state", oid="~4555.1.1.7.1.2.1", words="Battery status"),
            Column(class_="runtime", oid="~4555.1.1.7.1.2.2", words="Time on battery", divisor=60),
            Column(class_="runtime", oid="~4555.1.1.7.1.2.3", words="Battery time remaining"),
            Column(class_="charge", oid="~4555.1.1.7.1.2.4", words="Battery charge"),
            Column(class_="voltage", oid="~4555.1.1.7.1.2.5", words="Battery voltage", divisor=10),
            Column(class_="temperature", oid="~4555.1.1.7.1.2.7", words="Ambient temperature", divisor=10),
            Column(class_="frequency", oid="~4555.1.1.7.1.3.2", words="Input frequency", divisor=10),
            Column(class_="voltage", oid="~4555.1.1.7.1.3.3.1.2", words="Input {} voltage", divisor=10),
            Column(class_="current", oid="~4555.1.1.7.1.3.3.1.3", words="Input {} current", divisor=10, absent=(-1,)),
            Column(class_="state", oid="~4555.1.1.7.1.4.1", words="Output source"),
            Column(class_="frequency", oid="~4555.1.1.7.1.4.2", words="Output frequency", divisor=10),
            Column(class_="voltage", oid="~4555.1.1.7.1.4.4.1.2", words="Output {} voltage", divisor=10),
            Column(class_="current", oid="~4555.1.1.7.1.4.4.1.3", words="Output {} current", divisor=10, absent=(-1,)),
            Column(class_="load", oid="~4555.1.1.7.1.4.4.1.4", words="Output {} load"),
            Column(class_="frequency", oid="~4555.1.1.7.1.5.1", words="Bypass frequency", divisor=10),
            Column(class_="voltage", oid="~4555.1.1.7.1.5.3.1.2", words="Bypass {} voltage", divisor=10),
            Column(class_="state", oid="~4555.1.1.7.1.6.3.1", words="Alarm: battery bad"),
            Column(class_="state", oid="~4555.1.1.7.1.6.3.2", words="Alarm: output overload"),
            Column(class_="state", oid="~4555.1.1.7.1.6.3.3", words="Alarm: temperature"),
            Column(class_="state", oid="~4555.1.1.7.1.6.3.11", words="Alarm: general fault"),
            Column(class_="state", oid="~4555.1.1.7.1.6.3.21", words="Alarm: rectifier"),
            Column(class_="state", oid="~4555.1.1.7.1.6.3.32", words="Alarm: fans"),
        ),
    ),
)
