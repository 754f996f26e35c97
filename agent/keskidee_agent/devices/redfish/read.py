"""Reads one board: who it is, then each part of it, what moves first; what was read stays whatever comes after."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import Garbled, NoAnswer
from keskidee_agent.devices.redfish import chassis as boxes
from keskidee_agent.devices.redfish import managers, sensors, storage, subsystems, systems
from keskidee_agent.devices.redfish.found import Found
from keskidee_agent.devices.redfish.makers import identity_of, vendor_of
from keskidee_agent.devices.redfish.node import Node
from keskidee_agent.devices.redfish.service import ROOT, Budget, Spent
from keskidee_agent.devices.redfish.tree import MOVING, SLOW, STILL, Gone, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.devices.parts import Identity, Parts
    from keskidee_agent.devices.redfish.service import Service

OF_THE_HOST = frozenset({"disk", "graphics", "memory", "memory_slot", "network", "processor", "raid"})
KINDS = OF_THE_HOST | {"bios", "board", "chassis", "component", "firmware", "power_supply", "system"}
WHOLE_SECONDS = 300.0
"""A board that takes longer over all of it is left; what it has told by then stays."""


@dataclass(slots=True, kw_only=True)
class BoardReading:
    """One board, what it is made of, and what could not be read of it (a line each)."""

    found: Found
    troubles: list[str] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        """What it is."""
        return self.found.identity

    @property
    def parts(self) -> Parts:
        """What it is made of, in the words of the contract."""
        return self.found.parts


class Reader:
    """A board from reading to reading; of one thread at a time."""

    def __init__(self, service: Service, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._tree = Tree(self._service, ticks=ticks)
        self._known: Identity | None = None

    def read(self, seconds: float = WHOLE_SECONDS, *, all_anew: bool = True) -> BoardReading:
        """One reading, of so many seconds at most. Raises NoAnswer, Refused, Garbled where nothing was read at all."""
        budget, tree, found = Budget(until=time.monotonic() + seconds), self._tree, Found()
        try:
            self._service.open(budget, anew=all_anew)
        except Spent as error:
            raise NoAnswer(str(error)) from None
        tree.begin(all_anew=all_anew)
        answered = budget.answered  # the root is there in any case
        try:
            self._parts(Node(ROOT, self._service.root), found)
            tree.end()
        except (Gone, Spent) as error:
            if budget.answered == answered:
                raise NoAnswer(str(error) or "no answer to anything but its root") from None
            why = str(error) or "the board answers no more"
            tree.trouble("the rest", f"{why}; what was read stays")
        if not found.items and not found.parts.sensors:
            raise Garbled("; ".join(tree.troubles[:3]) or "no system, chassis or manager in it")
        found.settle()
        return BoardReading(found=found, troubles=list(tree.troubles))

    def close(self) -> None:
        """Signs out."""
        self._service.close()

    def _parts(self, root: Node, found: Found) -> None:
        """Part by part, what moves first. Kinds of items are told as whole where all of them was read."""
        tree = self._tree
        hosts = list(tree.members(root.link("Systems"), MOVING))
        cards = list(tree.members(root.link("Managers"), SLOW))
        cases = list(tree.members(root.link("Chassis"), SLOW))
        vendor = vendor_of(root, hosts, cases, cards)
        found.identity = identity_of(vendor, hosts, cards, cases)
        if tree.troubles:  # who it is would be told by half: it is who it was
            found.spoilt |= KINDS
            found.identity = self._known or found.identity
        self._known = found.identity
        for host in hosts:
            systems.read_system(host, found, vendor)
        boxes.read_chassis(cases, found, vendor)
        boxes.read_boards(hosts, cases, found)
        for case in cases:
            self._part(found, {"power_supply", "component"}, _read_senses, case)
        for host in hosts:
            self._part(found, {"disk", "raid", "component"}, storage.read_storage, host, cases)
            self._part(found, {"memory", "memory_slot"}, systems.read_memory, host)
            self._part(found, {"processor", "graphics", "component"}, systems.read_processors, host)
            self._part(found, {"network"}, systems.read_interfaces, host)
        self._part(found, {"firmware", "network"}, managers.read_managers, cards)
        self._part(found, {"network"}, boxes.read_adapters, cases, hosts)
        self._part(found, {"firmware"}, managers.read_firmware, tree.at(root.link("UpdateService"), STILL))
        if root.link("UpdateService") is None:
            self._part(found, {"firmware"}, managers.read_old_firmware, hosts)
        found.told = KINDS - found.spoilt - _hidden(found)

    def _part(self, found: Found, kinds: set[str], read: Callable[..., object], *of: object) -> None:
        before = len(self._tree.troubles)
        read(self._tree, *of, found)
        if len(self._tree.troubles) > before:
            found.spoilt |= kinds


def _hidden(found: Found) -> frozenset[str]:
    """Kinds that a board does not see while its system is switched off: nothing of them is gone."""
    is_off = not all(found.powered_on.values())
    return OF_THE_HOST - {each.kind for each in found.items} if is_off else frozenset()


def _read_senses(tree: Tree, case: Node, found: Found) -> None:
    """The old form where a board has it, which is one answer; what it does not tell so by the new one."""
    before = len(found.parts.sensors)
    has_heat, has_power = sensors.read_thermal(tree, case, found), sensors.read_power(tree, case, found)
    if not has_heat:
        subsystems.read_fans(tree, case, found)
    if not has_power:
        subsystems.read_supplies(tree, case, found)
        subsystems.read_environment(tree, case, found)
    if not (has_heat and has_power):
        subsystems.read_sensors(tree, case, found, before)
