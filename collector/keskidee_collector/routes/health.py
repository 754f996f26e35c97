"""`/healthz`: the process answers. `/readyz`: it can store what it is sent."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from keskidee_collector.answers import problem
from keskidee_report.wire import SPEAKS, SPEAKS_FIELD

if TYPE_CHECKING:
    from starlette.requests import Request

    from keskidee_collector.state import State


class Health:
    """The two routes, for load balancers and for who starts the collector."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Both routes."""
        return [Route("/healthz", self._healthy), Route("/readyz", self._ready)]

    async def _healthy(self, _request: Request) -> Response:
        date = formatdate(self._state.now(), usegmt=True)  # by which `agent doctor` sees how far its clock is off
        return PlainTextResponse("ok\n", headers={"Date": date, SPEAKS_FIELD: str(SPEAKS)})

    async def _ready(self, _request: Request) -> Response:
        if self._state.reports.writer.failing or self._state.register.writer.failing:
            return problem(503, "store", "the last commit failed; the log says why", {"Retry-After": "30"})
        return PlainTextResponse("ready\n")
