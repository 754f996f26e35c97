"""What our own sources say of themselves: the collector takes it from them, and from nobody else."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from keskidee_agent import sources
from keskidee_collector.families.definitions import OWN_PREFIXES
from keskidee_report.model import Family

if TYPE_CHECKING:
    from collections.abc import Iterator


def families_in(value: object) -> Iterator[Family]:
    """Every family in a module's constants, however they are put together."""
    if isinstance(value, Family):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from families_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from families_in(each)


def test_every_family_of_ours_begins_as_its_source_may() -> None:
    ours = {
        (module.name, family.name)
        for module in pkgutil.iter_modules(sources.__path__)
        for value in vars(import_module(f"{sources.__name__}.{module.name}")).values()
        for family in families_in(value)
        if family.name.startswith("keskidee_")
    }
    refused = {(name, family) for name, family in ours if not family.startswith(OWN_PREFIXES.get(name, ()))}
    assert {name for name, _ in ours} >= {"services"}
    assert refused == set()
