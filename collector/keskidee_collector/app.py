"""Wires the collector: stores, state, routes and pages become one ASGI application. Nothing else imports exporters."""

from __future__ import annotations

import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TextIO

from starlette.applications import Starlette
from starlette.routing import Route

from keskidee_collector.answers import problem
from keskidee_collector.ingest.ingest import Ingest, is_report_path
from keskidee_collector.register.api import AssetRoutes
from keskidee_collector.register.events import EventRoutes
from keskidee_collector.register.inventories import Inventories
from keskidee_collector.routes.administration import Administration
from keskidee_collector.routes.ca_routes import Authorities
from keskidee_collector.routes.device_routes import DeviceRoutes
from keskidee_collector.routes.enrolment import Enrolment
from keskidee_collector.routes.guard import Guard
from keskidee_collector.routes.health import Health
from keskidee_collector.routes.renewal import Renewals
from keskidee_collector.view import View, stored_assets, stored_changes, stored_days, stored_whole
from keskidee_collector.web.pages import routes as page_routes
from keskidee_exporters import csv_days, csv_register
from keskidee_exporters.prometheus_config import scrape_lines
from keskidee_exporters.routes import routes as exporter_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from keskidee_collector.state import State


def build(state: State, *, admin_token: str, tls: bool = False, proxys_ca_pem: bytes | None = None) -> Guard:
    """The whole collector as one ASGI application. `tls`: it speaks TLS itself.

    `proxys_ca_pem` is the authority of a proxy in front that ends TLS, where its certificate is not of the agents' CA.
    """
    ingest = Ingest(state)
    rest = Starlette(routes=_routes(state, admin_token, proxys_ca_pem), exception_handlers={404: _not_found})
    rest.router.redirect_slashes = False  # an agent would follow, and repeat its report and its credential

    async def dispatch(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and is_report_path(scope["path"]):
            await ingest(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return Guard(state, dispatch, ingest, tls=tls)


@asynccontextmanager
async def outlets(state: State) -> AsyncIterator[None]:
    """Sends what the collector hears to each destination of its settings, while it serves."""
    if not state.settings.remote_write:
        yield
        return
    from keskidee_exporters import remote_write  # requests and snappy, for those who pass on

    view = View(state)
    outlet = remote_write.start(view, view.feed, state.settings.remote_write)
    try:
        yield
    finally:
        await outlet.close()


def _routes(state: State, admin_token: str, proxys_ca_pem: bytes | None) -> list[Any]:
    view = View(state)

    def public_url(request: Request) -> str:
        """How the one who asks reaches this collector."""
        return (state.settings.public_url or str(request.base_url)).rstrip("/")

    return [
        *Authorities(state, admin_token, proxys_ca_pem).routes(),
        Route("/v1/enrol", Enrolment(state).__call__, methods=["POST"]),
        Route("/v1/machines/{machine_id}/credential", Renewals(state).__call__, methods=["POST"]),
        *Inventories(state).routes(),
        *EventRoutes(state).routes(),
        *AssetRoutes(state, admin_token).routes(),
        *DeviceRoutes(state, admin_token).routes(),
        *Administration(state, admin_token).routes(),
        *Health(state).routes(),
        *exporter_routes(view, public_url),
        *page_routes(view, public_url=public_url, prometheus_lines=scrape_lines, join_line=join_line),
    ]


def join_line(base_url: str) -> str:
    """What to type on the next machine; the token goes in by standard input, never on the command line."""
    return f"keskidee agent enrol {base_url} --token-file -"


async def _not_found(request: Request, _error: Exception) -> Response:
    return problem(404, "unknown", f"nothing is at {request.url.path[:200]}")


def export_assets(directory: Path, format: str, output: Path | None) -> int:  # noqa: A002 - the option's name
    """Writes the assets of a data directory to a file or to stdout; `glpi` into a folder too. Raises Unusable."""
    if format == "xlsx":
        return _export_workbook(directory, output)
    if format == "csv":
        rows = stored_assets(directory)
        return _write(output, lambda out: csv_register.write(rows, out))
    from keskidee_exporters import glpi_register, json_register

    assets = stored_whole(directory)
    if format == "json":
        return _write(output, lambda out: json_register.write(assets, out, time.time()))
    if output is not None and output.is_dir():
        glpi_register.write_files(assets, output)
        return 0
    return _write(output, lambda out: glpi_register.write(assets, out))


def _export_workbook(directory: Path, output: Path | None) -> int:
    from keskidee_exporters import xlsx_register

    rows, history = stored_assets(directory), stored_changes(directory, xlsx_register.ROWS_AT_MOST)
    if output is None:
        xlsx_register.write(rows, history, sys.stdout.buffer)
    else:
        with open(output, "wb") as file:
            xlsx_register.write(rows, history, file)
    return 0


def export_days(directory: Path, output: Path | None, first: str, last: str) -> int:
    """Writes the days of its machines, from one to another, likewise."""
    rows = stored_days(directory, first, last)
    return _write(output, lambda out: csv_days.write(rows, out))


def _write(output: Path | None, write: Callable[[TextIO], None]) -> int:
    if output is None:
        sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]  # CSV ends its lines itself
        write(sys.stdout)
    else:
        with open(output, "w", encoding="utf-8", newline="") as file:
            write(file)
    return 0
