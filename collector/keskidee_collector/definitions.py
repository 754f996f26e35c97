"""One definition a family name in the whole fleet, first come: what Prometheus sees never contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass

from keskidee_report.rules import RESERVED_PREFIX, clash_key

OWN_SOURCES = frozenset({"agent"})
"""Sources whose families are keskidee's own, so that they may use its prefix."""

MADE_HERE = frozenset(
    {
        "node_scrape_collector_duration_seconds",
        "node_scrape_collector_success",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "up",
    }
)
"""Families that the collector or Prometheus makes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a family is, wherever it comes from."""

    name: str
    kind: str
    help: str


class Refused(Exception):
    """This family cannot be taken; the text says why."""


class Definitions:
    """The families known so far. Bounded: a fleet has some hundreds, an attacker would have millions."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_name: dict[str, Definition] = {}
        self._by_key: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def __getitem__(self, name: str) -> Definition:
        return self._by_name[name]

    def names(self) -> list[str]:
        """All family names, sorted."""
        return sorted(self._by_name)

    def since(self, count: int) -> list[Definition]:
        """The definitions that came after the first `count`."""
        return list(self._by_name.values())[count:]

    def restore(self, definition: Definition) -> None:
        """Takes a stored definition back without asking."""
        self._by_name[definition.name] = definition
        self._by_key[clash_key(definition.name, definition.kind)] = definition.name

    def settle(self, wanted: Definition, source: str) -> Definition:
        """The definition in force for this family; the first one of a name stays. Raises Refused."""
        known = self._by_name.get(wanted.name)
        if known is None:
            self._check_new(wanted, source)
            self.restore(wanted)
            return wanted
        if known.kind != wanted.kind:
            raise Refused(f"{wanted.name} is a {known.kind} in this fleet, not a {wanted.kind}")
        return known

    def _check_new(self, wanted: Definition, source: str) -> None:
        own = wanted.name.startswith(RESERVED_PREFIX)
        if (own and source not in OWN_SOURCES) or wanted.name in MADE_HERE:
            raise Refused(f"{wanted.name} is a name that keskidee keeps for itself")
        other = self._by_key.get(clash_key(wanted.name, wanted.kind))
        if other is not None:
            raise Refused(f"{wanted.name} clashes with {other}")
        if len(self._by_name) >= self._limit:
            raise Refused(f"{wanted.name} would be family number {self._limit + 1}")
