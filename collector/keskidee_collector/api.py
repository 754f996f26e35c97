"""The collector's JSON and Prometheus routes, on Starlette: enrolment, administration, pages, service discovery."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from keskidee_collector import access
from keskidee_collector.access import NotAllowed, bearer
from keskidee_collector.fleet import Machine
from keskidee_collector.state import interval_of
from keskidee_report.rules import LABEL_VALUE_LENGTH, clean_text, is_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from keskidee_collector.state import State

SMALL_BODY_BYTES = 64 * 1024
FACTS_AT_MOST = 100
LONGEST_SECONDS = 100 * 366 * 86400
DESKTOPS = frozenset({"desktop", "laptop"})
DEFAULT_SITE = "default"


Label = Annotated[str, msgspec.Meta(max_length=LABEL_VALUE_LENGTH)]


class EnrolRequest(msgspec.Struct, forbid_unknown_fields=False):
    """What a machine says when it enrols."""

    hostname: str
    facts: dict[str, str] = {}
    evidence: dict[str, str] = {}
    site: str = ""
    role: str = ""


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What `keskidee collector token create` asks for; `seconds` is how long the token holds (None: for good)."""

    scope: Literal["join", "metrics"]
    site: Label = ""
    role: Label = ""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_SECONDS)] | None = None
    uses: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An error as RFC 9457 has it."""
    body = {"title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def disk_problem() -> Response:
    """The answer where a commit failed."""
    return problem(503, "store", "the collector cannot write to its disk", {"Retry-After": "30"})


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

    async def __call__(self, request: Request) -> Response:
        """201 with the machine's id and credential, 401 for a token that does not hold."""
        state = self._state
        secret = bearer(request.headers.get("authorization", ""))
        try:
            state.access.check(secret, access.JOIN, state.now())
            body = await bounded_body(request, SMALL_BODY_BYTES, state.settings.limits.receive_seconds)
            # once more, because others enrolled with it while the body came; from here on nobody else runs
            token = state.access.check(secret, access.JOIN, state.now())
            asked = msgspec.json.decode(body, type=EnrolRequest)
        except NotAllowed as refused:
            state.metrics.refused.labels("credential").inc()
            return problem(401, "token", str(refused))
        except NoBody as refused:
            return refused.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", f"the enrolment is not as it should be: {error}")
        if not self._rate.allows():
            return problem(429, "busy", "too many enrolments in this minute", {"Retry-After": "60"})
        credential = access.new_credential()
        machine = self._machine(asked, token.site, token.role, credential)
        used = state.access.use(token)
        state.fleet.add(machine)
        try:
            await state.register.add_machine(machine, used)
        except SQLAlchemyError:
            state.access.give_back(token)
            state.fleet.drop(machine)
            return disk_problem()
        state.metrics.enrolments.inc()
        answer = {
            "machine_id": machine.id, "credential": credential, "instance": machine.instance,
            "site": machine.site, "role": machine.role,
        }  # fmt: skip
        return JSONResponse(answer, 201)

    def _machine(self, asked: EnrolRequest, site: str, role: str, credential: str) -> Machine:
        machine_id = uuid.uuid4().hex
        facts = {key: clean_text(value, LABEL_VALUE_LENGTH) for key, value in asked.facts.items() if is_name(key)}
        facts = dict(list(facts.items())[: FACTS_AT_MOST - 1])
        facts["hostname"] = clean_text(asked.hostname, LABEL_VALUE_LENGTH)
        chassis = facts.get("chassis", "")
        return Machine(
            id=machine_id,
            instance=self._state.fleet.free_instance(facts["hostname"], machine_id),
            site=site or clean_text(asked.site, LABEL_VALUE_LENGTH) or DEFAULT_SITE,
            role=role or clean_text(asked.role, LABEL_VALUE_LENGTH) or (chassis if chassis in DESKTOPS else "server"),
            credential_hash=access.digest(credential),
            facts=facts,
            enrolled_at=self._state.now(),
            heard_ticks=self._state.ticks(),
            interval_seconds=interval_of(facts),
        )


