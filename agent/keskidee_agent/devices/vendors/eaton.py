"""Eaton: UPSs of the former MGE by MG-SNMP-UPS-MIB, others by XUPS-MIB, rack PDUs by EATON-EPDU-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

UNIT, INPUT, PROBES = "~534.6.6.7.1.2.1", "~534.6.6.7.3", "~534.6.6.7.7"

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
            Column(class_="charge", oid="~705.1.5.2", words="Battery charge", unless="@33.1.2.4"),
            Column(class_="voltage", oid="~705.1.5.5", words="Battery voltage", divisor=10, unless="@33.1.2.5"),
            Column(class_="current", oid="~705.1.5.6", words="Battery current", divisor=10, unless="@33.1.2.6"),
            Column(class_="temperature", oid="~705.1.5.7", words="Battery temperature", unless="@33.1.2.7"),
            Column(
                class_="voltage", oid="~705.1.6.2.1.2", words="Input {} voltage", divisor=10, unless="@33.1.3.3.1.3"
            ),
            Column(
                class_="frequency", oid="~705.1.6.2.1.3", words="Input {} frequency", divisor=10, unless="@33.1.3.3.1.2"
            ),
            Column(
                class_="voltage", oid="~705.1.7.2.1.2", words="Output {} voltage", divisor=10, unless="@33.1.4.4.1.2"
            ),
            Column(
                class_="frequency", oid="~705.1.7.2.1.3", words="Output {} frequency", divisor=10, unless="@33.1.4.2"
            ),
            Column(class_="load", oid="~705.1.7.2.1.4", words="Output {} load", unless="@33.1.4.4.1.5"),
            Column(
                class_="current", oid="~705.1.7.2.1.5", words="Output {} current", divisor=10, unless="@33.1.4.4.1.3"
            ),
            Column(class_="temperature", oid="~705.1.8.1", words="Ambient temperature", divisor=10),
            Column(class_="humidity", oid="~705.1.8.2", words="Ambient humidity", divisor=10),
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
            Column(class_="runtime", oid="~534.1.2.1", words="Battery time remaining", divisor=60, unless="@33.1.2.3"),
            Column(class_="voltage", oid="~534.1.2.2", words="Battery voltage", unless="@33.1.2.5"),
            Column(class_="current", oid="~534.1.2.3", words="Battery current", unless="@33.1.2.6"),
            Column(class_="charge", oid="~534.1.2.4", words="Battery charge", unless="@33.1.2.4"),
            Column(class_="state", oid="~534.1.2.5", words="Battery status", unless="@33.1.2.1"),
            Column(class_="frequency", oid="~534.1.3.1", words="Input frequency", divisor=10, unless="@33.1.3.3.1.2"),
            Column(class_="voltage", oid="~534.1.3.4.1.2", words="Input {} voltage", unless="@33.1.3.3.1.3"),
            Column(class_="current", oid="~534.1.3.4.1.3", words="Input {} current", unless="@33.1.3.3.1.4"),
            Column(class_="power", oid="~534.1.3.4.1.4", words="Input {} power", unless="@33.1.3.3.1.5"),
            Column(class_="load", oid="~534.1.4.1", words="Output load", unless="@33.1.4.4.1.5"),
            Column(class_="frequency", oid="~534.1.4.2", words="Output frequency", divisor=10, unless="@33.1.4.2"),
            Column(class_="voltage", oid="~534.1.4.4.1.2", words="Output {} voltage", unless="@33.1.4.4.1.2"),
            Column(class_="current", oid="~534.1.4.4.1.3", words="Output {} current", unless="@33.1.4.4.1.3"),
            Column(class_="power", oid="~534.1.4.4.1.4", words="Output {} power", unless="@33.1.4.4.1.4"),
            Column(class_="state", oid="~534.1.4.5", words="Output source", unless="@33.1.4.1"),
            Column(class_="frequency", oid="~534.1.5.1", words="Bypass frequency", divisor=10, unless="@33.1.5.1"),
            Column(class_="voltage", oid="~534.1.5.3.1.2", words="Bypass {} voltage", unless="@33.1.5.3.1.2"),
            Column(class_="temperature", oid="~534.1.6.1", words="Ambient temperature"),
            Column(class_="temperature", oid="~534.1.6.5", words="Remote temperature"),
            Column(class_="humidity", oid="~534.1.6.6", words="Remote humidity"),
        ),
    ),
    Profile(
        vendor="Eaton",
        object_ids={"~534.6.6.7": ("eaton-epdu", "power")},
        walks=(UNIT, INPUT, PROBES),
        model=(UNIT + ".2.0", UNIT + ".3.0"),
        serial=(UNIT + ".4.0",),
        version=(UNIT + ".5.0",),
        sensors=(
            Column(class_="frequency", oid=INPUT + ".1.1.3", words="Input {} frequency", divisor=10),
            Column(class_="voltage", oid=INPUT + ".2.1.3", words="Input {} voltage", divisor=1000),
            Column(class_="current", oid=INPUT + ".3.1.4", words="Input {} current", divisor=1000),
            Column(class_="temperature", oid=PROBES + ".1.1.4", words="Probe {} temperature", divisor=10),
            Column(class_="humidity", oid=PROBES + ".2.1.4", words="Probe {} humidity", divisor=10),
        ),
    ),
)
