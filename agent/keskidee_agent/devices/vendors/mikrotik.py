"""MikroTik: RouterOS, by MIKROTIK-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

HEALTH = "~14988.1.1.3"  # what releases before 7 tell; later ones have the table below
GAUGES, OPTICS = "~14988.1.1.3.100.1", "~14988.1.1.19.1.1"
POE = "~14988.1.1.15.1.1"
NAME, VALUE, UNIT = GAUGES + ".2", GAUGES + ".3", GAUGES + ".4"

PROFILES = (
    Profile(
        vendor="MikroTik",
        object_ids={"~14988": ("routeros", "network")},
        walks=("~14988.1.1.3", "~14988.1.1.4", "~14988.1.1.7", OPTICS, POE),
        model=(Words(r"RouterOS (\S+.*)"), "~14988.1.1.7.8.0"),
        serial=("~14988.1.1.7.3.0",),
        version=("~14988.1.1.4.4.0", "~14988.1.1.7.4.0"),
        sensors=(
            Column(class_="voltage", oid=HEALTH + ".8", words="Voltage", divisor=10),
            Column(class_="temperature", oid=HEALTH + ".10", words="Temperature", divisor=10),
            Column(class_="temperature", oid=HEALTH + ".11", words="Processor temperature", divisor=10),
            Column(class_="power", oid=HEALTH + ".12", words="Power", divisor=10),
            Column(class_="current", oid=HEALTH + ".13", words="Current", divisor=1000),
            Column(class_="state", oid=HEALTH + ".15", words="Power supply"),
            Column(class_="state", oid=HEALTH + ".16", words="Backup power supply"),
            Column(class_="fanspeed", oid=HEALTH + ".17", words="Fan 1"),
            Column(class_="fanspeed", oid=HEALTH + ".18", words="Fan 2"),
            Column(class_="temperature", oid=VALUE, name=NAME, where=(UNIT, (1,))),
            Column(class_="fanspeed", oid=VALUE, name=NAME, where=(UNIT, (2,))),
            Column(class_="voltage", oid=VALUE, name=NAME, divisor=10, where=(UNIT, (3,))),
            Column(class_="current", oid=VALUE, name=NAME, divisor=10, where=(UNIT, (4,))),
            Column(class_="power", oid=VALUE, name=NAME, divisor=10, where=(UNIT, (5,))),
            Column(class_="state", oid=VALUE, name=NAME, where=(UNIT, (6,))),
            Column(class_="state", oid=POE + ".3", words="{} fed", name=POE + ".2"),
            Column(class_="voltage", oid=POE + ".4", words="{} fed", name=POE + ".2", divisor=10),
            Column(class_="current", oid=POE + ".5", words="{} fed", name=POE + ".2", divisor=1000),
            Column(class_="power", oid=POE + ".6", words="{} fed", name=POE + ".2", divisor=10),
            Column(class_="state", oid=OPTICS + ".3", words="{} receive loss", name=OPTICS + ".2"),
            Column(class_="state", oid=OPTICS + ".4", words="{} transmit fault", name=OPTICS + ".2"),
            Column(class_="temperature", oid=OPTICS + ".6", words="{} temperature", name=OPTICS + ".2"),
            Column(class_="voltage", oid=OPTICS + ".7", words="{} voltage", name=OPTICS + ".2", divisor=1000),
            Column(class_="current", oid=OPTICS + ".8", words="{} bias", name=OPTICS + ".2", divisor=1000),
            Column(class_="dbm", oid=OPTICS + ".9", words="{} transmit", name=OPTICS + ".2", divisor=1000),
            Column(class_="dbm", oid=OPTICS + ".10", words="{} receive", name=OPTICS + ".2", divisor=1000),
        ),
    ),
)
