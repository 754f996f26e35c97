"""The families of several text files become samples, as node_exporter merges them: the first that says it is right.

Pure. The resident imports this module when a folder of text files is set, so nothing heavy is imported.
"""

from __future__ import annotations

from keskidee_agent.gather.exposition import SAMPLES_AT_MOST
from keskidee_agent.host.sysfs import label
from keskidee_report.model import HISTOGRAM, SUMMARY, UNTYPED, Family
from keskidee_report.pages import BOUNDS, shortest
from keskidee_report.rules import LABELS_AT_MOST, is_name, page_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_agent.gather.exposition import TextFamily
    from keskidee_report.model import Sample

NAMES_AT_MOST = 1000
"""Names that the families of all files may take. It and SAMPLES_AT_MOST are half of what a collector takes of one
machine in a report: what is over would cost the machine all its families."""
FAMILIES_KEPT = 4 * NAMES_AT_MOST


class Merged:
    """The samples of all files. `told` says by file what was left out; `failed` whether that is an error of the scrape.

    `own` are names that no file may give; `families` remembers Family objects from one merging to the next.
    """

    def __init__(
        self, files: Mapping[str, list[TextFamily]], own: set[str], families: dict[tuple[str, str, str], Family]
    ) -> None:
        self.samples: list[Sample] = []
        self.failed = False
        self.told: dict[str, str] = {}
        self._families = families
        if len(families) > FAMILIES_KEPT:
            families.clear()
        taken = dict.fromkeys(own, "keskidee")
        for name, members in self._grouped(files).items():
            self._add(name, members, taken)

    def _grouped(self, files: Mapping[str, list[TextFamily]]) -> dict[str, list[tuple[str, TextFamily]]]:
        """The families by name, each with its files; without those whose help or kind contradicts the first."""
        groups: dict[str, list[tuple[str, TextFamily]]] = {}
        for path, of_file in files.items():
            for family in of_file:
                members = groups.setdefault(family.name, [])
                helps = [member.help for _, member in members if member.help is not None]
                if helps and family.help is not None and family.help != helps[0]:
                    self.failed = True
                    self.told[path] = f"{family.name} has another help text than in {members[0][0]}"
                elif members and members[0][1].kind != family.kind:  # node_exporter leaves its error metric at 0 here
                    self.told[path] = f"{family.name} is a {family.kind}, but a {members[0][1].kind} in {members[0][0]}"
                else:
                    members.append((path, family))
        return groups

    def _add(self, name: str, members: list[tuple[str, TextFamily]], taken: dict[str, str]) -> None:
        kind = members[0][1].kind or UNTYPED
        names = page_names(name, kind) if kind in (HISTOGRAM, SUMMARY) else (name,)
        labels = _label_names(members)
        problem = ""
        if not all(is_name(text) for text in (names[-1], *labels)) or len(labels) > LABELS_AT_MOST:
            problem = f"{name[:80]} or one of its labels has a name that no collector takes"
        elif clash := next((taken[text] for text in names if text in taken), ""):
            problem = f"{name} has a name that {clash} takes"
        elif len(taken) > NAMES_AT_MOST or len(self.samples) + _size(members) > SAMPLES_AT_MOST:
            problem = f"{name} and what follows is more than fits into a report"
        if problem:
            self.failed = True
            self.told[members[-1][0]] = problem
            return
        taken.update(dict.fromkeys(names, name))
        helps = [family.help for _, family in members if family.help is not None]
        help_text = helps[0] if helps else "Metric read from " + ", ".join([label(path) for path, _ in members])
        if kind in (HISTOGRAM, SUMMARY):
            self._add_distributions(name, kind, help_text, members, labels)
        else:
            family = self._family(name, kind, help_text)
            seen = set()
            for path, member in members:
                for given, value in member.samples:
                    key = frozenset([pair for pair in given.items() if pair[1]])
                    if key in seen:  # as node_exporter, which leaves its error metric at 0
                        self.told[path] = f"{name} has a series twice; the first stands"
                        continue
                    seen.add(key)
                    self.samples.append((family, _filled(given, labels), value))

    def _add_distributions(
        self, name: str, kind: str, help_text: str, members: list[tuple[str, TextFamily]], labels: list[str]
    ) -> None:
        counted = kind == HISTOGRAM
        bounds = self._family(name + "_bucket" * counted, kind, help_text, digits=0 if counted else None)
        totals = self._family(name + "_sum", kind, help_text)
        counts = self._family(name + "_count", kind, help_text, digits=0)
        rows: list[list[Sample]] = [[], [], []]
        seen = set()
        for path, member in members:
            for distribution in member.distributions.values():
                key = frozenset([pair for pair in distribution.labels.items() if pair[1]])
                if key in seen:
                    self.told[path] = f"{name} has a series twice; the first stands"
                    continue
                seen.add(key)
                given = _filled(distribution.labels, labels)
                values = {float("inf"): distribution.count} if counted else {}
                for place, value in sorted({**values, **distribution.bounds}.items()):
                    rows[0].append((bounds, {**given, BOUNDS[kind]: shortest(place)}, value))
                rows[1].append((totals, given, distribution.total))
                rows[2].append((counts, given, distribution.count))
        self.samples += [sample for column in rows for sample in column]

    def _family(self, name: str, kind: str, help_text: str, *, digits: int | None = None) -> Family:
        """The same object each time, so that unchanged names are recognised without comparing texts."""
        key = (name, kind, help_text)
        family = self._families.get(key)
        if family is None:
            family = self._families[key] = Family(name, kind, help_text, digits=digits)
        return family


def _size(members: list[tuple[str, TextFamily]]) -> int:
    """How many samples these become, at most."""
    return sum(
        len(family.samples) + sum(len(one.bounds) + 3 for one in family.distributions.values()) for _, family in members
    )


def _label_names(members: list[tuple[str, TextFamily]]) -> list[str]:
    """Every label that a sample of the family has, in the order in which they came."""
    rows = [labels for _, family in members for labels, _ in family.samples]
    rows += [one.labels for _, family in members for one in family.distributions.values()]
    return list(dict.fromkeys([name for labels in rows for name in labels]))


def _filled(labels: dict[str, str], names: list[str]) -> dict[str, str]:
    """The labels and, empty, those that other samples of the family have, as node_exporter shows them."""
    return labels if len(labels) == len(names) else {name: labels.get(name, "") for name in names}
