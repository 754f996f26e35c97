"""One resource, or one object in it, as a board told it: properties may be absent, null, or of another type than the
schema's (DSP0266, 6.5). What is not as it should be is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from sys import intern
from typing import TYPE_CHECKING, Any

from keskidee_agent.host.placeholders import said
from keskidee_report.rules import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_TEXT = 200
OBJECTS_AT_MOST = 1024
"""Of one array, and properties of one object."""
NUMBER = re.compile(r"[-+]?\d{1,18}(\.\d{1,12})?")
ROWS = ("0123456789", "1234567890", "123456789")
DEEPEST = 12
OEM, NOTHING = "Oem", dict[str, Any]()
KEPT_OF_MAKERS = frozenset(
    {"Links", "PCASerialNumber", "PCAPartNumber", "BoardSerialNumber", "SmartStorageBattery", "Battery"}
)
"""What is read of makers' extensions: where more stands, and what the schema has no place for."""
LEFT_OUT = frozenset({"Actions", "RelatedItem", "Certificates", "Boot"})
KEPT_ANNOTATIONS = ("@odata.id", "@odata.nextLink")
HEALTHS = {"ok": "ok", "warning": "warning", "critical": "critical"}
NOT_THERE = frozenset({"absent", "deferring"})
SWITCHED_OFF = frozenset({"disabled", "unavailableoffline"})


@dataclass(frozen=True, slots=True)
class Node:
    """An object and where it stands: `/redfish/v1/Chassis/1/Thermal#/Fans/0`."""

    path: str
    fields: Mapping[str, Any]

    def text(self, *names: str) -> str | None:
        """The first of these properties that says something, in one line; placeholders say nothing."""
        for name in names:
            value = self.fields.get(name)
            if isinstance(value, str) and (words := said(one_line(value, LONGEST_TEXT), name)):
                return words
        return None

    def serial(self) -> str | None:
        """The serial number of a part; one of digits in a row is one, where a PC's firmware would have left it so."""
        value = self.fields.get("SerialNumber")
        words = one_line(value, LONGEST_TEXT) if isinstance(value, str) else ""
        is_row = words.isdigit() and len(set(words)) > 2 and words not in ROWS
        return words if is_row else self.text("SerialNumber")

    def number(self, *names: str) -> float | None:
        """The first of these properties that is a number; one in a string counts, and so does a sensor's excerpt."""
        for name in names:
            value = self.fields.get(name)
            if isinstance(value, dict):
                value = value.get("Reading")
            if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
                value = float(value)
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18:  # not NaN either
                return value
        return None

    def whole(self, *names: str) -> int | None:
        """Likewise, a whole number from 0 on."""
        value = self.number(*names)
        return int(value) if value is not None and value >= 0 and value == int(value) else None

    def times(self, factor: float, *names: str) -> int | None:
        """A number from 0 on in a smaller unit: of mebibytes bytes."""
        value = self.number(*names)
        return round(value * factor) if value is not None and value >= 0 else None

    def flag(self, name: str) -> bool | None:
        """A property that is true or false."""
        value = self.fields.get(name)
        return value if isinstance(value, bool) else None

    def node(self, *names: str) -> Node:
        """The object below; an empty one where there is none."""
        found = self
        for name in names:
            value = found.fields.get(name)
            found = Node(_below(found.path, name), value if isinstance(value, dict) else {})
        return found

    def nodes(self, name: str) -> Iterator[Node]:
        """The objects of an array; an object in its place, as Cisco has it, is one of one."""
        values = self.fields.get(name)
        values = [values] if isinstance(values, dict) else values
        for number, value in enumerate(values[:OBJECTS_AT_MOST] if isinstance(values, list) else ()):
            if isinstance(value, dict):
                yield Node(f"{_below(self.path, name)}/{number}", value)

    def link(self, *names: str) -> str | None:
        """Where the object below says that it stands."""
        place = self.node(*names).fields.get("@odata.id")
        return place if isinstance(place, str) and place else None

    def links(self, name: str) -> list[str]:
        """Likewise, those of an array."""
        places = [each.fields.get("@odata.id") for each in self.nodes(name)]
        return [place for place in places if isinstance(place, str) and place]

    def makers(self) -> Iterator[Node]:
        """The extensions of makers: `Oem.Hpe`, `Oem.Supermicro` ..."""
        oem = self.node(OEM)
        yield from (oem.node(name) for name in oem.fields)

    def oem_link(self, name: str) -> str | None:
        """What the first maker's extension links that links it."""
        return next((link for each in self.makers() if (link := each.link("Links", name))), None)

    def oem_text(self, *names: str) -> str | None:
        """Likewise the first that says something."""
        return next((told for each in self.makers() if (told := each.text(*names))), None)

    @property
    def state(self) -> str:
        """`enabled`, `absent`, `standbyoffline` ...; empty where it does not say."""
        return (self.node("Status").text("State") or "").lower()

    @property
    def is_there(self) -> bool:
        """Whether it is, as far as it says: slots and bays that are empty are resources too."""
        return self.state not in NOT_THERE

    @property
    def is_measuring(self) -> bool:
        """Whether its reading means something: sensors that are switched off read 0."""
        return self.is_there and self.state not in SWITCHED_OFF

    @property
    def health(self) -> str | None:
        """`ok`, `warning`, `critical`, or None."""
        return HEALTHS.get((self.node("Status").text("Health") or "").lower())

    @property
    def rollup(self) -> str | None:
        """The health of it and all that is in it; where it does not say, its own."""
        told = self.node("Status").text("HealthRollup", "HealthRollUp")  # the second is Dell's
        return HEALTHS.get((told or "").lower()) or self.health


def slim(value: Any, depth: int = DEEPEST) -> Any:
    """What is kept of an answer for an hour: without actions, annotations, and most of what is in makers' extensions.

    Half of a usual resource. What is nested deeper than any schema has it is left out.
    """
    if isinstance(value, list):
        return [slim(each, depth - 1) for each in value[:OBJECTS_AT_MOST]] if depth else []
    if not isinstance(value, dict):
        return value
    return {
        intern(name): _extensions(each, depth - 1) if name == OEM and isinstance(each, dict) else slim(each, depth - 1)
        for name, each in islice(value.items(), OBJECTS_AT_MOST if depth else 0)
        if name not in LEFT_OUT and ("@" not in name or name.endswith(KEPT_ANNOTATIONS))
    }


def _extensions(oem: dict[str, Any], depth: int) -> dict[str, Any]:
    return {
        maker: slim({name: each[name] for name in KEPT_OF_MAKERS & each.keys()}, depth)
        if isinstance(each, dict)
        else NOTHING
        for maker, each in islice(oem.items(), OBJECTS_AT_MOST if depth else 0)
    }


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if "#" in path else f"{path}#/{name}"
