"""What a device answered, kept by subtree and handed out by column, so that parsing asks nothing of the network.

Devices answer what they like: numbers in strings, names that are not UTF-8, negative counters. What is no number is no
number (None); text is UTF-8 where it reads so and Latin-1 otherwise, without the zero bytes that devices pad with.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keskidee_agent.devices.engine import Row, Value

LEADING_NUMBER = re.compile(r"\s*(-?\d{1,20}(?!\d)(?:\.\d+)?)")  # 64 bits have twenty digits


class Answers:
    """The values of one reading of one device."""

    def __init__(self) -> None:
        self._walked: dict[str, list[Row]] = {}
        self._scalars: dict[str, Value] = {}
        self._columns: dict[str, dict[str, dict[str, Value]]] = {}
        self._asked: set[str] = set()
        self._moving: set[str] = set()
        self._settled = False

    def add_walk(self, root: str, rows: list[Row]) -> None:
        self._walked[root] = rows

    def add_scalars(self, rows: Iterable[Row]) -> None:
        self._scalars.update(rows)

    def rows(self) -> Iterable[Row]:
        """Every value by its full name."""
        for rows in self._walked.values():
            yield from rows
        yield from self._scalars.items()

    def column(self, oid: str, *, moves: bool = False) -> dict[str, Value]:
        """What stands below an OID, by the rest of the name: the index of a table, `0` of a scalar.

        `moves`: a poller asks for it again each time.
        """
        if moves and not self._settled:
            self._moving.add(oid)
        parent, _, own = oid.rpartition(".")
        if parent not in self._columns:
            self._columns[parent] = self._grouped(parent)
        if not self._settled:
            self._asked.add(oid)
        return self._columns[parent].get(own, {})

    def _grouped(self, parent: str) -> dict[str, dict[str, Value]]:
        groups: dict[str, dict[str, Value]] = {}
        inside, skip = parent + ".", len(parent) + 1
        for oid, value in self._rows_near(parent):
            if oid.startswith(inside):
                own, _, index = oid[skip:].partition(".")
                groups.setdefault(own, {})[index] = value
        return groups

    def _rows_near(self, oid: str) -> Iterable[Row]:
        for root, rows in self._walked.items():
            if oid.startswith(root) or root.startswith(oid):
                yield from rows
        yield from self._scalars.items()

    def texts(self, oid: str) -> dict[str, str]:
        """A column as text; what is empty is left out."""
        return {index: words for index, value in self.column(oid).items() if (words := text(value))}

    def numbers(self, oid: str) -> dict[str, float]:
        """A column as numbers; what is none is left out. Numbers move: a poller asks for them each time."""
        if not self._settled:
            self._moving.add(oid)
        return self._numbers(oid)

    def _numbers(self, oid: str) -> dict[str, float]:
        return {index: found for index, value in self.column(oid).items() if (found := number(value)) is not None}

    def integers(self, oid: str) -> dict[str, int]:
        """A column as whole numbers."""
        return {index: int(found) for index, found in self.numbers(oid).items()}

    def fixed(self, oid: str) -> dict[str, int]:
        """A column as whole numbers that say what something is: a poller need not ask for them each time."""
        return {index: int(found) for index, found in self._numbers(oid).items()}

    def moving(self) -> list[str]:
        """The full names of all that was read as a number that moves."""
        return [f"{oid}.{index}" for oid in sorted(self._moving) for index in self.column(oid)]

    def settle(self, without: Iterable[str]) -> None:
        """Keeps the columns that were asked for, to be read again, and of those nothing below `without`."""
        roots = tuple(without)
        kept: dict[str, dict[str, dict[str, Value]]] = {}
        for oid in self._asked:
            if not oid.startswith(roots) and (column := self.column(oid)):
                parent, _, own = oid.rpartition(".")
                kept.setdefault(parent, {})[own] = column
        self._moving = {oid for oid in self._moving if not oid.startswith(roots) and self.column(oid)}
        self._columns, self._settled = kept, True
        self._walked.clear()
        self._asked.clear()

    def renew(self, values: Mapping[str, Value]) -> bool:
        """Takes new values of what moves; whether any differs. What has none any more is left out from now on."""
        differs = False
        for oid in self._moving:
            column = self.column(oid)
            for index in list(column):
                value = values.get(f"{oid}.{index}")
                if value is None:
                    del column[index]
                    differs = True
                elif value != column[index]:
                    column[index] = value
                    differs = True
        return differs

    def scalar(self, oid: str) -> Value | None:
        """The value of one full name (`...1.0`), or None."""
        if oid in self._scalars:
            return self._scalars[oid]
        column, _, index = oid.rpartition(".")
        return self.column(column).get(index)

    def first(self, oid: str) -> str | None:
        """The first text of a full name or of a column."""
        value = self.scalar(oid)
        words = None if value is None else text(value)
        return words or next(iter(self.texts(oid).values()), None)


def text(value: Value) -> str:
    """Words out of whatever a device sent."""
    if not isinstance(value, bytes):
        return str(value)
    value = value.rstrip(b"\0")
    try:
        words = value.decode("utf-8")
    except UnicodeDecodeError:
        words = value.decode("latin-1")
    return words.replace("\0", "").strip()


def number(value: Value) -> float | None:
    """A number, also out of a string such as `33 (Normal)`; None where there is none, or no finite one."""
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    found = LEADING_NUMBER.match(text(value))
    if found is None:
        return None
    digits = found[1]
    return float(digits) if "." in digits else int(digits)


def hardware_address(value: Value | None) -> str | None:
    """`00:1b:21:0a:0b:0c`; None for what is no six bytes, or all zero."""
    if not isinstance(value, bytes) or len(value) != 6 or not any(value):
        return None
    return value.hex(":")
