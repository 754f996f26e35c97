"""The pages of the register: `/assets`, searched and filtered by a plain form, and `/assets/<id>`, which prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from keskidee_collector.register.asset import STATES
from keskidee_collector.register.assets import SORTS, SORTS_BY_TIME, Question
from keskidee_collector.web import fields
from keskidee_collector.web.wording import SITE_LENGTH, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import Response

    from keskidee_collector.register.assets import AssetItem
    from keskidee_collector.view import View

SOFTWARE = ("software", "software_update", "pending_update")
"""Kinds that are listed apart from the parts: there are hundreds of them."""
ORDER = (
    "system",
    "board",
    "bios",
    "chassis",
    "processor",
    "memory",
    "disk",
    "graphics",
    "monitor",
    "network",
    "battery",
)
"""The kinds that people look for first; the others follow by name."""
FILTERED = ("site", "kind", "state")


class AssetPages:
    """The pages over one view; `page` renders a template."""

    def __init__(self, view: View, page: Callable[..., Response]) -> None:
        self._assets = view.assets
        self._page = page

    def routes(self, middleware: list[Middleware]) -> list[Route]:
        """The pages' routes."""
        return [
            Route("/assets", self.listed, middleware=middleware),
            Route("/assets/{asset_id}", self.one, middleware=middleware),
        ]

    async def listed(self, request: Request) -> Response:
        """The list; what makes no sense in its URL is as if it were not there."""
        return await run_in_threadpool(self._listed, question_of(request.query_params))

    async def one(self, request: Request) -> Response:
        """One asset: its own fields, parts, software, history."""
        return await run_in_threadpool(self._one, request.path_params["asset_id"])

    def _listed(self, question: Question) -> Response:
        page = self._assets.page(question)
        pages = max(1, -(-page.found // question.per_page))
        return self._page(
            "assets.html",
            page=page,
            pages=pages,
            question=question,
            narrows=bool(question.text or question.filters),
            link=lambda **changed: link(question, **changed),
            choices={
                "site": self._choices("site"),
                "kind": self._choices("kind"),
                "state": list(STATES),
            },
        )

    def _choices(self, name: str) -> list[str]:
        """What may be chosen; a value that hides something, which a form could not send back, is left out."""
        return [value for value in self._assets.values(name) if value == shown(value, SITE_LENGTH)]

    def _one(self, asset_id: str) -> Response:
        asset = self._assets.asset(asset_id)
        if asset is None:
            return self._page("missing.html", status=404)
        items = self._assets.items(asset.id)
        return self._page(
            "asset.html",
            a=asset,
            parts=by_kind(item for item in items if item.kind not in SOFTWARE),
            software=by_kind(item for item in items if item.kind in SOFTWARE),
            history=self._assets.history(asset.id),
            fields=fields,
        )


def by_kind(items: Any) -> list[tuple[str, list[AssetItem]]]:
    """Items under their kinds, those first that people look for first."""
    kinds: dict[str, list[AssetItem]] = {}
    for item in items:
        kinds.setdefault(item.kind, []).append(item)
    return sorted(kinds.items(), key=lambda pair: (ORDER.index(pair[0]) if pair[0] in ORDER else len(ORDER), pair[0]))


def question_of(parameters: Mapping[str, str]) -> Question:
    """What is asked for by a page's URL."""
    page, sort = parameters.get("page", ""), parameters.get("sort", "name")
    known = sort.removeprefix("-") in (*SORTS, *SORTS_BY_TIME)
    return Question(
        text=parameters.get("q", "").strip()[:200],
        filters={name: parameters[name] for name in FILTERED if parameters.get(name)},
        sort=sort.removeprefix("-") if known else "name",
        descending=known and sort.startswith("-"),
        page=int(page) if page.isdecimal() and 0 < len(page) < 7 and int(page) else 1,
    )


def link(question: Question, **changed: Any) -> str:
    """The URL of the same list with something else in it: another page, another order."""
    asked = msgspec.structs.replace(question, **changed)
    sort = f"-{asked.sort}" if asked.descending else asked.sort
    pairs = {
        "q": asked.text,
        **asked.filters,
        "sort": "" if sort == "name" else sort,
        "page": str(asked.page) if asked.page > 1 else "",
    }
    query = urlencode({name: text for name, text in pairs.items() if text})
    return f"/assets?{query}" if query else "/assets"
