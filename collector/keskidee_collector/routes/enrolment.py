"""`POST /v1/enrol`: a join token becomes a machine with a credential of its own.

A machine that shows that it has the credential of a machine here goes on under that record (access/rejoining.py).
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from keskidee_collector.access import access
from keskidee_collector.access.access import NotAllowed, bearer
from keskidee_collector.access.rejoining import Before, alike, continued, rejoined
from keskidee_collector.answers import SMALL_BODY_BYTES, NoBody, bounded_body, decoded, disk_problem, problem
from keskidee_collector.fleet.identity import evidence_of
from keskidee_collector.fleet.machine import Machine, interval_of, shared
from keskidee_report.rules import LABEL_VALUE_LENGTH, clean_text, is_name, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from keskidee_collector.state import State
    from keskidee_collector.store.register import Token

FACTS_AT_MOST = 100
CLIENTS = {"desktop": "desktop", "laptop": "laptop", "tablet": "laptop"}
"""Roles by chassis."""
DEFAULT_SITE = "default"
LOGGED_PER_MINUTE = 10
"""Refusals in the log: enough to see who tries, too few to fill a disk."""

logger = logging.getLogger(__name__)


class EnrolRequest(msgspec.Struct, forbid_unknown_fields=False):
    """What a machine says when it enrols."""

    hostname: str
    facts: dict[str, str] = {}
    evidence: dict[str, str] = {}
    site: str = ""
    role: str = ""
    before: Before | None = None


class EnrolmentRate:
    """At most so many enrolments a minute, whoever asks: a leaked token must not fill the register in a second."""

    def __init__(self, per_minute: int, now: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._now = now
        self._minute = 0
        self._count = 0

    def allows(self) -> bool:
        """Whether one more may enrol in this minute; counts it."""
        minute = int(self._now() // 60)
        if minute != self._minute:
            self._minute, self._count = minute, 0
        self._count += 1
        return self._count <= self._per_minute


class Enrolment:
    """`POST /v1/enrol`: a join token becomes a machine with a credential of its own."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rate = EnrolmentRate(state.settings.limits.enrolments_per_minute, state.now)
        self._logged = EnrolmentRate(LOGGED_PER_MINUTE, state.now)

    async def __call__(self, request: Request) -> Response:
        """201 with the machine's id and credential, 401 for a token that does not hold."""
        state = self._state
        secret = bearer(request.headers.get("authorization", ""))
        try:
            state.access.check(secret, access.JOIN, state.now())
            body = await bounded_body(request, SMALL_BODY_BYTES, state.settings.limits.receive_seconds)
            # once more, because others enrolled with it while the body came; from here on nobody else runs
            token = state.access.check(secret, access.JOIN, state.now())
            asked = decoded(body, EnrolRequest)
        except NotAllowed as refused:
            state.metrics.refuse("credential")
            if self._logged.allows():
                logger.warning("enrolment refused client=%s reason=%s", request.client and request.client.host, refused)
            return problem(401, "token", f"{refused}; `keskidee collector token create` makes another")
        except NoBody as refused:
            return refused.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", f"the enrolment is not as it should be: {error}")
        if wrong := _wrong_place(asked, token):
            state.metrics.refuse("place")
            return problem(403, "place", wrong)
        if not self._rate.allows():
            return problem(429, "busy", "too many enrolments in this minute", {"Retry-After": "60"})
        credential = access.new_credential()
        known = continued(state.fleet, asked.before, secret)
        machine = self._machine(asked, token, credential)
        used = state.access.use(token)
        try:
            if known is not None:
                machine = await rejoined(state, known, machine, used)
            else:
                await self._added(machine, used)
        except SQLAlchemyError:
            state.access.give_back(token)
            return disk_problem()
        state.metrics.enrolments.inc()
        answer = {
            "machine_id": machine.id, "credential": credential, "instance": machine.instance,
            "site": machine.site, "role": machine.role,
        }  # fmt: skip
        return JSONResponse(answer, 201)

    async def _added(self, machine: Machine, used: Token) -> None:
        state = self._state
        like = alike(state.fleet, machine.evidence)
        state.fleet.add(machine)
        try:
            await state.register.add_machine(machine, used)
        except SQLAlchemyError:
            state.fleet.drop(machine)
            raise
        if like is not None:
            logger.warning("a machine like another machine=%s instance=%r like=%r", machine.id, machine.instance, like)

    def _machine(self, asked: EnrolRequest, token: Token, credential: str) -> Machine:
        machine_id = uuid.uuid4().hex
        facts = {key: clean_text(value, LABEL_VALUE_LENGTH) for key, value in asked.facts.items() if is_name(key)}
        facts = shared(dict(list(facts.items())[: FACTS_AT_MOST - 1]))
        facts["hostname"] = clean_text(asked.hostname, LABEL_VALUE_LENGTH)
        return Machine(
            id=machine_id,
            instance=self._state.fleet.free_instance(facts["hostname"], machine_id),
            site=token.site or one_line(asked.site, LABEL_VALUE_LENGTH) or DEFAULT_SITE,
            role=token.role or one_line(asked.role, LABEL_VALUE_LENGTH) or usual_role(facts),
            credential_hash=access.digest(credential),
            facts=facts,
            enrolled_at=self._state.now(),
            credential_at=self._state.now(),
            heard_ticks=self._state.ticks(),
            interval_seconds=interval_of(facts),
            evidence=evidence_of(facts),
        )


def usual_role(facts: Mapping[str, str]) -> str:
    """The role of a machine for which nobody names one: `server`, `desktop` or `laptop`, by its system and chassis.

    A server may stand in a tower. A desktop whose chassis says nothing must not page anybody when it is switched off.
    """
    system, name = facts.get("os", ""), facts.get("os_name", "").casefold()
    if system == "windows" and "server" in name:
        return "server"
    return CLIENTS.get(facts.get("chassis", ""), "desktop" if system in ("windows", "darwin") else "server")


def _wrong_place(asked: EnrolRequest, token: Token) -> str:
    """Why a token is not for this machine; empty where it is."""
    for what, wanted, allowed in (("site", asked.site, token.site), ("role", asked.role, token.role)):
        if wanted and allowed and one_line(wanted, LABEL_VALUE_LENGTH) != allowed:
            return f"this join token is for {what} {allowed!r}, and the machine asks for another: leave its {what} out"
    return ""
