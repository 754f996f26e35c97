"""The interfaces of one device from poll to poll: what moves is asked for by its full name, what does not stands.

A GET of names that are known costs a quarter of a walk: nobody looks for the next row, and nothing is read twice. The
samples are those of metrics.py, in one order for as long as names and rows stay.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from keskidee_agent.devices import metrics
from keskidee_agent.devices.answers import number
from keskidee_agent.devices.mibs import interfaces, system
from keskidee_report.model import Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.engine import Value
    from keskidee_report.model import Family, Names, Sample, Samples

TABLE_CHANGED = "1.3.6.1.2.1.31.1.5.0"
"""ifTableLastChange of IF-MIB: an interface came or went."""
FIXED = frozenset({"ifIndex", "ifMtu", "ifSpeed", "ifLinkUpDownTrapEnable", "ifHighSpeed", "ifPromiscuousMode",
                   "ifConnectorPresent"})  # fmt: skip
"""Read with the names: they change with what `marks` watches, or when somebody configures the device."""
LAST_CHANGE = f"{interfaces.TABLE}.9."


class Counters:
    """What is asked of a device's interfaces each time (`oids`), and the samples that come of the answer."""

    def __init__(self, answers: Answers) -> None:
        labels = metrics.labels_of(answers)
        names: list[tuple[Family, dict[str, str]]] = []
        self._moving: list[str] = []
        for family, oid in ((metrics.UPTIME, system.UPTIME), (metrics.NUMBER, system.INTERFACES)):
            if isinstance(answers.scalar(oid), int):
                names.append((family, metrics.NO_LABELS))
                self._moving.append(oid)
        still: list[Sample] = list(metrics.kind_samples(answers, labels))
        for family, column in metrics.INTERFACE:
            for row, value in answers.integers(column).items():
                if row in labels and family.name in FIXED:
                    still.append((family, labels[row], value))
                elif row in labels:
                    names.append((family, labels[row]))
                    self._moving.append(intern(f"{column}.{row}"))
        self._names: Names = (*names, *[(family, of) for family, of, _ in still])
        self._still = [int(value) for _, _, value in still]
        self._last_changes = [oid for oid in self._moving if oid.startswith(LAST_CHANGE)]
        self._marks: tuple[Value | None, ...] | None = None

    @property
    def oids(self) -> list[str]:
        """The full names to ask for."""
        return [*self._moving, TABLE_CHANGED]

    def have_changed(self, values: Mapping[str, Value]) -> bool:
        """Whether an interface came, went, or changed its state, so that names and speeds are to be read again."""
        marks = tuple(map(values.get, (system.INTERFACES, TABLE_CHANGED, *self._last_changes)))
        before, self._marks = self._marks, marks
        return before is not None and before != marks

    def samples(self, values: Mapping[str, Value]) -> Samples:
        """The samples of one poll; what was not answered is left out."""
        found = list(map(values.get, self._moving))
        if all(type(value) is int for value in found):
            return Columns(self._names, [*found, *self._still])  # type: ignore[list-item]  # whole numbers, all of them
        told = [None if value is None else number(value) for value in found]
        pairs = zip(self._names, [*told, *self._still], strict=True)
        return [(family, labels, value) for (family, labels), value in pairs if value is not None]
