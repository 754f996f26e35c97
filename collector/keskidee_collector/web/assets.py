"""The pages of the register: `/assets`, searched and filtered by a plain form, `/assets/<id>`, which prints, and
`/assets/changes`, what became of all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from keskidee_collector.register.asset import STATES
from keskidee_collector.register.assets import SORTS, SORTS_BY_TIME, Page, Question
from keskidee_collector.register.programs import TooVague
from keskidee_collector.register.questions import LONGEST_TEXT
from keskidee_collector.register.standing import ENDED, ENDING, ENDING_DAYS, VALID
from keskidee_collector.web import fields
from keskidee_collector.web.wording import SITE_LENGTH, amount, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import Response

    from keskidee_collector.register.assets import AssetItem
    from keskidee_collector.register.events import Event
    from keskidee_collector.view import View

SOFTWARE = {
    "software": ("version", "maker", "installed_on"),
    "software_update": ("version", "description", "installed_on"),
    "pending_update": ("installed", "available", "security"),
}
"""Kinds that are listed apart from the parts, for there are hundreds of them, and the fields that each list shows."""
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
OF_A_PORT = ("linkDown", "linkUp")
CHANGES_A_PAGE = 100
SHOWN_PROGRAMS = 3
"""Of one asset in a list; its own page has all."""
SHOWN_EVENTS = 100
"""Of what a device told by itself; `/v1/assets/<id>/events` has all that are kept."""
FILTERED = ("site", "kind", "state", "fund")


class AssetPages:
    """The pages over one view; `page` renders a template."""

    def __init__(self, view: View, page: Callable[..., Response]) -> None:
        self._assets = view.assets
        self._page = page

    def routes(self, middleware: list[Middleware]) -> list[Route]:
        """The pages' routes."""
        return [
            Route("/assets", self.listed, middleware=middleware),
            Route("/assets/changes", self.changed, middleware=middleware),
            Route("/assets/{asset_id}", self.one, middleware=middleware),
        ]

    async def listed(self, request: Request) -> Response:
        """The list; what makes no sense in its URL is as if it were not there."""
        return await run_in_threadpool(self._listed, question_of(request.query_params))

    async def one(self, request: Request) -> Response:
        """One asset: its own fields, parts, software, history."""
        return await run_in_threadpool(self._one, request.path_params["asset_id"])

    async def changed(self, request: Request) -> Response:
        """What became of all assets, newest first."""
        before = request.query_params.get("before", "")
        number = int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None
        return await run_in_threadpool(self._changed, number)

    def _changed(self, before: int | None) -> Response:
        found = self._assets.latest(before=before, at_most=CHANGES_A_PAGE)
        older = found[-1][1].id if len(found) == CHANGES_A_PAGE else None
        return self._page("changes.html", found=found, older=older, fields=fields)

    def _listed(self, question: Question) -> Response:
        vague = ""
        try:
            page = self._assets.page(question)
        except TooVague as error:
            vague, page = str(error), Page(assets=[], found=0, page=1, per_page=question.per_page)
        return self._page(
            "assets.html",
            page=page,
            pages=max(1, -(-page.found // question.per_page)),
            question=question,
            vague=vague,
            narrows=bool(question.text or question.filters or question.program),
            link=lambda **changed: link(question, **changed),
            warranty=warranty,
            SHOWN_PROGRAMS=SHOWN_PROGRAMS,
            choices={name: list(STATES) if name == "state" else self._choices(name) for name in FILTERED},
        )

    def _choices(self, name: str) -> list[str]:
        """What may be chosen; a value that hides something, which a form could not send back, is left out."""
        return [value for value in self._assets.values(name) if value == shown(value, SITE_LENGTH)]

    def _one(self, asset_id: str) -> Response:
        asset = self._assets.asset(asset_id)
        if asset is None:
            there = self._assets.led_to(asset_id)
            if there is None:
                return self._page("missing.html", status=404, what="asset")
            return RedirectResponse(f"/assets/{there}", 301)
        items = self._assets.items(asset.id)
        return self._page(
            "asset.html",
            a=asset,
            twin=self._assets.twin(asset),
            in_short=in_short(items),
            parts=by_kind(item for item in items if item.kind not in SOFTWARE),
            software=by_kind(item for item in items if item.kind in SOFTWARE),
            events=with_subjects(self._assets.events(asset.id, at_most=SHOWN_EVENTS), items),
            history=self._assets.history(asset.id),
            columns=SOFTWARE,
            fields=fields,
            warranty=warranty,
        )


def warranty(until: str, now: float) -> tuple[str, str]:
    """How a warranty stands (VALID, ENDING, ENDED) and the word before its day; empty where none is known."""
    if not until:
        return "", ""
    days = (date.fromisoformat(until) - datetime.fromtimestamp(now, UTC).date()).days
    if days < 0:
        return ENDED, "ended"
    return (ENDING, f"ends in {days} days," if days else "ends today,") if days < ENDING_DAYS else (VALID, "until")


def with_subjects(events: list[Event], items: list[AssetItem]) -> list[tuple[Event, str]]:
    """Events and which part each is about: a port by its name, as the last inventory has its ifIndex."""
    ports = {str(item.fields.get("index")): item.key for item in items if item.kind == "interface"}
    return [
        (each, ports.get(each.subject, each.subject) if each.kind in OF_A_PORT else each.subject) for each in events
    ]


def in_short(items: list[AssetItem]) -> list[tuple[str, str]]:
    """What people ask for first: processors, memory in all, disks."""
    kinds = dict(by_kind(items))
    models = Counter(str(item.fields.get("model", "")) for item in kinds.get("processor", ()))
    found = [("Processor", ", ".join(f"{count} × {model}" for model, count in models.items() if model))]
    for kind, word, one in (("memory", "Memory", "module"), ("disk", "Disks", "disk")):
        sizes = [size for item in kinds.get(kind, ()) if type(size := item.fields.get("size_bytes")) is int]
        if sizes:
            found.append((word, f"{fields.value('size_bytes', sum(sizes))}, {amount(len(sizes), one)}"))
    return [(word, text) for word, text in found if text]


def by_kind(items: Any) -> list[tuple[str, list[AssetItem]]]:
    """Items under their kinds, those first that people look for first."""
    kinds: dict[str, list[AssetItem]] = {}
    for item in sorted(items, key=lambda item: in_numbers(item.key)):
        kinds.setdefault(item.kind, []).append(item)
    return sorted(kinds.items(), key=lambda pair: (ORDER.index(pair[0]) if pair[0] in ORDER else len(ORDER), pair[0]))


def in_numbers(key: str) -> list[tuple[int, str]]:
    """An order in which Gi0/2 comes before Gi0/10: of two numbers the shorter one is the smaller."""
    return [(len(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", key)]


def question_of(parameters: Mapping[str, str]) -> Question:
    """What is asked for by a page's URL."""
    page, sort = parameters.get("page", ""), parameters.get("sort", "name")
    known = sort.removeprefix("-") in (*SORTS, *SORTS_BY_TIME)
    return Question(
        text=parameters.get("q", "").strip()[:LONGEST_TEXT],
        filters={name: parameters[name] for name in FILTERED if parameters.get(name)},
        program=parameters.get("program", "").strip()[:LONGEST_TEXT],
        below=parameters.get("below", "").strip()[:LONGEST_TEXT],
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
        "program": asked.program,
        "below": asked.below,
        "sort": "" if sort == "name" else sort,
        "page": str(asked.page) if asked.page > 1 else "",
    }
    query = urlencode({name: text for name, text in pairs.items() if text})
    return f"/assets?{query}" if query else "/assets"
