"""What one reading of a machine is made of: families, samples, outcomes.

Plain classes with slots and plain tuples instead of dataclasses: the resident agent imports this file, and the
`dataclasses` module alone would add 3 MiB to every machine it runs on.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Sample: TypeAlias = tuple["Family", dict[str, str], float]
    Names: TypeAlias = tuple[tuple["Family", dict[str, str]], ...]
    Samples: TypeAlias = list[Sample] | "Columns"
else:
    Sample = tuple

COUNTER, GAUGE, UNTYPED, HISTOGRAM, SUMMARY = "counter", "gauge", "untyped", "histogram", "summary"
KINDS = (COUNTER, GAUGE, UNTYPED, HISTOGRAM, SUMMARY)
"""Kinds of families; the wire carries the index.

A histogram `x` is read and travels as the families `x_bucket`, `x_sum` and `x_count`, a summary `x` as `x`, `x_sum` and
`x_count`, each of that kind; pages.py says how they become one family again.
"""

OK, ABSENT, DENIED, FAILED, TIMED_OUT = "ok", "absent", "denied", "failed", "timed_out"
OUTCOMES = (OK, ABSENT, DENIED, FAILED, TIMED_OUT)
"""What became of a source in one round; the wire carries the index."""

LONGEST_NAME = 200
DIGITS = (None, *range(-32, 10))
UNITS = ("seconds", "bytes", "celsius", "volts", "amperes", "watts", "joules", "hertz", "ratio", "meters", "grams")


class Family:
    """One metric family: its name, kind, help text, and how its values travel.

    `digits` None sends values as 64-bit doubles. 0 to 9 says that every value is a multiple of 10**-digits
    (a byte count: 0; clock ticks of 1/100 s: 2) and sends it as an integer, which deflates far better; below 0, that
    every value is a multiple of 2**-digits (KiB: -10), which is shorter still.
    Raises Malformed for what no collector takes, here and now, so that it costs its source and not a whole report.
    """

    __slots__ = ("digits", "help", "kind", "name")

    def __init__(self, name: str, kind: str, help: str, *, digits: int | None = None) -> None:
        if not (name.isascii() and name.isidentifier() and len(name) <= LONGEST_NAME):
            raise Malformed("an illegal family name", name)
        if kind not in KINDS or digits not in DIGITS:
            raise Malformed(f"family {name} of kind {kind} with {digits} digits")
        self.name = name
        self.kind = kind
        self.help = help
        self.digits = digits

    def __call__(self, value: float, /, **labels: str) -> Sample:
        """One sample: the tuple (family, labels, value)."""
        return (self, labels, value)

    def __repr__(self) -> str:
        return f"Family({self.name!r}, {self.kind!r})"

    @property
    def unit(self) -> str:
        """The base unit that ends the name (before `_total`), or an empty text."""
        last = self.name.removesuffix("_total").rpartition("_")[2]
        return last if last in UNITS else ""


class Columns:
    """Samples whose names stay while their values move: what a source with hundreds of them gives in place of a list.

    `names` are the family and labels of each, the very same object as long as they are the same names. `counts` are
    whole numbers in the units that the digits of its family say (clock ticks where they are 2, KiB for -10), as they
    travel; so no family here is of doubles. Neither is changed once it is in a reading. Iterated, it gives samples.
    """

    __slots__ = ("counts", "names")

    def __init__(self, names: Names, counts: list[int]) -> None:
        self.names = names
        self.counts = counts

    def __iter__(self) -> Iterator[Sample]:
        for (family, labels), count in zip(self.names, self.counts, strict=True):
            yield (family, labels, _in_units(count, family.digits))

    def __len__(self) -> int:
        return len(self.counts)

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Columns
            and self.counts == other.counts
            and (self.names is other.names or self.names == other.names)
        )

    __hash__ = None  # type: ignore[assignment]


def _in_units(count: int, digits: int | None) -> float:
    """A count in the units of its family as a number. Thousandths are multiplied, as node_exporter makes seconds of
    them: the last digit of a double may differ from that of a quotient.
    """
    if not digits:
        return count
    if digits < 0:
        return count << -digits
    return count * 0.001 if digits == 3 else count / 10**digits


class Reading:
    """What one source gave in one round.

    `outcome` is one of OUTCOMES, `reason` says why it is not ok (empty otherwise), `seconds` is wall time.

    A gatherer promises its encoder three things, so that what did not change need not be looked at again:
    - `samples is` the list of this source's reading before: nothing in it changed, neither names nor values.
      It may then even be the same Reading. Nobody changes a list of samples once it is in a reading.
    - Another list: something may have changed, and equal samples are possible still.
    - Where only values moved, the sources that are read each round give the very same Family and labels objects in
      the same order. So identity may be asked first; but where it fails, equality decides, not every source can.
    What is said of a list holds for Columns too.
    """

    __slots__ = ("outcome", "reason", "samples", "seconds", "source")

    def __init__(
        self, source: str, outcome: str, reason: str = "", seconds: float = 0.0, samples: Samples | None = None
    ) -> None:
        self.source = source
        self.outcome = outcome
        self.reason = reason
        self.seconds = seconds
        self.samples: Samples = samples if samples is not None else []


class NotHere(Exception):
    """This machine has no such thing. Normal: the source is absent."""


class Denied(Exception):
    """A right is missing; the text names which one."""


class TimedOut(Exception):
    """The machine did not answer before the deadline."""


class Malformed(Exception):
    """What was read is not in the format it should have; quotes at most 80 characters of it."""

    def __init__(self, what: str, quoted: str | bytes = "") -> None:
        super().__init__(f"{what}: {quoted[:80]!r}" if quoted else what)


class UnknownForm(Malformed):
    """A report says something in a way that this reader does not know: its sender is newer."""
