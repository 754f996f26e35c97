"""The routes of the pages: the landing page, one machine, and their style.

No page reloads itself unless asked to (`?reload=30`, for a screen on a wall): a page that jumps takes away the line
that somebody is about to copy, and WCAG 2.2.1 wants the reader to decide. Every page says as of when it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from keskidee_collector.web import wording
from keskidee_collector.web.assets import AssetPages
from keskidee_collector.web.backlog import backlog_of
from keskidee_collector.web.findings import findings, troubles
from keskidee_collector.web.listing import CHOICES, Query, listing, sites
from keskidee_collector.web.sources import source_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from keskidee_collector.view import MachineView, View

FOLDER = Path(__file__).parent
FINDINGS_SHOWN = 25
NAMES_SHOWN = 4
SITES_SHOWN = 60
RELOAD_SECONDS = 30
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def routes(
    view: View,
    *,
    public_url: Callable[[Request], str],
    prometheus_lines: Callable[[str], str],
    join_line: Callable[[str], str],
) -> list[Route | Mount]:
    """`/`, `/machines/<id>`, `/assets`, `/assets/<id>` and `/static/`. The callables give the URL by which the one who
    asks reaches the collector, Prometheus's configuration for it, and the command that enrols a machine with it.
    """  # fmt: skip
    pages = Pages(view, public_url=public_url, prometheus_lines=prometheus_lines, join_line=join_line)
    small = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)]  # offices read this over thin links
    return [
        Route("/", pages.landing, middleware=small),
        Route("/machines/{machine_id}", pages.machine, middleware=small),
        *AssetPages(view, pages.page).routes(small),
        Mount("/static", StaticFiles(directory=FOLDER / "static"), middleware=small),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many machines are in each state."""

    all: int
    on: int
    silent: int
    link_down: int
    off: int

    @classmethod
    def of(cls, machines: list[MachineView]) -> Count:
        """Of these machines, none of them retired."""
        states = Counter([machine.state for machine in machines])
        counts = {state: states[state] for state in ("on", "silent", "link_down", "off")}
        return cls(all=len(machines), **counts)


class Pages:
    """The pages over one view."""

    def __init__(
        self,
        view: View,
        *,
        public_url: Callable[[Request], str],
        prometheus_lines: Callable[[str], str],
        join_line: Callable[[str], str],
    ) -> None:
        self._view = view
        self._public_url = public_url
        self._prometheus_lines = prometheus_lines
        self._join_line = join_line
        self._environment = environment()

    async def landing(self, request: Request) -> Response:
        """What is wrong, every machine, how to add the next, Prometheus's lines."""
        query = Query.of(request.query_params)
        url = self._public_url(request)
        # the fleet is read here, where nothing else changes it; the rest need not keep reports waiting
        machines = self._view.machines(retired=query.state == "retired")
        reloads = request.query_params.get("reload") == str(RELOAD_SECONDS) and not query.narrows
        told = {"reloads": reloads, "is_cut_off": self._view.is_cut_off()}
        return await run_in_threadpool(self._landing, url, machines, query, **told)

    async def machine(self, request: Request) -> Response:
        """One machine: facts, sources, refused families, what it reports."""
        machine = self._view.machine(request.path_params["machine_id"])
        if machine is None:
            return self.page("missing.html", status=404, what="machine")
        families = self._view.machine_families(machine.id)
        asset = await run_in_threadpool(self._view.assets.of_machine, machine.id)
        return self.page(
            "machine.html",
            m=machine,
            asset_id=asset.id if asset else "",
            troubles=troubles(machine),
            backlog=backlog_of(families),
            sources=source_rows(machine, families),
            families=[(definition, chunk.count(b"\n")) for definition, chunk in families],
        )

    def _landing(
        self, url: str, machines: list[MachineView], query: Query, *, reloads: bool, is_cut_off: bool
    ) -> Response:
        present = [machine for machine in machines if machine.state != "retired"]
        found = findings(present, is_cut_off=is_cut_off)
        return self.page(
            "landing.html",
            count=Count.of(present),
            found=found,
            shown=found[:FINDINGS_SHOWN],
            pretend=sum(finding.simulated for finding in found),
            unannounced=sum(machine.off_reason == "unannounced" for machine in present),
            only=present[0] if len(present) == 1 else None,
            list=listing(machines, query),
            query=query,
            reloads=reloads,
            sites=sites(present),
            url=url,
            loopback=urlsplit(url).hostname in LOOPBACK,
            join_line=self._join_line(url),
            prometheus_lines=self._prometheus_lines(url),
        )

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A template, filled."""
        page = self._environment.get_template(template)
        html = page.render(now=self._view.now(), version=self._view.version, **context)
        return HTMLResponse(html, status, {"Cache-Control": "no-store"})


def environment() -> Environment:
    """Jinja2 with everything escaped, and the words of `wording`."""
    found = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    for word in (wording.shown, wording.span, wording.moment, wording.clock, wording.iso, wording.offset):
        found.filters[word.__name__] = word
    found.globals |= {
        "amount": wording.amount,
        "asset": asset,
        "AWAY_REASONS": wording.AWAY_REASONS,
        "CHOICES": CHOICES,
        "NAMES_SHOWN": NAMES_SHOWN,
        "OFF_REASONS": wording.OFF_REASONS,
        "SITES_SHOWN": SITES_SHOWN,
        "RELOAD_SECONDS": RELOAD_SECONDS,
    }
    return found


def asset(name: str, known: dict[str, str] = {}) -> str:  # noqa: B006  # read once a process
    """The URL of a file in static/, with its content's hash: a browser that kept the last version's asks again."""
    if name not in known:
        known[name] = f"/static/{name}?{sha256((FOLDER / 'static' / name).read_bytes()).hexdigest()[:8]}"
    return known[name]
