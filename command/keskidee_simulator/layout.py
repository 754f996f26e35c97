"""A layout: the sources, families and label sets that machines of one model and system have in common.

Machines of a layout share its rows, and with them the encoder of the wire format, so that ten thousand machines cost
ten thousand small objects and not ten thousand tables of three hundred rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from keskidee_report.model import OK, Family, Reading

Row = tuple[Family, dict[str, str], int, float, float, int]
"""family, labels, position in the course, coefficient, constant, of what the value is a multiple (0: any number)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source's rows and how long reading it pretends to take."""

    name: str
    seconds: float
    rows: list[Row] = field(default_factory=list)

    def add(
        self, family: Family, course: int, coefficient: float = 1.0, constant: float = 0.0, /, **labels: str
    ) -> None:
        """One sample: `constant + coefficient * course`, cut to a multiple of a unit without decimals."""
        unit = 1 << -family.digits if family.digits is not None and family.digits <= 0 else 0
        self.rows.append((family, labels, course, coefficient, constant, unit))

    def reading(self, courses: tuple[float, ...]) -> Reading:
        """The values of one round."""
        samples = [
            (
                family,
                labels,
                int(constant + coefficient * courses[at]) // unit * unit
                if unit
                else constant + coefficient * courses[at],
            )
            for family, labels, at, coefficient, constant, unit in self.rows
        ]
        return Reading(self.name, OK, "", self.seconds, samples)