class NoBody(Exception):
    """A body that was too long, too slow or cut short: the status and the reason to answer with."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title

    def answer(self) -> Response:
        """The answer, after which the connection ends: the rest of the body may still be coming."""
        return problem(self.status, self.title, str(self), {"Connection": "close"})


async def bounded_body(request: Request, limit: int, seconds: float) -> bytes:
    """The body, of at most `limit` bytes and within `seconds`. Raises NoBody."""
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise NoBody(413, "too_large", f"a body of more than {limit} bytes")
    except TimeoutError as error:
        raise NoBody(408, "slow", f"the body took more than {seconds:g} s") from error
    except ClientDisconnect as error:
        raise NoBody(400, "disconnected", "the connection ended before the body did") from error
    return body


class Administration:
    """Tokens and machines, for the commands of this host: they carry the admin token from the data directory."""

    def __init__(self, state: State, admin_token: str) -> None:
        self._state = state
        self._admin = access.digest(admin_token)

    def routes(self) -> list[Route]:
        """The administration's routes."""
        return [
            Route("/v1/tokens", self._tokens, methods=["GET", "POST"]),
            Route("/v1/tokens/{token_id}", self._drop_token, methods=["DELETE"]),
            Route("/v1/machines", self._machines, methods=["GET"]),
            Route("/v1/machines/{machine_id}/{change:str}", self._change, methods=["POST"]),
        ]

    def _refused(self, request: Request) -> Response | None:
        if access.matches(bearer(request.headers.get("authorization", "")), self._admin):
            return None
        return problem(401, "credential", "this needs the admin token of the collector's data directory")

    async def _tokens(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if request.method == "GET":
            rows = [token._asdict() | {"hash": token.hash.hex()} for token in self._state.access.tokens()]
            return JSONResponse({"tokens": rows})
        seconds = self._state.settings.limits.receive_seconds
        try:
            asked = msgspec.json.decode(await bounded_body(request, SMALL_BODY_BYTES, seconds), type=TokenRequest)
        except NoBody as error:
            return error.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", str(error))
        now = self._state.now()
        expires_at = None if asked.seconds is None else now + asked.seconds
        text, token = self._state.access.issue(
            asked.scope, now=now, site=asked.site, role=asked.role, expires_at=expires_at, uses=asked.uses
        )
        try:
            await self._state.register.add_token(token)
        except SQLAlchemyError:
            return disk_problem()
        self._state.access.keep(token)
        return JSONResponse({"id": token.id, "token": text, "expires_at": expires_at}, 201)

    async def _drop_token(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        token = self._state.access.drop(request.path_params["token_id"])
        if token is None:
            return problem(404, "unknown", "there is no token of this id")
        try:
            await self._state.register.drop_token(token.id)
        except SQLAlchemyError:
            return disk_problem()
        return Response(status_code=204)

    async def _machines(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        return JSONResponse({"machines": [_machine_row(m, self._state) for m in self._state.fleet]})

    async def _change(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        machine = self._state.fleet.get(request.path_params["machine_id"])
        change = request.path_params["change"]
        if machine is None or change not in ("revoke", "retire"):
            return problem(404, "unknown", "there is no such machine, or no such change")
        try:
            # refused from this moment; a report that came before may end first, so that nothing is shown after it
            if change == "revoke":
                machine.revoked_at = machine.revoked_at or self._state.now()
                await self._state.register.update_machine(machine)
            else:
                async with machine.turn:
                    await self._retire(machine)
        except SQLAlchemyError:
            return disk_problem()
        return JSONResponse(_machine_row(machine, self._state))

    async def _retire(self, machine: Machine) -> None:
        """Takes it off every page and gives its instance back; the register keeps the row."""
        if machine.retired_at is None:
            machine.retired_at = self._state.now()
            machine.forget()
            fleet = self._state.fleet
            fleet.rename(machine, fleet.free_instance(f"{machine.instance}-retired-{machine.id[:8]}", machine.id))
        await self._state.register.update_machine(machine)
        await self._state.reports.writer.save(self._state.reports.forget(machine))


def _machine_row(machine: Machine, state: State) -> dict[str, Any]:
    return {
        "id": machine.id,
        "instance": machine.instance,
        "site": machine.site,
        "role": machine.role,
        "state": state.machine_state(machine),
        "system": machine.facts.get("os_name", ""),
        "last_report_at": machine.last_report_at,
        "revoked": machine.revoked_at is not None,
    }


class Health:
    """`/healthz`: the process answers. `/readyz`: it can store what it is sent."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Both routes."""
        return [Route("/healthz", self._healthy), Route("/readyz", self._ready)]

    async def _healthy(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, _request: Request) -> Response:
        if self._state.reports.writer.failing or self._state.register.writer.failing:
            return problem(503, "store", "the last commit failed; the log says why", {"Retry-After": "30"})
        return PlainTextResponse("ready\n")
