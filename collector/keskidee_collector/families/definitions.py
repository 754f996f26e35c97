"""One definition a family name in the whole fleet, first come: what Prometheus sees never contradicts itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_report.rules import is_label, page_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_OF_DEVICES = ("keskidee_device_", "keskidee_sensor_", "keskidee_ups_", "keskidee_traps_")
OWN_PREFIXES = {
    "agent": ("keskidee_agent_", "keskidee_poller_"),
    "inventoried": ("keskidee_inventory_",),
    "services": ("keskidee_service_", "keskidee_services_"),
    "snmp": _OF_DEVICES,
    "redfish": _OF_DEVICES,
    "sensors": _OF_DEVICES,
    "traps": ("keskidee_traps_",),
}
"""Sources of ours, and how their families may begin."""

KEPT_PREFIXES = ("keskidee_", "process_", "python_", "scrape_", "ALERTS")
KEPT_NAMES = frozenset({"node_scrape_collector_duration_seconds", "node_scrape_collector_success", "up"})
"""What the collector or Prometheus makes itself: a second family of that name would break the fleet's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a family is, wherever it comes from."""

    name: str
    kind: str
    help: str


class Refused(Exception):
    """This family cannot be taken; the text says why. `passing`: only because there are too many, which may change."""

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


class Definitions:
    """The families known so far. Bounded: a fleet has some hundreds, an attacker would have millions.

    `limit` holds for all machines together, `sender_limit` for what one machine brings, so that none uses it all up.
    """

    def __init__(self, limit: int, sender_limit: int) -> None:
        self._limit = limit
        self._sender_limit = sender_limit
        self._by_name: dict[str, Definition] = {}
        self._taken: dict[str, str] = {}
        self._unsaved: dict[str, Definition] = {}
        self._senders: dict[str, str] = {}
        self._brought: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._by_name)

    def __getitem__(self, name: str) -> Definition:
        return self._by_name[name]

    def all(self) -> dict[str, Definition]:
        """Every definition by name, as they are now."""
        return dict(self._by_name)

    def unsaved(self) -> list[Definition]:
        """The definitions that are not yet known to be durable."""
        return list(self._unsaved.values())

    def saved(self, durable: Iterable[Definition]) -> None:
        """Takes note that these are durable now."""
        for definition in durable:
            self._unsaved.pop(definition.name, None)

    def restore(self, definition: Definition) -> None:
        """Takes a stored definition back without asking."""
        self._by_name[definition.name] = definition
        for name in page_names(definition.name, definition.kind):
            self._taken[name] = definition.name

    def settle(self, wanted: Definition, labels: Collection[str], *, source: str, sender: str) -> Definition:
        """The definition in force for this family; the first one of a name stays. Raises Refused."""
        for label in labels:
            if not is_label(label):
                raise Refused(f"{wanted.name} carries the label {label}, which is not for reports to give")
        own = wanted.name.startswith(OWN_PREFIXES.get(source, ()))
        if wanted.name in KEPT_NAMES or (wanted.name.startswith(KEPT_PREFIXES) and not own):
            raise Refused(f"{wanted.name} is a name that keskidee keeps for itself")
        known = self._by_name.get(wanted.name)
        if known is None:
            self._check_new(wanted, sender)
            self.restore(wanted)
            self._unsaved[wanted.name] = wanted
            self._senders[wanted.name] = sender
            self._brought[sender] += 1
            return wanted
        if known.kind != wanted.kind:
            raise Refused(f"{wanted.name} is of the kind {known.kind} in this fleet, not {wanted.kind}")
        return known

    def keep_only(self, used: Collection[str]) -> list[str]:
        """Forgets every definition that is not `used`; the names that went."""
        unused = [name for name in self._by_name if name not in used]
        for name in unused:
            definition = self._by_name.pop(name)
            for taken in page_names(name, definition.kind):
                if self._taken.get(taken) == name:
                    del self._taken[taken]
            self._unsaved.pop(name, None)
            if name in self._senders:
                self._brought[self._senders.pop(name)] -= 1
        self._brought = +self._brought
        return unused

    def _check_new(self, wanted: Definition, sender: str) -> None:
        for name in page_names(wanted.name, wanted.kind):
            if name in self._taken:
                raise Refused(f"{wanted.name} clashes with {self._taken[name]}")
        if len(self._by_name) >= self._limit:
            raise Refused(f"{wanted.name} would be family number {self._limit + 1} of the fleet", passing=True)
        if self._brought[sender] >= self._sender_limit:
            number = self._sender_limit + 1
            raise Refused(f"{wanted.name} would be new family number {number} of this machine", passing=True)
