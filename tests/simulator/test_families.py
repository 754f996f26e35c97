"""A pretend machine describes its families, names and labels as the real agent does."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

import keskidee_agent.sources
from keskidee_agent.sources import dmi, os, stat
from keskidee_report.model import Family
from keskidee_simulator.fleet import Pretend, build_fleet
from keskidee_simulator.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = build_fleet("keskidee", 60)
NOW = 1_790_000_000.0
BEGAN = date(2026, 3, 2)
Description = tuple[str, str, int | None]


def described(value: Any) -> Iterator[Family]:
    """The families in a module's constant, however it holds them."""
    if isinstance(value, Family):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from described(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from described(item)


def real_families() -> dict[str, Description]:
    modules = [
        importlib.import_module(f"keskidee_agent.sources.{found.name}")
        for found in pkgutil.iter_modules(keskidee_agent.sources.__path__)
    ]
    more = ("devices.metrics", "devices.poller.watch", "inventory.metrics")
    modules += [importlib.import_module(f"keskidee_agent.{name}") for name in more]
    families = [family for module in modules for value in vars(module).values() for family in described(value)]
    return {family.name: (family.kind, family.help, family.digits) for family in families}


def pretend_samples(machine: Pretend) -> list[tuple[Family, dict[str, str]]]:
    readings = Rounds(machine, BEGAN).readings(NOW, NOW - 1000.0)
    return [(family, labels) for reading in readings for family, labels, _ in reading.samples]


@pytest.mark.parametrize("system", ["linux", "windows", "darwin", ""])
def test_a_family_is_described_as_the_agent_describes_it(system: str) -> None:
    real = real_families()
    pretend = {
        family.name: (family.kind, family.help, family.digits)
        for machine in FLEET
        if machine.system.os == system
        for family, _ in pretend_samples(machine)
        if not family.name.startswith(("node_memory_", "keskidee_agent_"))  # made while reading, no constants
    }
    assert pretend == {name: real[name] for name in pretend if name in real}


def labels_of(name: str) -> set[frozenset[str]]:
    return {frozenset(labels) for m in FLEET for family, labels in pretend_samples(m) if family.name == name}


def test_the_labels_of_the_system_are_among_the_agents() -> None:
    assert set().union(*labels_of("node_os_info")) <= set(os.LABELS)  # an empty text is no label on the wire


def test_the_labels_of_the_firmware_are_among_the_agents() -> None:
    (labels,) = labels_of("node_dmi_info")
    assert labels <= set(dmi.LABELS.values())


def test_the_kinds_of_software_interrupts_are_the_agents() -> None:
    machine = next(m for m in FLEET if m.system.os == "linux")
    vectors = [labels["vector"] for family, labels in pretend_samples(machine) if family.name == stat.SOFTIRQS.name]
    assert vectors == list(stat.VECTORS)
