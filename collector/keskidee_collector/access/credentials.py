"""Whose credential a request has, and whether anything is taken from that machine any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_collector.access.access import bearer, matches

if TYPE_CHECKING:
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State

STRANGER = 401, "credential", "no machine here has this id and this credential"
"""Status, title and reason of the answer to a request that no machine here can have sent."""


def recognises(state: State, machine: Machine, secret: str) -> bool:
    """Whether this is the machine's credential; its next one becomes its only one by being used."""
    if matches(secret, machine.credential_hash):
        return True
    if machine.next_credential_hash is None or not matches(secret, machine.next_credential_hash):
        return False
    machine.credential_hash, machine.next_credential_hash = machine.next_credential_hash, None
    machine.credential_at, machine.renews = state.now(), False
    state.register.post_credential(machine)  # if that is lost, it is used for the first time once more
    return True


def speaker(state: State, machine_id: str, authorization: str) -> Machine | None:
    """The machine whose id and bearer a request has; of a device it is its poller's bearer."""
    machine, secret = state.fleet.of_agent(machine_id), bearer(authorization)
    holder = machine
    if machine is not None and machine.poller_id is not None:
        holder = state.fleet.of_agent(machine.poller_id)
        if holder is None or barred(holder) is not None:
            return None
    return machine if holder is not None and secret and recognises(state, holder, secret) else None


def barred(machine: Machine) -> tuple[int, str, str] | None:
    """Status, title and reason where nothing is taken from the machine any more."""
    if machine.revoked_at is not None:
        return 403, "revoked", "this machine's credential was revoked"
    if machine.retired_at is not None:
        return 410, "retired", "this machine was retired"
    return None
