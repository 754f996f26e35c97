"""Two records of one machine become one, and two again.

A machine was installed anew and enrolled anew; or it is another box that goes on in the place of an old one. The record
that ends is retired and points to the one that goes on. Where its agent was heard last, that record takes the agent on:
both records swap credential and evidence, so that the agent goes on with what it has, under the id that it has, and
everything that it says goes into the other record. `unmerge` swaps them back. What was reported meanwhile stays where
it went. The asset of the record that ends is the same thing twice: it is listed again once they are two.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.fleet.machine import ON
from keskidee_collector.register import changes
from keskidee_collector.register.asset import ASSET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State

Told: TypeAlias = dict[str, tuple[dict[str, str], dict[str, str]]]
"""What the history of a machine's asset is told, before and after, by the machine's id."""
BY_HAND = "admin"
SWAPPED = ("credential_hash", "next_credential_hash", "credential_at", "evidence")
CHANGED = (*SWAPPED, "merged_into", "took_over", "retired_at")


class NotMergeable(Exception):
    """Why two records cannot become one, or one not two; in one line for a person."""


async def merge(state: State, ends: Machine, goes_on: Machine) -> None:
    """The record `ends` goes on as `goes_on`. Raises NotMergeable; as the store, with nothing changed."""
    look = state.look()
    if ends is goes_on:
        raise NotMergeable("a machine is not merged with itself")
    if ends.merged_into is not None or goes_on.merged_into is not None:
        raise NotMergeable("one of them is merged already; unmerge it first")
    if goes_on.retired_at is not None:
        raise NotMergeable(f"{goes_on.instance} is retired")
    if look.state(ends) == ON and look.state(goes_on) == ON:
        raise NotMergeable("both report now, so they are two machines")
    took_over = (ends.last_report_at or ends.enrolled_at) > (goes_on.last_report_at or goes_on.enrolled_at)
    name = f"{ends.instance}-merged-{ends.id[:8]}"
    told: Told = {goes_on.id: ({}, {"merged": ends.instance}), ends.id: ({}, {"merged_into": goes_on.instance})}
    async with _changing(state, ends, goes_on, name, told):
        ends.took_over, ends.merged_into, ends.retired_at = took_over, goes_on.id, ends.retired_at or state.now()
        if took_over:
            _swap(ends, goes_on)
    ends.forget()
    await state.journal.forget(ends)


async def unmerge(state: State, machine: Machine) -> None:
    """The record that was merged into another is one of its own again. Raises NotMergeable; as the store."""
    other = state.fleet.get(machine.merged_into or "")
    if other is None:
        raise NotMergeable(f"{machine.instance} is merged into no other")
    name = machine.facts.get("hostname", "")
    told: Told = {other.id: ({"merged": name}, {}), machine.id: ({"merged_into": other.instance}, {})}
    async with _changing(state, machine, other, name, told):
        if machine.took_over:
            _swap(machine, other)
        machine.took_over, machine.merged_into, machine.retired_at = False, None, None
        machine.heard_ticks = state.ticks()


def _swap(one: Machine, other: Machine) -> None:
    for name in SWAPPED:
        before = getattr(one, name)
        setattr(one, name, getattr(other, name))
        setattr(other, name, before)


def _rows(told: Told, now: float) -> dict[str, dict[str, Any]]:
    return {
        machine_id: {**changes.change_row(changes.CHANGED, ASSET, "", before, after), "at": now, "by": BY_HAND}
        for machine_id, (before, after) in told.items()
    }


@asynccontextmanager
async def _changing(state: State, named: Machine, other: Machine, name: str, told: Told) -> AsyncIterator[None]:
    """Keeps what is changed of two machines, the first one's new name and what the history of each one's asset is
    `told`, in one commit; or nothing of it is so.
    """  # fmt: skip
    kept = [(machine, {each: getattr(machine, each) for each in CHANGED}) for machine in (named, other)]
    instance = named.instance
    yield
    named.speakers = other.speakers = None
    state.fleet.rename(named, state.fleet.free_instance(name, named.id))
    try:
        await state.register.update_machines([named, other], told=_rows(told, state.now()))
    except SQLAlchemyError:
        for machine, values in kept:
            for each, value in values.items():
                setattr(machine, each, value)
        state.fleet.rename(named, instance)
        raise
