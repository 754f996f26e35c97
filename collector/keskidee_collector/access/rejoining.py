"""A machine that enrols again goes on under its record, if it shows that it still has the credential of then.

The credential itself stays with it: it sends an HMAC of the join token keyed with the SHA-256 of the credential, which
is what is kept here. Evidence alone would not do: serial numbers stand on stickers, and whoever had a join token could
take another machine's place. Who comes with the evidence of another record, and no credential, gets a record of its
own; a person may merge the two (fleet/merging.py).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Annotated

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.fleet.identity import BOARD, DISKS, is_alike

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keskidee_collector.fleet.fleet import Fleet
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State
    from keskidee_collector.store.register import Token


class Before(msgspec.Struct, frozen=True):
    """Who the machine was before: its id, and the proof (HMAC-SHA256, hexadecimal) that it has the credential."""

    machine_id: str
    proof: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]


def continued(fleet: Fleet, before: Before | None, token: str) -> Machine | None:
    """The machine that a join token's bearer was and proves to be; None where there is none."""
    machine = fleet.of_agent(before.machine_id) if before is not None else None
    if before is None or machine is None:
        return None
    proof = bytes.fromhex(before.proof)
    for kept in filter(None, (machine.credential_hash, machine.next_credential_hash)):
        if hmac.compare_digest(hmac.digest(kept, token.encode("utf-8", "replace"), hashlib.sha256), proof):
            return machine
    return None


async def rejoined(state: State, machine: Machine, new: Machine, used: Token) -> Machine:
    """Puts what a machine says as it enrols again into its record, be that revoked or retired. Raises as the store.

    The credential of before holds until the new one is used (routes/renewal.py), unless it was revoked or retired.
    """
    kept = {name: getattr(machine, name) for name in _TAKEN}
    site, instance = machine.site, machine.instance
    fresh = machine.revoked_at is not None or machine.retired_at is not None
    machine.credential_hash = new.credential_hash if fresh else machine.credential_hash
    machine.next_credential_hash = None if fresh else new.credential_hash
    machine.revoked_at = machine.retired_at = machine.merged_into = None
    machine.role, machine.facts = new.role, new.facts
    machine.evidence, machine.speakers = machine.evidence | new.evidence, None
    state.fleet.move(machine, new.site)
    if machine.facts["hostname"] != kept["facts"].get("hostname") or kept["retired_at"] is not None:
        state.fleet.rename(machine, state.fleet.free_instance(machine.facts["hostname"], machine.id))
    try:
        await state.register.update_machines([machine], used)
    except SQLAlchemyError:
        for name, value in kept.items():
            setattr(machine, name, value)
        state.fleet.move(machine, site)
        state.fleet.rename(machine, instance)
        raise
    return machine


_TAKEN = (
    "credential_hash", "next_credential_hash", "revoked_at", "retired_at", "merged_into", "role", "facts", "evidence",
)  # fmt: skip


def alike(machines: Iterable[Machine], evidence: Mapping[str, str]) -> str | None:
    """The instance of a machine that is most likely the one of this evidence."""
    for machine in machines:
        if machine.merged_into is None and is_alike(machine.evidence, evidence):
            return machine.instance
    return None


def likenesses(machines: Iterable[Machine]) -> dict[str, str]:
    """For the id of each machine that is most likely the same as one that enrolled before it: the id of that one."""
    first: dict[str, Machine] = {}
    found: dict[str, str] = {}
    for machine in sorted(machines, key=lambda each: each.enrolled_at):
        if machine.merged_into is not None:
            continue
        for part in {part for name in (*BOARD, DISKS) for part in machine.evidence.get(name, "").split()}:
            before = first.setdefault(part, machine)
            if before is not machine and is_alike(before.evidence, machine.evidence):
                found[machine.id] = before.id
    return found
