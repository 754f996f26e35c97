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
            Column(class_="runtime", oid="~534.1.2.1", words="Battery time remaining", divisor=60),
            Column(class_="voltage", oid="~534.1.2.2", words="Battery voltage"),
            Column(class_="current", oid="~534.1.2.3", words="Battery current"),
            Column(class_="charge", oid="~534.1.2.4", words="Battery charge"),
            Column(class_="state", oid="~534.1.2.5", words="Battery status"),
            Column(class_="frequency", oid="~534.1.3.1", words="Input frequency", divisor=10),
            Column(class_="voltage", oid="~534.1.3.4.1.2", words="Input {} voltage"),
            Column(class_="current", oid="~534.1.3.4.1.3", words="Input {} current"),
            Column(class_="power", oid="~534.1.3.4.1.4", words="Input {} power"),
            Column(class_="load", oid="~534.1.4.1", words="Output load"),
            Column(class_="frequency", oid="~534.1.4.2", words="Output frequency", divisor=10),
            Column(class_="voltage", oid="~534.1.4.4.1.2", words="Output {} voltage"),
            Column(class_="current", oid="~534.1.4.4.1.3", words="Output {} current"),
            Column(class_="power", oid="~534.1.4.4.1.4", words="Output {} power"),
            Column(class_="state", oid="~534.1.4.5", words="Output source"),
            Column(class_="frequency", oid="~534.1.5.1", words="Bypass frequency", divisor=10),
            Column(class_="voltage", oid="~534.1.5.3.1.2", words="Bypass {} voltage"),
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
