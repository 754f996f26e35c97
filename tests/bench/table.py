"""Rows of the benchmark: a figure, its peer's in the same run, and the goals of that ratio."""

from dataclasses import dataclass

HEADINGS = ("", "keskidee", "peer", "ratio", "first", "stretch", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`measured` is held against the goals: a ratio that should be small, or a number that should be large."""

    what: str
    ours: str
    peer: str = ""
    measured: float | None = None
    first: float | None = None
    stretch: float | None = None
    at_most: bool = True

    @property
    def verdict(self) -> str:
        """Which goal is met; empty where there is none."""
        if self.first is None or self.stretch is None:
            return ""
        if self.measured is None:
            return "not measured"
        sign = 1.0 if self.at_most else -1.0
        if sign * self.measured <= sign * self.stretch:
            return "stretch met"
        return "first met" if sign * self.measured <= sign * self.first else "MISSED"

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of HEADINGS."""
        ratio = "" if self.measured is None or not self.at_most else f"{self.measured:.3f}"
        bound = "<=" if self.at_most else ">="
        goals = ["" if goal is None else f"{bound} {goal:.4g}" for goal in (self.first, self.stretch)]
        return (self.what, self.ours, self.peer, ratio, *goals, self.verdict)


def beside(
    what: str,
    ours: float,
    peer: float,
    *,
    unit: str,
    first: float | None = None,
    stretch: float | None = None,
) -> Row:
    """A row whose figure is held against the peer's: both in `unit`, the goals as greatest ratios."""
    return Row(
        what=what,
        ours=f"{ours:.4g} {unit}",
        peer=f"{peer:.4g} {unit}",
        measured=ours / peer if peer else None,
        first=first,
        stretch=stretch,
    )


def write(rows: list[Row]) -> str:
    """The rows as a table in Markdown, which a terminal shows well too."""
    lines = [HEADINGS, *[row.cells() for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, tuple("-" * max(3, width) for width in widths))
    texts = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    return "\n".join(texts)
