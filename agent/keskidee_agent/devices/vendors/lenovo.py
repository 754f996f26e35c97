"""Lenovo and IBM: server cards (XClarity Controller, IMM), by their LENOVO-XCC-MIB and IMM-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

XCC, IMM = "~19046.11.1.1", "~2.3.51.3.1"


def health(card: str) -> tuple[Column, ...]:
    """Temperatures, voltages, fans and the whole: the two MIBs are alike below their roots."""
    return (
        Column(class_="temperature", oid=card + ".1.2.1.3", name=card + ".1.2.1.2"),
        Column(class_="voltage", oid=card + ".2.2.1.3", name=card + ".2.2.1.2"),
        Column(class_="percent", oid=card + ".3.2.1.3", name=card + ".3.2.1.2"),  # of its highest speed
        Column(class_="state", oid=card + ".4.1", words="System"),
    )


def walks(card: str) -> tuple[str, ...]:
    """What `health` reads, and who it is."""
    return (card + ".1.2", card + ".2.2", card + ".3.2", card + ".4.1", card + ".5.2.1")


PROFILES = (
    Profile(
        vendor="Lenovo",
        object_ids={"~19046.11": ("xcc", "management")},
        walks=walks(XCC),
        model=(XCC + ".5.2.1.5.0", XCC + ".5.2.1.2.0"),
        serial=(XCC + ".5.2.1.3.0",),
        sensors=health(XCC),
    ),
    Profile(
        vendor="IBM",
        object_ids={"~2.3.51.3": ("imm", "management")},
        walks=walks(IMM),
        model=(IMM + ".5.2.1.5.0", IMM + ".5.2.1.2.0"),
        serial=(IMM + ".5.2.1.3.0",),
        sensors=health(IMM),
    ),
)
