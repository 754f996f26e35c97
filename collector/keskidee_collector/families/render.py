"""Values become text once, when they arrive: one chunk of exposition lines a family and machine.

A source's names are compiled once into a byte template that all machines with the same names share. The value texts
come from one call of the JSON encoder (shortest form that reads back the same); the machine's instance is put in by
one replace. Chunks hold sample lines only, alike in the text format 0.0.4 and in OpenMetrics 1.0.
The columns of a histogram or summary, each a family on the wire, become one family here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from keskidee_collector.families.measures import places_of
from keskidee_report.decode import Words
from keskidee_report.model import HISTOGRAM, SUMMARY
from keskidee_report.pages import BOUNDS, Unfit, arranged, bound_text, page_family

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from keskidee_report.decode import Column, Part

INSTANCE = b"\x01"
"""Stands for the machine's instance in a template; label values are stripped of control characters, so it is unique."""
BETWEEN = b"\x02"
"""Stands between the families of a template."""
ROWS_AT_ONCE = 500
"""Of new names; no machine has so many, and one that brings thousands again and again keeps nobody waiting."""

_values = msgspec.json.Encoder()


def escaped(value: str) -> str:
    """A label value as both formats want it; control characters but newline and tab are dropped."""
    if value.isprintable() and "\\" not in value and '"' not in value:
        return value
    value = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return "".join([c for c in value if c == "\t" or (ord(c) >= 32 and ord(c) != 127)])


def labels_text(labels: dict[str, str]) -> str:
    """`{a="1",b="2"}` in the order given, without empty values; nothing at all where none is left."""
    pairs = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items() if value)
    return f"{{{pairs}}}" if pairs else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFamily:
    """A family as it stands on a page: its lines with a place for each value, and where in the part the values are.

    `labels` are those of its rows, but for the bounds of a histogram or summary. `series` are name and labels a line.
    """

    name: str
    kind: str
    help: str
    labels: frozenset[str]
    lines: str
    positions: list[int]
    series: list[tuple[str, tuple[tuple[str, str], ...]]]


def page_families(part: Part, refused: dict[str, str]) -> list[PageFamily]:
    """The families of a part that are not `refused`, in its order; those that fit no page are added to `refused`."""
    steps = paged(part, refused)
    try:
        while True:
            next(steps)
    except StopIteration as done:
        found: list[PageFamily] = done.value
        return found


def paged(part: Part, refused: dict[str, str]) -> Generator[None, None, list[PageFamily]]:
    """The same bit by bit: yields after each ROWS_AT_ONCE rows, some milliseconds, in which others may have a turn."""
    groups: dict[tuple[str, str], list[tuple[int, Column]]] = {}
    start = 0
    for column in part.columns:
        try:
            name = page_family(column.name, column.kind, column.labels)
        except Unfit as reason:
            name = column.name
            refused.setdefault(name, str(reason))
        groups.setdefault((name, column.kind), []).append((start, column))
        start += len(column.rows)
    families = []
    for (name, kind), columns in groups.items():
        if name not in refused:
            try:
                families.append((yield from _page_family(name, kind, columns)))
            except Unfit as reason:
                refused[name] = str(reason)
    return families


def _page_family(name: str, kind: str, columns: list[tuple[int, Column]]) -> Generator[None, None, PageFamily]:
    rows: list[tuple[str, dict[str, str]]] = []
    for _, column in columns:
        for row in column.rows:
            rows.append((column.name, {each: value for each, value in zip(column.labels, row, strict=True) if value}))
            if len(rows) % ROWS_AT_ONCE == 0:
                yield
    positions = [start + index for start, column in columns for index in range(len(column.rows))]
    bound = BOUNDS.get(kind, "")
    if kind in (HISTOGRAM, SUMMARY):
        order = arranged(name, kind, rows)
        rows, positions = [rows[at] for at in order], [positions[at] for at in order]
    lines, series = [], []
    for row_name, labels in rows:
        own = tuple([(label, bound_text(v) if label == bound else v) for label, v in labels.items()])
        series.append((row_name, own))
        pairs = "".join([f',{label}="{escaped(v)}"' for label, v in own])
        lines.append(f'{row_name}{{instance="\x01"{pairs}}} '.replace("%", "%%") + "%b\n")
        if len(lines) % ROWS_AT_ONCE == 0:
            yield
    return PageFamily(
        name=name,
        kind=kind,
        help=columns[0][1].help,
        labels=frozenset([label for _, column in columns for label in column.labels if label != bound]),
        lines="".join(lines),
        positions=positions,
        series=series,
    )


class PartTemplate:
    """The accepted families of one source, ready to be filled. `passing`: some are refused for now only.

    `places` are those of the values that days/days.py follows.
    """

    __slots__ = (
        *("__weakref__", "_positions", "_template", "_words"),
        *("count", "families", "names", "part_hash", "passing", "places", "refused", "series", "size"),
    )

    def __init__(
        self, part: Part, accepted: list[PageFamily], refused: dict[str, str], *, passing: bool = False
    ) -> None:
        self.names: tuple[str, ...] = tuple([family.name for family in accepted])
        self.refused = refused
        self.passing = passing
        self.count = part.count
        self.size = part.count * 8
        self.families = len(self.names)
        self.part_hash = part.hash
        self.places = places_of(part)
        self._words = Words(part)
        self._template = BETWEEN.join([family.lines.encode() for family in accepted])
        positions = [position for family in accepted for position in family.positions]
        self.series = len(positions)
        self._positions = positions if positions != list(range(part.count)) else None

    def values(self, words: bytes, offset: int) -> Sequence[float]:
        """The values in the order of the lines; `offset` is where the part's words begin, in bytes."""
        values = self._words.read(words, offset)
        return values if self._positions is None else [values[position] for position in self._positions]

    def fill(self, words: bytes, offset: int, instance: bytes) -> list[bytes]:
        """One chunk a family in the order of `names`; `offset` is where the part's words begin, in bytes."""
        values = self.values(words, offset)
        if not values:
            return []
        text = _values.encode(values)
        texts = [_odd_value(value) for value in values] if b"null" in text else text[1:-1].split(b",")
        return (self._template % tuple(texts)).replace(INSTANCE, instance).split(BETWEEN)


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
