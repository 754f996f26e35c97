"""What a vendor's devices say beyond the standard MIBs: one declared table a vendor, in a file of `vendors/`.

A profile names OIDs and says what stands there; the code that reads is the same for all (`tables.py`). What no table
can say stands in a function of the vendor's file, `Profile.read`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_agent.devices.answers import hardware_address, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

ENTERPRISES = "1.3.6.1.4.1."
SYS_DESCR = "1.3.6.1.2.1.1.1.0"
PORT_ADDRESSES = "1.3.6.1.2.1.2.2.1.6"
WRITTEN_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")

UNITS = {
    "temperature": "celsius",
    "voltage": "volts",
    "current": "amperes",
    "power": "watts",
    "apparent_power": "voltamperes",
    "energy": "watt_hours",
    "frequency": "hertz",
    "fanspeed": "rpm",
    "humidity": "percent",
    "charge": "percent",
    "load": "percent",
    "percent": "percent",
    "runtime": "minutes",
    "delay": "seconds",
    "dbm": "dbm",
    "airflow": "cfm",
    "state": "",
    "count": "",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A fact out of text: the groups of a pattern in the first value of an OID that has it (sysDescr by default).

    `form` puts the groups together, `{} / {}`; without it a blank stands between them.
    """

    pattern: str
    oid: str = SYS_DESCR
    form: str = ""


@dataclass(frozen=True, slots=True)
class HardwareAddress:
    """The first hardware address of a column in capitals, without colons: some makers' serial number, by their word."""

    oid: str = PORT_ADDRESSES


Place = str | Words | HardwareAddress
"""Where a fact stands: a full name or a column (its first text), words of a text, or a hardware address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Sensors of one column, or one scalar (its OID without the `.0`).

    The value is divided by `divisor`, or by ten for each digit that the column `decimals` gives by the same index. A
    description is the column `name` by the same index, put into `words` where `{}` stands; one name may hold for all
    rows whose index begins with its own. Values in `absent` mean that there is no such sensor. `where` keeps the rows
    whose value in another column is among those given, numbers or words. `unless` names a column that says the same
    better: where it has rows, this one is left.
    """

    class_: str
    oid: str
    words: str = "{}"
    name: str = ""
    divisor: float = 1
    decimals: str = ""
    absent: tuple[float, ...] = ()
    where: tuple[str, tuple[int, ...] | tuple[str, ...]] | None = None
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Processors: a column of percents; `where` names a column that is above zero for those that exist."""

    oid: str
    words: str = "Processor {}"
    name: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memories: columns of sizes, of which two are enough, in units of so many bytes."""

    words: str = "Memory {}"
    name: str = ""
    size: str = ""
    used: str = ""
    free: str = ""
    used_percent: str = ""
    unit_bytes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Components: one a row of a vendor's table, whose rows are those of the column `rows`."""

    rows: str
    class_: str
    words: str = "{}"
    name: str = ""
    model: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # each is the one of its file
class Profile:
    """One vendor, or one family of its devices.

    `object_ids`: prefixes of sysObjectID (below the enterprises arc where they begin with a tilde) with the system
    and the kind they stand for. `patterns`: the same by words of sysDescr, which go before. `probe`: a full name that
    only these devices have, for those whose agent names itself Net-SNMP. `vendor` None leaves it to the registry.
    """

    vendor: str | None
    object_ids: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    patterns: tuple[tuple[str, str, str], ...] = ()
    probe: str | None = None
    probed: tuple[str, str] | None = None
    walks: tuple[str, ...] = ()
    model: tuple[Place, ...] = ()
    serial: tuple[Place, ...] = ()
    version: tuple[Place, ...] = ()
    sensors: tuple[Column, ...] = ()
    processors: tuple[Loads, ...] = ()
    memory: tuple[Memory, ...] = ()
    assemblies: tuple[Assembly, ...] = ()
    read: Callable[[Answers, Parts], None] | None = None


def full(oid: str) -> str:
    """`~9.1` is 1.3.6.1.4.1.9.1, and `@2.1` is 1.3.6.1.2.1.2.1: tables stay readable."""
    if oid.startswith("~"):
        return ENTERPRISES + oid[1:]
    return "1.3.6.1.2.1." + oid[1:] if oid.startswith("@") else oid


def fact(places: tuple[Place, ...], answers: Answers) -> str | None:
    """The first of the places at which something stands."""
    for place in places:
        if isinstance(place, Words):
            if found_words := _found(place, answers):
                return found_words
        elif isinstance(place, HardwareAddress):
            if found_address := _address(place, answers):
                return found_address
        elif found_text := answers.first(full(place)):
            return found_text
    return None


def _found(place: Words, answers: Answers) -> str | None:
    oid = full(place.oid)
    scalar = answers.first(oid)
    for words in [scalar] if scalar else answers.texts(oid).values():
        if found := re.search(place.pattern, words):
            groups = [part for part in found.groups() if part]
            return place.form.format(*groups) if place.form else " ".join(groups) or found[0]
    return None


def _address(place: HardwareAddress, answers: Answers) -> str | None:
    for value in answers.column(full(place.oid)).values():
        address = hardware_address(value) or text(value)
        if WRITTEN_ADDRESS.fullmatch(address):
            return re.sub("[:-]", "", address).upper()
    return None
