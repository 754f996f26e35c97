"""Values become text once, when they arrive: one chunk of exposition lines a family and machine.

A source's names are compiled once into a byte template that all machines with the same names share. The value texts
come from one call of the JSON encoder (shortest form that reads back the same); the machine's instance is put in by
one replace. Chunks hold sample lines only, alike in the text format 0.0.4 and in OpenMetrics 1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from keskidee_report.decode import Words

if TYPE_CHECKING:
    from collections.abc import Collection

    from keskidee_report.decode import Column, Part

INSTANCE = b"\x01"
"""Stands for the machine's instance in a template; label values are stripped of control characters, so it is unique."""
BETWEEN = b"\x02"
"""Stands between the families of a template."""

_values = msgspec.json.Encoder()


def escaped(value: str) -> str:
    """A label value as both formats want it; other control characters than newline are dropped."""
    if value.isprintable() and "\\" not in value and '"' not in value:
        return value
    value = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return "".join(c for c in value if ord(c) >= 32 and ord(c) != 127)


def labels_text(labels: dict[str, str]) -> str:
    """`{a="1",b="2"}` in the order given, without empty values; nothing at all where none is left."""
    pairs = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items() if value)
    return f"{{{pairs}}}" if pairs else ""


class PartTemplate:
    """The accepted families of one source, ready to be filled."""

    __slots__ = ("__weakref__", "_keep", "_template", "_words", "count", "names", "refused", "series")

    def __init__(self, part: Part, accepted: Collection[str], refused: dict[str, str]) -> None:
        columns = [column for column in part.columns if column.name in accepted]
        self.names: tuple[str, ...] = tuple([column.name for column in columns])
        self.refused = refused
        self.series = sum(len(column.rows) for column in columns)
        self.count = part.count
        self._words = Words(part)
        self._template = BETWEEN.join([_column_template(column) for column in columns])
        self._keep = _kept_positions(part, accepted) if self.series != part.count else None

    def fill(self, words: bytes, offset: int, instance: bytes) -> list[bytes]:
        """One chunk a family in the order of `names`; `offset` is where the part's words begin, in bytes."""
        values = self._words.read(words, offset)
        if self._keep is not None:
            values = [values[position] for position in self._keep]
        if not values:
            return []
        texts = _values.encode(values)[1:-1].split(b",")
        if b"null" in texts:
            texts = [_odd_value(value) for value in values]
        return (self._template % tuple(texts)).replace(INSTANCE, instance).split(BETWEEN)


def _column_template(column: Column) -> bytes:
    lines = []
    for row in column.rows:
        pairs = "".join(f',{name}="{escaped(value)}"' for name, value in zip(column.labels, row, strict=True) if value)
        lines.append(f'{column.name}{{instance="\x01"{pairs}}} '.replace("%", "%%") + "%b\n")
    return "".join(lines).encode()


def _kept_positions(part: Part, accepted: Collection[str]) -> list[int]:
    owners = [column.name for column in part.columns for _ in column.rows]
    return [position for position, name in enumerate(owners) if name in accepted]


def _odd_value(value: float) -> bytes:
    """JSON has no word for NaN and the infinities; both exposition formats do."""
    if value != value:
        return b"NaN"
    if value in (float("inf"), float("-inf")):
        return b"+Inf" if value > 0 else b"-Inf"
    return _values.encode(value)


def instance_text(instance: str) -> bytes:
    """An instance as it stands between the quotes."""
    return escaped(instance).encode()
