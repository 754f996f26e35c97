"""The HTTP routes that Prometheus reads: /metrics, /metrics/machines/<id>, /metrics/self, /v1/targets."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from keskidee_exporters import http_sd, prometheus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

    from keskidee_collector.view import View

REFRESH_SECONDS = 60
"""How often Prometheus is asked to read /v1/targets."""
TURN_SECONDS = 0.005
LOOPBACK = ("127.", "::1")


def routes(view: View, public_url: Callable[[Request], str]) -> list[Route]:
    """Routes over a view; `public_url` says how the one who asks reaches this collector."""

    async def fleet(request: Request) -> Response:
        content_type = prometheus.negotiate(request.headers.get("accept", ""))
        return _page(request, prometheus.fleet_page(view, content_type), content_type)

    async def own(request: Request) -> Response:
        content_type = prometheus.negotiate(request.headers.get("accept", ""))
        return _page(request, prometheus.self_page(view, content_type), content_type)

    async def machine(request: Request) -> Response:
        row = view.machine(request.path_params["machine_id"])
        if row is None or row.state == "retired":
            return PlainTextResponse("no such machine\n", 404)
        content_type = prometheus.negotiate(request.headers.get("accept", ""))
        page = prometheus.machine_page(view, row.id, content_type)
        if not page:
            return PlainTextResponse(f"{row.instance} is {row.state}: it has nothing to show now\n", 503)
        return _page(request, iter([page]), content_type)

    async def targets(request: Request) -> Response:
        url = urlsplit(public_url(request))
        rows = http_sd.targets(view, host=_host_and_port(url.netloc, url.scheme), scheme=url.scheme)
        return JSONResponse(rows, headers={"X-Prometheus-Refresh-Interval-Seconds": str(REFRESH_SECONDS)})

    return [
        Route("/metrics", fleet),
        Route("/metrics/self", own),
        Route("/metrics/machines/{machine_id}", machine),
        Route("/v1/targets", targets),
    ]


def _host_and_port(netloc: str, scheme: str) -> str:
    """Prometheus wants a port; a URL may leave the usual one out."""
    if netloc.rpartition(":")[2].isdigit() and not netloc.endswith("]"):
        return netloc
    return f"{netloc}:{443 if scheme == 'https' else 80}"


def _page(request: Request, pieces: Iterator[bytes], content_type: str) -> Response:
    """Streams a page; gzip only where it crosses a network, since on this host bytes are cheaper than their packing."""
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
    client = request.client.host if request.client else ""
    if "gzip" in request.headers.get("accept-encoding", "") and not client.startswith(LOOPBACK):
        pieces = prometheus.gzipped(pieces)
        headers["Content-Encoding"] = "gzip"
    return StreamingResponse(_yielding(pieces), headers=headers)


async def _yielding(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Lets reports in each TURN_SECONDS of a long page."""
    began = time.monotonic()
    for piece in pieces:
        yield piece
        if time.monotonic() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = time.monotonic()
