"""A device out of a file: one `.snmprec` line a value (`OID|tag|value`, the format of snmpsim), sorted by OID.

Tags are BER's: 2 INTEGER, 4 OCTET STRING, 6 OBJECT IDENTIFIER, 64 IpAddress, 65 Counter32, 66 Gauge32, 67 TimeTicks,
68 Opaque, 70 Counter64; an `x` behind it says that the value is in hexadecimal.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from keskidee_agent.devices.engine import Row, Value

INTEGERS = frozenset({"2", "65", "66", "67", "70"})
DOTTED = frozenset({"6", "64"})


class RecordedEngine:
    """Answers as the recorded device did."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._values = dict(reversed(rows))  # of a name that was recorded twice, the first value is the one
        self._rows = sorted((numbers(oid), oid, value) for oid, value in self._values.items())

    @classmethod
    def of(cls, path: Path) -> RecordedEngine:
        """The device recorded in one file."""
        return cls(list(recorded_rows(path.read_bytes())))

    async def get(self, oids: Sequence[str]) -> list[Row]:
        return [(oid, self._values[oid]) for oid in oids if oid in self._values]

    async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        root = numbers(oid)
        at = bisect_right(self._rows, root, key=lambda row: row[0])
        while at < len(self._rows) and self._rows[at][0][: len(root)] == root:
            yield self._rows[at][1], self._rows[at][2]
            at += 1

    def close(self) -> None: ...


def numbers(oid: str) -> tuple[int, ...]:
    """An OID in the order of SNMP."""
    return tuple(map(int, oid.split(".")))


def recorded_rows(content: bytes) -> Iterator[Row]:
    """The values of a recording; a line that is none is passed over, and blanks at its end are, as by snmpsim."""
    for line in content.split(b"\n"):
        oid, _, rest = line.rstrip().partition(b"|")
        tag, separator, text = rest.partition(b"|")
        if separator and (value := _value(tag.decode("ascii", "replace"), text)) is not None:
            yield oid.decode("ascii", "replace"), value


def _value(tag: str, text: bytes) -> Value | None:
    try:
        if tag in INTEGERS:
            return int(text)
        if tag in DOTTED:
            return text.decode("ascii").lstrip(".")
        if tag.endswith("x"):
            octets = bytes.fromhex(text.decode("ascii"))
            return ".".join(map(str, octets)) if tag == "64x" else octets
    except ValueError:
        return None
    return text if tag.rstrip("e") == "4" else None
