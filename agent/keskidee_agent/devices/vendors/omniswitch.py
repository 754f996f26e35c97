"""Alcatel-Lucent Enterprise: OmniSwitch by ALCATEL-IND1-CHASSIS-MIB, releases to 6 below 800, later ones below 801."""

from __future__ import annotations

from keskidee_agent.devices.mibs.entity import PHYSICAL
from keskidee_agent.devices.profile import Column, Loads, Profile, Words

OLD, NEW = "~6486.800.1", "~6486.801.1"
NAMES = PHYSICAL + ".7"


def states(root: str) -> tuple[Column, ...]:
    """How each part and each fan is."""
    return (
        Column(class_="state", oid=root + ".1.1.1.1.1.1.2", name=NAMES),
        Column(class_="state", oid=root + ".1.1.3.1.1.11.1.2", words="Fan {}"),
    )


PROFILES = tuple(
    Profile(
        vendor="Alcatel-Lucent",
        object_ids={number: (system, "network")},
        walks=(root + ".1.1.1.1.1.1.2", root + ".1.1.3.1.1.11.1.2", heat, load),
        model=(Words(r"(OS\d\S+)"),),
        version=(Words(r"(\d+\.\d+\.\d+\.(?:\d+\.)?R\d+)"),),
        processors=(Loads(oid=load, words="Processor"),),
        sensors=(Column(class_="temperature", oid=heat, name=NAMES, absent=(0,)), *states(root)),
    )
    for number, system, root, heat, load in (
        ("~6486.800", "aos", OLD, OLD + ".1.1.3.1.1.3.1.4", OLD + ".2.1.16.1.1.1.13"),
        ("~6486.801", "aos7", NEW, NEW + ".1.1.1.1.2.1.1", NEW + ".2.1.16.1.1.1.1.1.11"),
    )
)
