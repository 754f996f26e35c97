"""`/v1/assets`: the register for programs, as JSON. Reading never keeps reports waiting: a thread asks the database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from keskidee_collector.answers import problem
from keskidee_collector.register.assets import (
    FILTERS,
    PAGE_AT_MOST,
    SORTS,
    SORTS_BY_TIME,
    Asset,
    AssetItem,
    Change,
    Question,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from keskidee_collector.state import State

CHANGES_AT_MOST = 1000


class BadQuestion(Exception):
    """A parameter that makes no sense, in one line."""


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """One asset with its items and what became of it, newest first."""

    asset: Asset
    items: list[AssetItem]
    history: list[Change]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of all assets, oldest first. `after` is what to ask with next; what is behind it is still to come."""

    changes: list[Change]
    after: int


class AssetRoutes:
    """The routes that read."""

    def __init__(self, state: State) -> None:
        self._assets = state.assets

    def routes(self) -> list[Route]:
        """The register's routes."""
        return [
            Route("/v1/assets", self.listed, methods=["GET"]),
            Route("/v1/assets/changes", self.changed, methods=["GET"]),
            Route("/v1/assets/{asset_id}", self.one, methods=["GET"]),
        ]

    async def listed(self, request: Request) -> Response:
        """The assets that are asked for: `q`, filters, `sort` (`-name` is descending), `page`, `per_page`."""
        try:
            question = question_of(request.query_params)
        except BadQuestion as error:
            return problem(422, "malformed", str(error))
        return answer(await asyncio.to_thread(self._assets.page, question))

    async def one(self, request: Request) -> Response:
        """One asset with its items and history; 404 where there is none."""
        asset = await asyncio.to_thread(self._assets.asset, request.path_params["asset_id"])
        if asset is None:
            return problem(404, "unknown", "there is no such asset")
        items = await asyncio.to_thread(self._assets.items, asset.id)
        history = await asyncio.to_thread(self._assets.history, asset.id)
        return answer(Whole(asset=asset, items=items, history=history), headers={"ETag": etag(asset)})

    async def changed(self, request: Request) -> Response:
        """What became of assets `since` a moment (epoch seconds), behind the change `after`."""
        try:
            since = _number(request.query_params, "since", 0)
            after = int(_number(request.query_params, "after", 0))
        except BadQuestion as error:
            return problem(422, "malformed", str(error))
        found = await asyncio.to_thread(self._assets.changes, since=since, after=after, at_most=CHANGES_AT_MOST)
        return answer(Changes(changes=found, after=found[-1].id if found else after))


def question_of(parameters: Mapping[str, str]) -> Question:
    """The question in a URL. Raises BadQuestion."""
    known = {*FILTERS, "q", "sort", "page", "per_page"}
    if unknown := sorted(set(parameters) - known):
        raise BadQuestion(f"{unknown[0][:80]}: no such parameter; there are {', '.join(sorted(known))}")
    sort = parameters.get("sort", "name")
    if sort.removeprefix("-") not in (*SORTS, *SORTS_BY_TIME):
        raise BadQuestion(f"sort: one of {', '.join((*SORTS, *SORTS_BY_TIME))}, with - in front for the other way")
    page, per_page = _number(parameters, "page", 1), _number(parameters, "per_page", 100)
    if not (1 <= page <= 1_000_000 and 1 <= per_page <= PAGE_AT_MOST):
        raise BadQuestion(f"page: from 1; per_page: from 1 to {PAGE_AT_MOST}")
    return Question(
        text=parameters.get("q", "")[:200],
        filters={name: parameters[name] for name in FILTERS if name in parameters},
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        page=int(page),
        per_page=int(per_page),
    )


def etag(asset: Asset) -> str:
    """The version of an asset's own fields (RFC 9110, 8.8.3)."""
    return f'"{asset.version}"'


def answer(told: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON of a struct."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(told), status, kept, media_type="application/json")


def _number(parameters: Mapping[str, str], name: str, default: float) -> float:
    text = parameters.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 2**53:
        raise BadQuestion(f"{name}: a number, not {text[:80]!r}")
    return number
