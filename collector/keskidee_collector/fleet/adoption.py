"""A clone becomes a machine of its own: same site and role, another id, another credential, and nobody goes there.

Its agent made the credential itself and says the SHA-256, as with a renewal (renewal.py), by the credential that it
has from the original. Where the answer is lost it asks again, and gets the same id.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from keskidee_collector.answers import disk_problem, problem
from keskidee_collector.fleet.machine import Machine

if TYPE_CHECKING:
    from keskidee_collector.state import State

CLONES_AT_MOST = 256
"""So many of one machine without a word of a person: whoever stole a credential must not fill the register with it."""

logger = logging.getLogger(__name__)


async def adopted(state: State, original: Machine, session: bytes, offered: bytes) -> Response:
    """201 with the clone's id and place once it is durable; 429 where there are too many of them."""
    assert original.speakers is not None
    known = state.fleet.get(original.speakers.clones[session])
    clone = known or _new(state, original)
    if known is None and sum(machine.clone_of == original.id for machine in state.fleet) >= CLONES_AT_MOST:
        state.metrics.refuse("limit")
        return problem(429, "limit", f"{CLONES_AT_MOST} clones of this machine are known: enrol this one with a token")
    before, clone.credential_hash = clone.credential_hash, offered
    try:
        if known is None:
            state.fleet.add(clone)
            original.speakers.clones[session] = clone.id
            await state.register.add_machine(clone, None)
        else:
            await state.register.keep_credential(clone)
    except SQLAlchemyError:
        clone.credential_hash = before
        if known is None:
            original.speakers.clones[session] = ""
            state.fleet.drop(clone)
        return disk_problem()
    if known is None:
        state.metrics.clones.inc()
        logger.warning("clone noticed machine=%s instance=%r of=%r", clone.id, clone.instance, original.instance)
    place = {"machine_id": clone.id, "instance": clone.instance, "site": clone.site, "role": clone.role}
    return JSONResponse(place, 201)


def _new(state: State, original: Machine) -> Machine:
    machine_id = uuid.uuid4().hex
    hostname = original.facts.get("hostname", "")
    return Machine(
        id=machine_id,
        instance=state.fleet.free_instance(hostname, machine_id),
        site=original.site,
        role=original.role,
        credential_hash=b"",
        facts={"hostname": hostname},
        enrolled_at=state.now(),
        credential_at=state.now(),
        heard_ticks=state.ticks(),
        interval_seconds=original.interval_seconds,
        clone_of=original.id,
    )
