"""How the samples of one source become words: its names are worked out once, its values packed each round.

The agent's side of PART (agent/README.md). Standard library and nothing heavy: the resident agent imports this file.
"""

from __future__ import annotations

import struct
from _operator import itemgetter
from hashlib import sha256

from keskidee_report.model import KINDS, Columns
from keskidee_report.rules import HELP_LENGTH, LABEL_VALUE_LENGTH, clean_text
from keskidee_report.wire import DOUBLE, PART_HASH_BYTES, POWERS, SPEAKS, text, varint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keskidee_report.model import Family, Names, Samples


class Part:
    """The names of one source as they stand now, and how its values become words."""

    __slots__ = (
        "_format", "_in_order", "_scales", "as_doubles", "families", "hash", "labels", "names", "payload", "samples",
        "words",
    )  # fmt: skip

    def __init__(
        self,
        families: tuple[Family, ...],
        labels: tuple[dict[str, str], ...],
        *,
        as_doubles: bool = False,
        speaks: int = SPEAKS,
    ) -> None:
        self.families = families
        self.labels = labels
        self.names: Names | None = None
        self.samples: Samples | None = None
        self.words = b""
        self.as_doubles = as_doubles = as_doubles or (speaks < 2 and any(_is_power(each.digits) for each in families))
        grouped = _grouped(families, labels)
        types = [DOUBLE if as_doubles else column_type(f.digits) for f, _ in grouped]
        order = [position for _, rows in grouped for position, _ in rows]
        self._in_order = None if order == list(range(len(families))) else _picker(order)
        scales = [0] * len(families)
        for (_, rows), column in zip(grouped, types, strict=True):
            for position, _ in rows:
                scales[position] = 0 if column == DOUBLE else _scale(column)
        self._scales = scales if any(scales) else []
        letters = ["d" if column == DOUBLE else "q" for column in types]
        self._format = struct.Struct(
            "<" + "".join([letter * len(rows) for letter, (_, rows) in zip(letters, grouped, strict=True)])
        )
        self.payload = varint(len(grouped)) + b"".join(map(_family_rows, grouped, types))
        self.hash = sha256(self.payload).digest()[:PART_HASH_BYTES] if families else b""

    def scaled(self, values: Sequence[float]) -> Sequence[float]:
        """Values as their columns hold them: whole numbers of units, or doubles."""
        if self.as_doubles:
            return list(map(_double, values))
        if self._scales:
            return [
                round(v * s) if s > 0 else _shifted(v, -s) if s else v
                for v, s in zip(values, self._scales, strict=True)
            ]
        return values

    def pack(self, samples: Samples, scaled: Sequence[float]) -> None:
        """Makes the words of these samples, whose values stand beside, `scaled`."""
        self.words = self._format.pack(*(scaled if self._in_order is None else self._in_order(scaled)))
        self.samples = samples


def packed(part: Part | None, samples: Samples, speaks: int = SPEAKS) -> Part:
    """The part with the words of these samples: this one, as long as the names are the same, or another.

    A collector that `speaks` an older form gets no columns that it does not know.
    """
    try:
        if isinstance(samples, Columns):
            return _packed_columns(part, samples, speaks)
        families, labels, values = zip(*samples, strict=True) if samples else ((), (), ())
        if part is None or part.families != families or part.labels != labels:  # identical objects are equal at once
            part = Part(families, labels, speaks=speaks)
        part.pack(samples, part.scaled(values))
    except (struct.error, ValueError, OverflowError):
        # what its declared column cannot hold: NaN, infinity, a fraction where digits is 0, more than 63 bits
        families, labels, values = zip(*samples, strict=True)
        part = Part(families, labels, as_doubles=True)
        part.names = samples.names if isinstance(samples, Columns) else None
        part.pack(samples, part.scaled(values))
    return part


def _packed_columns(part: Part | None, samples: Columns, speaks: int) -> Part:
    if part is None or (part.names is not samples.names and part.names != samples.names):
        families, labels = zip(*samples.names, strict=True) if samples.names else ((), ())
        part = Part(families, labels, speaks=speaks)
    part.names = samples.names
    part.pack(samples, part.scaled([value for _, _, value in samples]) if part.as_doubles else samples.counts)
    return part


def _picker(order: list[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    """What puts values in this order."""
    if len(order) > 1:
        return itemgetter(*order)
    return lambda values: [values[position] for position in order]


def column_type(digits: int | None) -> int:
    """The byte that says how the values of a family with so many digits travel."""
    if digits is None:
        return DOUBLE
    return digits if digits >= 0 else POWERS - digits


def _is_power(digits: int | None) -> bool:
    return digits is not None and digits < 0


def _scale(column: int) -> int:
    """What a value is multiplied by; below zero, how many bits it is shifted by; 0: it is a word as it is."""
    if column > POWERS:
        return POWERS - column
    return 10**column if column else 0


def _shifted(value: float, bits: int) -> int:
    whole = int(value)
    if whole != value or whole & ((1 << bits) - 1):
        raise ValueError("no multiple of its unit")
    return whole >> bits


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond 1.8e308
        return float("inf") if value > 0 else float("-inf")


def _grouped(
    of: tuple[Family, ...], labelled: tuple[dict[str, str], ...]
) -> list[tuple[Family, list[tuple[int, dict[str, str]]]]]:
    """Samples by family, each with its position; a second sample of the same name and labels is left out.

    Labels are compared as they travel: cleaned, cut to length, and absent where nothing is left.
    """
    families: dict[str, tuple[Family, list[tuple[int, dict[str, str]]]]] = {}
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for position, (family, given) in enumerate(zip(of, labelled, strict=True)):
        cleaned = {name: clean_text(value, LABEL_VALUE_LENGTH) for name, value in given.items()}
        labels = {name: value for name, value in cleaned.items() if value}
        key = (family.name, frozenset(labels.items()))
        if key not in seen:
            seen.add(key)
            families.setdefault(family.name, (family, []))[1].append((position, labels))
    return list(families.values())


def _family_rows(family_rows: tuple[Family, list[tuple[int, dict[str, str]]]], column: int) -> bytes:
    family, rows = family_rows
    names: list[str] = list(dict.fromkeys(name for _, labels in rows for name in labels))
    out = [text(family.name), bytes((KINDS.index(family.kind),)), text(clean_text(family.help, HELP_LENGTH))]
    out += [bytes((column,)), varint(len(names)), *map(text, names), varint(len(rows))]
    for _, labels in rows:
        out += [text(labels.get(name, "")) for name in names]
    return b"".join(out)
