"""A machine that is no more: off every page, its instance free, its row and its asset kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State


async def retire(state: State, machine: Machine) -> None:
    """Takes it off every page and gives its instance back. Raises as the store."""
    set_retired(state, machine)
    await state.register.update_machine(machine)
    await state.journal.forget(machine)


def set_retired(state: State, machine: Machine) -> None:
    """The same in memory only."""
    if machine.retired_at is None:
        machine.retired_at = state.now()
        machine.forget()
        fleet = state.fleet
        fleet.rename(machine, fleet.free_instance(f"{machine.instance}-retired-{machine.id[:8]}", machine.id))
