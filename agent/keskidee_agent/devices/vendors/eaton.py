"""Eaton: UPSs of the former MGE by MG-SNMP-UPS-MIB, environment by EATON XUPS-MIB; the rest is UPS-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

PROFILES = (
    Profile(
        vendor="Eaton",
        object_ids={"~705": ("eaton-mgeups", "power"), "~705.1": ("eaton-mgeups", "power"), "~534": ("eaton", "power")},
        walks=("~705.1", "~534.1"),
        model=(Words(r"^(?!Linux)(\S.*)$"), "~705.1.1.1.0", "~534.1.1.2.0"),
        serial=("~705.1.1.7.0", "~534.1.1.6.0"),
        version=("~705.1.1.4.0", "~534.1.1.3.0"),
        sensors=(
            Column(class_="delay", oid="~705.1.5.1", words="Time left on battery"),
            Column(class_="state", oid="~705.1.5.9", words="Battery fault"),
            Column(class_="state", oid="~705.1.5.11", words="Battery replacement"),
            Column(class_="state", oid="~705.1.5.14", words="Battery low"),
            Column(class_="state", oid="~705.1.5.15", words="Charger fault"),
            Column(class_="state", oid="~705.1.5.16", words="Battery condition low"),
            Column(class_="state", oid="~705.1.6.3", words="Input bad"),
            Column(class_="state", oid="~705.1.6.4", words="Cause of the input failure"),
            Column(class_="state", oid="~705.1.7.3", words="On battery"),
            Column(class_="state", oid="~705.1.7.4", words="On bypass"),
            Column(class_="state", oid="~705.1.7.7", words="Utility off"),
            Column(class_="state", oid="~705.1.7.9", words="Inverter off"),
            Column(class_="state", oid="~705.1.7.10", words="Overload"),
            Column(class_="state", oid="~705.1.7.11", words="Over temperature"),
            Column(class_="temperature", oid="~534.1.6.1", words="Ambient temperature"),
            Column(class_="temperature", oid="~534.1.6.5", words="Remote temperature"),
            Column(class_="humidity", oid="~534.1.6.6", words="Remote humidity"),
        ),
    ),
)
