"""A machine's credential is renewed once a month: a copy of an old one, wherever it lies, is of no use then.

The agent makes the new one itself and tells its SHA-256 (`POST /v1/machines/<id>/credential`). Both hold until the new
one was used once, and then the old one is dead. So whatever is lost or killed between two steps, the agent has one that
holds: its answer may be lost, and it makes another; it may have kept the new one and not used it yet.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Annotated

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from keskidee_collector.access.credentials import STRANGER, barred, speaker
from keskidee_collector.answers import SMALL_BODY_BYTES, NoBody, bounded_body, decoded, disk_problem, problem
from keskidee_collector.fleet.adoption import adopted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State

DAY_SECONDS = 86_400.0
RENEW_SECONDS = 30 * DAY_SECONDS
SPREAD_SECONDS = 5 * DAY_SECONDS
"""Machines that enrolled together do not all renew together."""


class Renewal(msgspec.Struct):
    """What an agent sends: the SHA-256 of its next credential and the session that it reports in, in hexadecimal."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
    session: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{16})?(?!\n)$")] = ""


def ask_for_renewal(machines: Iterable[Machine], now: float) -> None:
    """Notes who is to ask for a new credential; the answers to its reports tell it."""
    for machine in machines:
        if machine.poller_id is not None:  # it has none of its own
            continue
        spread = zlib.crc32(machine.id.encode()) / 2**32 * SPREAD_SECONDS
        machine.renews = now >= machine.credential_at + RENEW_SECONDS + spread


def asking(answer: bytes) -> bytes:
    """The answer to a report, with the wish that the agent renews its credential."""
    return answer[:-1] + b',"renew_credential":1}'


class Renewals:
    """`POST /v1/machines/<id>/credential`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, request: Request) -> Response:
        """204 once the next credential is durable; 201 with an id for a clone; 401 and the like as for a report."""
        state = self._state
        machine = speaker(state, request.path_params["machine_id"], request.headers.get("authorization", ""))
        if machine is None:
            state.metrics.refuse("credential")
            return problem(*STRANGER)
        if (why := barred(machine)) is not None:
            return problem(*why)
        try:
            body = await bounded_body(request, SMALL_BODY_BYTES, state.settings.limits.receive_seconds)
            asked = decoded(body, Renewal)
        except NoBody as refused:
            return refused.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", f"the renewal is not as it should be: {error}")
        session, offered = bytes.fromhex(asked.session), bytes.fromhex(asked.sha256)
        if machine.speakers is not None and session in machine.speakers.clones:
            return await adopted(state, machine, session, offered)
        return await self._kept(machine, offered)

    async def _kept(self, machine: Machine, offered: bytes) -> Response:
        before, machine.next_credential_hash = machine.next_credential_hash, offered
        try:
            await self._state.register.keep_credential(machine)
        except SQLAlchemyError:
            if machine.next_credential_hash == offered:
                machine.next_credential_hash = before
            return disk_problem()
        return Response(status_code=204)
