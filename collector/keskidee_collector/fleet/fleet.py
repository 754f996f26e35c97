"""Every machine that the collector knows, by id, instance and site."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from keskidee_collector.fleet.machine import INSTANCE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_collector.fleet.machine import Machine


class Fleet:
    """All machines, by id. `version` grows when a machine comes, goes or is renamed."""

    def __init__(self) -> None:
        self._by_id: dict[str, Machine] = {}
        self._instances: dict[str, str] = {}
        self._by_site: dict[str, dict[str, Machine]] = {}

    def __iter__(self) -> Iterator[Machine]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, machine_id: str) -> Machine | None:
        """The machine of this id."""
        return self._by_id.get(machine_id)

    def of_agent(self, machine_id: str) -> Machine | None:
        """The machine for which an agent with this id reports: another one where records were merged."""
        machine = self._by_id.get(machine_id)
        while machine is not None and machine.took_over and machine.merged_into is not None:
            machine = self._by_id.get(machine.merged_into)
        return machine

    def move(self, machine: Machine, site: str) -> None:
        """Files a machine under another site."""
        del self._by_site[machine.site][machine.id]
        machine.site = site
        self._by_site.setdefault(site, {})[machine.id] = machine

    def sites(self) -> list[str]:
        """The sites that machines have, by name."""
        return sorted(self._by_site)

    def at(self, site: str) -> Iterable[Machine]:
        """The machines of a site, retired ones too."""
        return self._by_site.get(site, {}).values()

    def add(self, machine: Machine) -> None:
        """Adds a machine whose instance is free (see `free_instance`)."""
        self._by_id[machine.id] = machine
        self._by_site.setdefault(machine.site, {})[machine.id] = machine
        self._instances[machine.instance] = machine.id

    def drop(self, machine: Machine) -> None:
        """Takes back `add`."""
        del self._by_id[machine.id]
        del self._by_site[machine.site][machine.id]
        del self._instances[machine.instance]

    def free_instance(self, hostname: str, machine_id: str) -> str:
        """The host name; with a short id where another machine has it (fifteen offices have fifteen `pc-01`)."""
        name = " ".join(hostname.split())[:INSTANCE_LENGTH] or "unnamed"
        for length in (0, 8, 16, 32):
            instance = f"{name}-{machine_id[:length]}" if length else name
            if self._instances.get(instance, machine_id) == machine_id:
                return instance
        return next(each for n in count(2) if (each := f"{name}-{machine_id}-{n}") not in self._instances)

    def rename(self, machine: Machine, instance: str) -> None:
        """Gives a machine another instance, which must be free."""
        del self._instances[machine.instance]
        machine.rename(instance)
        self._instances[instance] = machine.id
