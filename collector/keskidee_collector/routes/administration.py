"""Tokens, machines and backups, for the commands of this host: they carry the admin token from the data directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keskidee_collector.access import access
from keskidee_collector.access.access import bearer
from keskidee_collector.access.rejoining import likenesses
from keskidee_collector.answers import SMALL_BODY_BYTES, NoBody, bounded_body, decoded, disk_problem, problem
from keskidee_collector.fleet.merging import NotMergeable, merge, unmerge
from keskidee_collector.fleet.retirement import retire
from keskidee_collector.routes.alert_tests import AlertTests, TestRequest
from keskidee_collector.routes.backups import Backups
from keskidee_report.rules import LABEL_VALUE_LENGTH, one_line

if TYPE_CHECKING:
    from starlette.requests import Request

    from keskidee_collector.fleet.fleet import Fleet
    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.fleet.presence import Look
    from keskidee_collector.state import State

CHANGES = frozenset({"revoke", "retire", "rotate", "merge", "unmerge"})
LONGEST_SECONDS = 100 * 366 * 86400
Label = Annotated[str, msgspec.Meta(max_length=LABEL_VALUE_LENGTH)]


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What `keskidee collector token create` asks for; `seconds` is how long the token holds (None: for good)."""

    scope: Literal["join", "metrics", "api", "api-write"]
    site: Label = ""
    role: Label = ""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_SECONDS)] | None = None
    uses: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class Administration:
    """The routes behind `keskidee collector token`, `machines` and `backup`, and `keskidee alert test`."""

    def __init__(self, state: State, admin_token: str) -> None:
        self._state = state
        self._admin = access.digest(admin_token)
        self._backups = Backups(state)
        self._alert_tests = AlertTests(state.ticks, state.now)
        state.metrics.registry.register(self._alert_tests)

    def routes(self) -> list[Route]:
        """The administration's routes."""
        return [
            Route("/v1/tokens", self._tokens, methods=["GET", "POST"]),
            Route("/v1/tokens/{token_id}", self._revoke_token, methods=["DELETE"]),
            Route("/v1/backup", self._backup, methods=["POST"]),
            Route("/v1/alert-tests", self._begin_alert_test, methods=["POST"]),
            Route("/v1/alert-tests/{number}", self._end_alert_test, methods=["DELETE"]),
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
            now = self._state.now()
            rows = [
                token._asdict() | {"hash": token.hash.hex(), "standing": access.standing_of(token, now)}
                for token in self._state.access.tokens()
            ]
            return JSONResponse({"tokens": rows})
        seconds = self._state.settings.limits.receive_seconds
        try:
            asked = decoded(await bounded_body(request, SMALL_BODY_BYTES, seconds), TokenRequest)
        except NoBody as error:
            return error.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", str(error))
        now = self._state.now()
        expires_at = None if asked.seconds is None else now + asked.seconds
        site, role = (one_line(each, LABEL_VALUE_LENGTH) for each in (asked.site, asked.role))
        text, token = self._state.access.issue(
            asked.scope, now=now, site=site, role=role, expires_at=expires_at, uses=asked.uses
        )
        try:
            await self._state.register.add_token(token)
        except SQLAlchemyError:
            return disk_problem()
        self._state.access.keep(token)
        return JSONResponse({"id": token.id, "token": text, "expires_at": expires_at}, 201)

    async def _revoke_token(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        token = self._state.access.revoke(request.path_params["token_id"], self._state.now())
        if token is None:
            return problem(404, "unknown", "no token of this id is in force")
        try:
            await self._state.register.revoke_token(token)
        except SQLAlchemyError:
            return disk_problem()
        return Response(status_code=204)

    async def _backup(self, request: Request) -> Response:
        return self._refused(request) or await self._backups.answer()

    async def _begin_alert_test(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        seconds = self._state.settings.limits.receive_seconds
        try:
            asked = decoded(await bounded_body(request, SMALL_BODY_BYTES, seconds), TestRequest)
        except NoBody as error:
            return error.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", str(error))
        test = self._alert_tests.begin(asked)
        if test is None:
            return problem(429, "limit", "as many tests of the alerts run already as may at once")
        return JSONResponse({"number": test.number}, 201)

    async def _end_alert_test(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if not self._alert_tests.end(request.path_params["number"]):
            return problem(404, "unknown", "no such test of the alerts runs")
        return Response(status_code=204)

    async def _machines(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        fleet, look = self._state.fleet, self._state.look()
        like = likenesses(fleet)
        return JSONResponse({"machines": [_machine_row(m, look) | _kin(m, fleet, like) for m in fleet]})

    async def _change(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        machine = self._state.fleet.get(request.path_params["machine_id"])
        change = request.path_params["change"]
        other = self._state.fleet.get(request.query_params.get("into", ""))
        if machine is None or change not in CHANGES or (change == "merge" and other is None):
            return problem(404, "unknown", "there is no such machine, or no such change")
        try:
            # refused from this moment; a report that came before may end first, so that nothing is shown after it
            if change == "revoke":
                machine.revoked_at = machine.revoked_at or self._state.now()
                await self._state.register.update_machine(machine)
            elif change == "rotate":
                machine.credential_at, machine.renews = 0.0, True
                await self._state.register.keep_credential(machine)
            elif change == "merge" and other is not None:
                async with machine.turn:
                    await merge(self._state, machine, other)
            elif change == "unmerge":
                await unmerge(self._state, machine)
            else:
                async with machine.turn:
                    await retire(self._state, machine)
        except NotMergeable as error:
            return problem(409, "not_mergeable", str(error))
        except SQLAlchemyError:
            return disk_problem()
        return JSONResponse(_machine_row(machine, self._state.look()))


def _machine_row(machine: Machine, look: Look) -> dict[str, Any]:
    return {
        "id": machine.id,
        "instance": machine.instance,
        "site": machine.site,
        "role": machine.role,
        "state": look.state(machine),
        "system": machine.facts.get("os_name", ""),
        "last_report_at": machine.last_report_at,
        "revoked": machine.revoked_at is not None,
    }


def _kin(machine: Machine, fleet: Fleet, like: dict[str, str]) -> dict[str, str]:
    """Instances of other machines, empty where there is none: what it is a clone of, merged into, and like."""
    kin = {
        "clone_of": machine.clone_of or "",
        "merged_into": machine.merged_into or "",
        "like": like.get(machine.id, ""),
    }
    return {word: other.instance if (other := fleet.get(each)) else "" for word, each in kin.items()}
