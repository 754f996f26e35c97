"""Switches of Broadcom's FASTPATH software, which several makers sell: its inventory, and what its box services say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keskidee_agent.devices.answers import number
from keskidee_agent.devices.parts import Processor, Space
from keskidee_agent.devices.profile import Column, Profile, full

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

BROADCOM = "~4413.1.1"
KIB = 1024
FIRST_SHARE = re.compile(r"\( *(\d+(?:\.\d+)?) *%")


def box(root: str) -> tuple[Column, ...]:
    """Fans, power supplies and temperatures. Older releases have the temperature where newer ones have its state."""
    fan, supply, heat = (f"{root}.43.1.{at}.1" for at in (6, 7, 8))
    return (
        Column(class_="state", oid=fan + ".3", words="Fan {} status"),
        Column(class_="fanspeed", oid=fan + ".4", words="Fan {}"),
        Column(class_="state", oid=supply + ".3", words="Power supply {}"),
        Column(class_="temperature", oid=heat + ".5", words="Temperature {}"),
        Column(class_="temperature", oid=heat + ".4", words="Temperature {}", unless=heat + ".5"),
    )


def walks(root: str) -> tuple[str, ...]:
    """What `box` and `load` read."""
    return (root + ".1.1.4", root + ".43.1.6", root + ".43.1.7", root + ".43.1.8")


def load(root: str) -> Callable[[Answers, Parts], None]:
    """A reader of processor and memory below one maker's root."""
    share, free, whole = (full(f"{root}.1.1.4.{at}.0") for at in (9, 1, 2))

    def read(answers: Answers, parts: Parts) -> None:
        """The first share of a text such as `5 Secs ( 6.99%)  60 Secs ( 6.72%)`, and sizes in KiB."""
        if found := FIRST_SHARE.search(answers.first(share) or ""):
            parts.processors.append(Processor(description="Processor", load_ratio=float(found[1]) / 100))
        sizes = [value and number(value) for value in (answers.scalar(whole), answers.scalar(free))]
        if sizes[0] and sizes[1] is not None:
            size, left = int(sizes[0]) * KIB, int(sizes[1]) * KIB
            parts.memory.append(Space(description="Memory", size_bytes=size, used_bytes=size - left))

    return read


PROFILES = (
    Profile(
        vendor=None,  # Ubiquiti, or another
        object_ids={"~4413": ("", "network")},
        walks=(BROADCOM + ".1.1.1", *walks(BROADCOM)),
        model=(BROADCOM + ".1.1.1.3.0",),
        serial=(BROADCOM + ".1.1.1.4.0",),
        version=(BROADCOM + ".1.1.1.13.0",),
        sensors=box(BROADCOM),
        read=load(BROADCOM),
    ),
)
