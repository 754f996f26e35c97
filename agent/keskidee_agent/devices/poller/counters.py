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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.engine import Value
    from keskidee_report.model import Family, Sample

TABLE_CHANGED = "1.3.6.1.2.1.31.1.5.0"
"""ifTableLastChange of IF-MIB: an interface came or went."""
FIXED = frozenset({"ifIndex", "ifMtu", "ifSpeed", "ifLinkUpDownTrapEnable", "ifHighSpeed", "ifPromiscuousMode",
                   "ifConnectorPresent"})  # fmt: skip
"""Read with the names: they change with what `marks` watches, or when somebody configures the device."""
LAST_CHANGE = f"{interfaces.TABLE}.9."
HEADS = (system.UPTIME, system.INTERFACES, TABLE_CHANGED)


class Counters:
    """What is asked of a device's interfaces each time (`oids`), and the samples that come of the answer."""

    def __init__(self, answers: Answers) -> None:
        labels = metrics.labels_of(answers)
        oids, families, of_rows = [], [], []
        self._still: list[Sample] = []
        for family, column in metrics.INTERFACE:
            for row, value in answers.integers(column).items():
                if row not in labels:
                    continue
                if family.name in FIXED:
                    self._still.append((family, labels[row], value))
                else:
                    oids.append(intern(f"{column}.{row}"))
                    families.append(family)
                    of_rows.append(labels[row])
        self._still += metrics.kind_samples(answers, labels)
        self._moving = oids
        self._families: tuple[Family, ...] = tuple(families)
        self._labels = tuple(of_rows)
        self.oids = [*HEADS, *oids]
        self._marks: tuple[Value | None, ...] | None = None

    def have_changed(self, values: Mapping[str, Value]) -> bool:
        """Whether an interface came, went, or changed its state, so that names and speeds are to be read again."""
        last_changes = [values.get(oid) for oid in self._moving if oid.startswith(LAST_CHANGE)]
        marks = (values.get(system.INTERFACES), values.get(TABLE_CHANGED), *last_changes)
        before, self._marks = self._marks, marks
        return before is not None and before != marks

    def samples(self, values: Mapping[str, Value]) -> list[Sample]:
        """The samples of one poll; what was not answered is left out."""
        heads: list[Sample] = []
        for family, oid in ((metrics.UPTIME, system.UPTIME), (metrics.NUMBER, system.INTERFACES)):
            if isinstance(value := values.get(oid), int):
                heads.append((family, metrics.NO_LABELS, value))
        found = list(map(values.get, self._moving))
        if any(type(value) is not int for value in found):
            found = [None if value is None else number(value) for value in found]
        pairs = zip(self._families, self._labels, found, strict=True)
        moving: list[Sample] = list(pairs) if None not in found else [each for each in pairs if each[2] is not None]  # type: ignore[arg-type,misc]  # numbers now
        return [*heads, *moving, *self._still]
