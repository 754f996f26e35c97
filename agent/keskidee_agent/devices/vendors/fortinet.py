"""Fortinet: FortiGate, FortiSwitch and FortiMail by their FORTINET-*-MIBs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.named import named_sensors
from keskidee_agent.devices.profile import Column, Loads, Memory, Profile, Words

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

GATE, SWITCH, MAIL = "~12356.101", "~12356.106.4.1", "~12356.105.1"
MANAGER = "~12356.103.2.1"
HARDWARE = GATE + ".4.3.2.1"


def read(answers: Answers, parts: Parts) -> None:
    """The sensors of the hardware, of which the device tells a name and a value."""
    parts.sensors += named_sensors(answers, HARDWARE + ".2", HARDWARE + ".3")


PROFILES = (
    Profile(
        vendor="Fortinet",
        object_ids={"~12356.101": ("fortigate", "firewall")},
        walks=(GATE + ".4", GATE + ".12", "~12356.100.1"),
        model=(Words(r"^(Forti\w+)-(\S+) v", "@47.1.1.1.1.10"),),
        serial=("~12356.100.1.1.1.0",),
        version=(GATE + ".4.1.1.0",),
        processors=(Loads(oid=GATE + ".4.1.3", words="Processor"),),
        memory=(Memory(words="Memory", size=GATE + ".4.1.5", used_percent=GATE + ".4.1.4", unit_bytes=1024),),
        sensors=(
            Column(class_="count", oid="~12356.101.4.1.8", words="Sessions"),
            Column(class_="count", oid="~12356.101.4.1.11", words="New sessions a second, over 1 minutes"),
            Column(class_="count", oid="~12356.101.4.1.12", words="New sessions a second, over 10 minutes"),
            Column(class_="count", oid="~12356.101.4.1.13", words="New sessions a second, over 30 minutes"),
            Column(class_="count", oid="~12356.101.4.1.14", words="New sessions a second, over 60 minutes"),
            Column(class_="count", oid="~12356.101.12.1.1", words="IPsec tunnels"),
            Column(class_="state", oid="~12356.101.12.2.3.1.1", words="SSL VPN"),
            Column(class_="count", oid="~12356.101.12.2.3.1.2", words="SSL VPN users"),
            Column(class_="count", oid="~12356.101.12.2.3.1.6", words="SSL VPN tunnels"),
        ),
        read=read,
    ),
    Profile(
        vendor="Fortinet",
        object_ids={"~12356": ("", "")},
        walks=("~12356.100.1", SWITCH, MAIL, MANAGER),
        model=(MAIL + ".1.0", Words(r"(Forti[A-Z][a-z]+-\w+)"), Words(r"^(Forti\S+)-(\S+) v", "@47.1.1.1.1.10")),
        serial=("~12356.100.1.1.1.0", MAIL + ".2.0"),
        version=(Words(r"v(\d[\d.]+)", SWITCH + ".1.0"), MAIL + ".3.0", MANAGER + ".7.0"),
        processors=(Loads(oid=SWITCH + ".2", words="Processor"), Loads(oid=MANAGER + ".1", words="Processor")),
        memory=(
            Memory(words="Memory", size=SWITCH + ".4", used=SWITCH + ".3", unit_bytes=1024),
            Memory(words="Memory", size=MANAGER + ".3", used=MANAGER + ".2", unit_bytes=1024),
        ),
    ),
)
