"""`keskidee collector ca`: the authority of the agents, for this host's commands; and what agents fetch of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keskidee_collector.access import access
from keskidee_collector.access.access import bearer
from keskidee_collector.access.certificates import Damaged
from keskidee_collector.answers import SMALL_BODY_BYTES, NoBody, bounded_body, disk_problem, problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from keskidee_collector.state import State

PEM_TYPE = "application/x-pem-file"


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """What `keskidee collector ca rotate` asks for."""

    finish: bool = False


class Authorities:
    """`/v1/ca` (the one that a join token names), `/v1/authorities` (all to be trusted), `/v1/ca/rotation` (commands).

    `proxys_pem` is the authority of a proxy in front, where the settings name it.
    """

    def __init__(self, state: State, admin_token: str, proxys_pem: bytes | None) -> None:
        self._state = state
        self._admin = access.digest(admin_token)
        self._proxys_pem = proxys_pem

    def routes(self) -> list[Route]:
        """Its routes."""
        return [
            Route("/v1/ca", self._named),
            Route("/v1/authorities", self._all),
            Route("/v1/ca/rotation", self._rotation, methods=["GET", "POST"]),
        ]

    def _pems(self) -> list[bytes]:
        own = self._state.rotation.pems if self._state.rotation is not None else []
        return [self._proxys_pem, *own] if self._proxys_pem is not None else own

    async def _named(self, _request: Request) -> Response:
        return Response(pems[0], media_type=PEM_TYPE) if (pems := self._pems()) else _no_tls()

    async def _all(self, _request: Request) -> Response:
        return Response(b"".join(pems), media_type=PEM_TYPE) if (pems := self._pems()) else _no_tls()

    async def _rotation(self, request: Request) -> Response:
        if not access.matches(bearer(request.headers.get("authorization", "")), self._admin):
            return problem(401, "credential", "this needs the admin token of the collector's data directory")
        rotation = self._state.rotation
        if rotation is None:
            return _no_tls()
        if request.method == "POST":
            try:
                seconds = self._state.settings.limits.receive_seconds
                asked = msgspec.json.decode(await bounded_body(request, SMALL_BODY_BYTES, seconds), type=Step)
                await (rotation.finish() if asked.finish else rotation.begin())
            except NoBody as error:
                return error.answer()
            except msgspec.MsgspecError as error:
                return problem(422, "malformed", str(error))
            except Damaged as error:
                return problem(500, "damaged", str(error))
            except OSError:
                return disk_problem()
        return JSONResponse(asdict(rotation.progress()))


def _no_tls() -> Response:
    return problem(404, "no_tls", "this collector has no TLS of its own, and no CA")
