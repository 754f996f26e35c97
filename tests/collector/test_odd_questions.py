"""Whatever a reader who may read puts into an address or a header, every page is answered, and no fault is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.collector.served import Agent, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

PAGES = ("/", "/metrics", "/metrics/self", "/v1/targets", "/machines/{}", "/static/style.css", "/healthz", "/v1/ca")
HOSTS = (
    "",
    "[",
    "]",
    "[]",
    "[::1",
    "[x]:1",
    "a b",
    "a:b:c",
    "a:99999999",
    "a/b",
    "//x",
    "?",
    "#",
    "@",
    "%00",
    "a\\b",
    "é",
    "x" * 3000,
)
QUERIES = (
    *("page=-1", "page=0", "page=1.5", "page=", "page=%C2%B2", "page=%D9%A1", "page=" + "9" * 5000, "page=1&page=2"),
    *(
        "q=%00",
        "q=%ff%fe",
        "q=%zz",
        "q=" + "a" * 20_000,
        "site=%ff",
        "state=x",
        "state=%00",
        "reload=1e999",
        "&&&=",
        "%00=%00",
    ),
)
FIELDS = (
    *(
        "Accept: é",
        "Accept: text/plain;q=x",
        "Accept: " + "a;" * 5000,
        "Accept: application/openmetrics-text;version=é;q=nan",
    ),
    *("Accept-Encoding: gzip;q=inf", "Accept-Encoding: gzip;q=1e999,*;q=-1", "Authorization: Basic é", "Cookie: é=é"),
    *(
        "X-Forwarded-For: é",
        "X-Forwarded-Proto: javascript",
        "Range: bytes=-1",
        "Range: bytes=9-1",
        "Range: bytes=0-0,1-1",
    ),
    *("If-Modified-Since: é", "If-None-Match: é", "Content-Type: é", "Connection: é", "Expect: é", "Upgrade: é"),
)
REQUESTS = {
    "hosts": [("", f"Host: {host}") for host in HOSTS],
    "queries": [(f"?{query}", "Host: x") for query in QUERIES],
    "headers": [("", f"Host: x\r\n{field}") for field in FIELDS],
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("odd-questions"), {}, listen="0.0.0.0:0")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def agent(collector: Served) -> Agent:
    agent = collector.enrol("pc-01")
    assert collector.post(agent, agent.body()).status == 200
    return agent


@pytest.mark.parametrize("odd", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("page", PAGES)
def test_an_odd_question_has_an_answer(collector: Served, agent: Agent, page: str, odd: list[tuple[str, str]]) -> None:
    line, token = collector.line(), collector.token(scope="metrics")
    faults = []
    for query, fields in odd:
        path = page.format(agent.id) + query
        line.send(f"GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{fields}\r\n\r\n".encode())
        answer = line.answer()
        if answer.status >= 500:
            faults.append((path, fields, answer.status))
        if answer.headers.get("connection") == "close":
            line.close()
            line = collector.line()
    line.close()
    assert (faults, collector.log) == ([], "")
