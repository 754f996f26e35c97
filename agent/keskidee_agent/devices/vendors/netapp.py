"""NetApp: ONTAP, by NETAPP-MIB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Space
from keskidee_agent.devices.profile import Column, Loads, Profile, Words, full

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

PRODUCT, ENVIRONMENT = "~789.1.1", "~789.1.2.4"
LOAD, VOLUME, KIB = "~789.1.2.1.3", "~789.1.5.4.1", 1024


def read(answers: Answers, parts: Parts) -> None:
    """Volumes and aggregates, by their sizes of 64 bits; those that have none are snapshots without a reserve."""
    names, used = answers.texts(full(VOLUME + ".2")), answers.integers(full(VOLUME + ".30"))
    for row, size in answers.integers(full(VOLUME + ".29")).items():
        if size > 0 and row in used:
            parts.storage.append(
                Space(description=names.get(row, row), size_bytes=size * KIB, used_bytes=used[row] * KIB)
            )


PROFILES = (
    Profile(
        vendor="NetApp",
        object_ids={"~789": ("ontap", "storage")},
        walks=(PRODUCT, ENVIRONMENT, LOAD, *(f"{VOLUME}.{at}" for at in (2, 29, 30))),
        model=(PRODUCT + ".5.0",),
        serial=(PRODUCT + ".9.0",),
        version=(Words(r"Release ([^\s:,]+)", PRODUCT + ".2.0"), Words(r"Release ([^\s:,]+)")),
        processors=(Loads(oid=LOAD, words="Processor"),),
        sensors=(
            Column(class_="state", oid=ENVIRONMENT + ".1", words="Over temperature"),
            Column(class_="count", oid=ENVIRONMENT + ".2", words="Failed fans"),
            Column(class_="count", oid=ENVIRONMENT + ".4", words="Failed power supplies"),
        ),
        read=read,
    ),
)
