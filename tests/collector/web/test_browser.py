"""The pages in a real browser: nothing is wider than a phone, and the content security policy allows what we use."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import threading
import time
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from keskidee_collector.register.assets import Question
from keskidee_collector.view import View
from keskidee_collector.web.pages import routes
from keskidee_report.model import FAILED
from tests.collector.web.collector import HOSTILE, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request

    from tests.collector.web.collector import Collector

pytestmark = pytest.mark.slow

PHONE_PIXELS = 360
QUIET = """
--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update
--disable-sync --disable-dev-shm-usage --hide-scrollbars
"""

FRAMES = """<!doctype html><title>frames</title><body>%s<pre></pre><script>
addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, width = frame.clientWidth;
    const wide = [...page.body.querySelectorAll("*")].filter(
      element => !element.closest("pre, thead") && element.getBoundingClientRect().right > width + 0.5);
    return [page.title !== "", page.documentElement.scrollWidth, wide.map(element => element.outerHTML.slice(0, 80))];
  });
  document.querySelector("pre").textContent = JSON.stringify(found);
});
</script>"""
"""Shows pages in frames as wide as a phone (a window cannot be that narrow), and writes what sticks out."""


def ill_fleet(collector: Collector) -> list[str]:
    """Machines that say something hostile wherever they can, and the pages to look at."""
    for text in HOSTILE:
        facts = dict.fromkeys(("os_name", "kernel", "maker", "model", "serial"), text)
        agent = collector.join(text, site=text, role=text, **facts)
        collector.report(agent, reading(), reading("dmi", FAILED, text[:200]), clock_off=1e9)
    asyncio.run(collector.state.assets.following.follow(collector.state.fleet, collector.at))
    assets = collector.state.assets.page(Question()).assets
    return [
        "/",
        "/assets",
        *[f"/assets/{asset.id}" for asset in assets],
        "/?state=wrong",
        *[f"/machines/{machine.id}" for machine in View(collector.state).machines()],
    ]


@contextmanager
def serving(application: object, port: int) -> Iterator[str]:
    """The URL of an application that is being served."""
    config = uvicorn.Config(application, host="127.0.0.1", port=port, log_level="warning", lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def browse(chromium: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the browser says about a page."""
    argv = [str(chromium), *QUIET.split(), f"--user-data-dir={folder}", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=90, check=True)


def test_nothing_is_wider_than_a_phone(
    collector: Collector, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    paths = ill_fleet(collector)
    frames = "".join(f'<iframe src="{path}" style="width:{PHONE_PIXELS}px;border:0"></iframe>' for path in paths)

    async def in_frames(_: Request) -> HTMLResponse:
        return HTMLResponse(FRAMES % frames)

    pages = routes(
        View(collector.state),
        public_url=lambda request: str(request.base_url),
        prometheus_lines=lambda url: f"- url: {url}/v1/targets" + " endless" * 50,
        join_line=lambda url: f"keskidee agent enrol {url} --token-file -" + "-" * 300,
    )
    # not the whole collector: its guard forbids frames
    with serving(Starlette(routes=[*pages, Route("/frames", in_frames)]), free_port()) as url:
        dumped = browse(program("chromium"), tmp_path / "browser", "--dump-dom", f"{url}/frames").stdout

    result = re.search(r"<pre>(.*?)</pre>", dumped)
    assert result
    assert dict(zip(paths, json.loads(unescape(result[1])), strict=True)) == {
        path: [True, PHONE_PIXELS, []] for path in paths
    }


def test_the_content_security_policy_allows_everything_the_page_uses(
    collector: Collector, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> None:
    ill_fleet(collector)

    with serving(collector.application, free_port()) as url:
        arguments = ["--enable-logging=stderr", "--v=0", f"--screenshot={tmp_path / 'page.png'}", f"{url}/"]
        log = browse(program("chromium"), tmp_path / "browser", *arguments).stderr

    assert [line for line in log.splitlines() if "CONSOLE" in line] == []
    assert (tmp_path / "page.png").stat().st_size > 20_000
