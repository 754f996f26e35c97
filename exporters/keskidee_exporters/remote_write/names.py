"""What series are called at a destination: their labels, encoded, for one machine after another.

A part is shared by all machines of a kind, and so are its names: they are encoded once, with bytes that are in no UTF-8
text where a machine's instance, os, role and site belong. A machine's labels are then four replaces and a split a part.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from keskidee_exporters.remote_write.encode import label, template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keskidee_exporters.remote_write.feed import PartNames, PassedReport

    Own = tuple[tuple[str, str], ...]

JOB = "keskidee"
BETWEEN = b"\xff"
MARKS = {"instance": b"\xf8", "os": b"\xf9", "role": b"\xfa", "site": b"\xfb"}
RESERVED = b"".join([BETWEEN, *MARKS.values()])
TARGET_BYTES = 60
"""About what the labels of a machine take in each of its series."""


class Target(NamedTuple):
    """Which machine: the labels that the collector gives."""

    instance: str
    os: str = ""
    role: str = ""
    site: str = ""


class Names:
    """The series of one part at one destination, without those that it does not want.

    `fixed` are the labels that all series get there which do not have them. `size` is about what the labels of all
    series take, in bytes.
    """

    def __init__(
        self, series: Sequence[tuple[str, Own]], fixed: Mapping[str, str], wanted: Callable[[str], bool]
    ) -> None:
        kept = [position for position, (name, _) in enumerate(series) if wanted(name)]
        self.count = len(kept)
        self._positions = kept if len(kept) < len(series) else None
        self._labels = [_sorted_labels(*series[position], fixed) for position in kept]
        marked = [b"".join([MARKS[n] if v is None else label(n, v) for n, v in labels]) for labels in self._labels]
        template = BETWEEN.join(marked)
        marks = len(marked) - 1 + sum([value is None for labels in self._labels for _, value in labels])
        self.size = len(template) + self.count * TARGET_BYTES
        self._template = template if kept and _reserved_bytes(template) == marks else None

    def series(self, target: Target) -> list[bytes]:
        """The encoded labels of each series of a machine."""
        given = {name: label(name, value) if value else b"" for name, value in zip(target._fields, target, strict=True)}
        if self._template is None or _reserved_bytes(b"".join(given.values())):
            # a text of 120 bytes and more can have a length that is encoded with one of our marks
            return [b"".join([given[n] if v is None else label(n, v) for n, v in labels]) for labels in self._labels]
        filled = self._template
        for name, mark in MARKS.items():
            filled = filled.replace(mark, given[name])
        return filled.split(BETWEEN)

    def pick(self, values: Sequence[float]) -> Sequence[float]:
        """The values of those series."""
        if self._positions is None:
            return values
        return [values[position] for position in self._positions]


class MachineSeries:
    """All series of one machine at one destination, in the order of its reports' values."""

    __slots__ = ("_names", "_template", "parts", "size", "target")

    def __init__(self, target: Target, parts: tuple[PartNames, ...], names: Sequence[Names]) -> None:
        self.target = target
        self.parts = parts
        self._names = names
        self._template: bytes | None = None
        self.size = sum([each.size for each in names])

    def series(self) -> list[bytes]:
        """The encoded labels of each."""
        return [series for names in self._names for series in names.series(self.target)]

    def values(self, report: PassedReport) -> list[float]:
        """The values of each."""
        picked = [names.pick(values) for names, (_, values) in zip(self._names, report.parts, strict=True)]
        return list(chain.from_iterable(picked))

    def template(self) -> bytes:
        """See `encode.fill`. It is kept, since most machines name the same series for weeks."""
        if self._template is None:
            self._template = template(self.series())
        return self._template


class Catalogue:
    """The names of every part at one destination; those that no machine uses any more are forgotten by themselves."""

    def __init__(self, fixed: Mapping[str, str], wanted: Callable[[str], bool]) -> None:
        self._fixed = fixed
        self._wanted = wanted
        self._names: WeakKeyDictionary[PartNames, Names] = WeakKeyDictionary()

    def series_of(self, report: PassedReport, known: MachineSeries | None = None) -> MachineSeries:
        """The series of a report; `known` where they are the same."""
        target = Target(report.instance, report.os, report.role, report.site)
        parts = tuple([part for part, _ in report.parts])
        if known is not None and known.target == target and known.parts == parts:
            return known
        return MachineSeries(target, parts, [self._names_of(part) for part in parts])

    def own(self, name: str, own: Own, instance: str) -> bytes | None:
        """The encoded labels of a series of the collector's own; None where it is not wanted."""
        if not self._wanted(name):
            return None
        return b"".join(
            [label(n, v or instance) for n, v in _sorted_labels(name, own, self._fixed) if v or n == "instance"]
        )

    def _names_of(self, part: PartNames) -> Names:
        names = self._names.get(part)
        if names is None:
            names = self._names[part] = Names(part.series, self._fixed, self._wanted)
        return names


def _sorted_labels(name: str, own: Own, fixed: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """All labels of a series by name; None is the machine's. A series' own labels come before all others."""
    labels: dict[str, str | None] = {**fixed, **dict.fromkeys(MARKS), "job": JOB, "__name__": name}
    labels |= {label: value for label, value in own if value}
    return sorted(labels.items())


def _reserved_bytes(text: bytes) -> int:
    return len(text) - len(text.translate(None, RESERVED))
