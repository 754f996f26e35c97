"""Requests that are odd, endless or framed as no honest client frames them, and honest ones that are rare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.collector.connections.speaking import GET, HOST, answered, counted
from tests.collector.served import Served

if TYPE_CHECKING:
    from tests.collector.served import Agent

pytestmark = pytest.mark.slow


def test_a_body_longer_than_it_says_ends_the_connection(collector: Served, agent: Agent) -> None:
    line = collector.line()
    line.send(agent.request(agent.body(), headers="Content-Length: 10\r\n"))
    assert answered(line) in (422, 400, 0)
    assert line.is_closed(10)


ODD = {
    "a length that is no number": ("Content-Length: abc\r\n", 400),
    "a negative length": ("Content-Length: -5\r\n", 400),
    "a length with a sign": ("Content-Length: +5\r\n", 400),
    "a length beyond 64 bits": (f"Content-Length: {'9' * 30}\r\n", 400),
    "a huge length": ("Content-Length: 999999999999\r\n", 413),
    "two lengths": ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
    "a length and chunks": ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
    "an unknown coding": ("Transfer-Encoding: rot13\r\n", 400),
}


@pytest.mark.parametrize(("headers", "status"), ODD.values(), ids=ODD)
def test_a_body_framed_oddly_is_refused(collector: Served, agent: Agent, headers: str, status: int) -> None:
    line = collector.line()
    reason = {400: "http", 413: "too_large"}[status]

    def send() -> None:
        line.send(agent.request(b"", headers=headers))
        assert answered(line) == status

    assert counted(collector, send).pop(reason) == 1
    assert line.is_closed(5)


def test_chunks_are_as_good_as_a_length(collector: Served, agent: Agent) -> None:
    body = agent.body()
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(body[at : at + 50]), body[at : at + 50]) for at in range(0, len(body), 50))
    line = collector.line()
    line.send(agent.request(chunks + b"0\r\n\r\n", headers="Transfer-Encoding: chunked\r\n"))
    assert answered(line) == 200


def test_chunks_without_end_are_refused_at_the_limit(collector: Served, agent: Agent) -> None:
    line = collector.line()
    line.send(agent.request(b"", headers="Transfer-Encoding: chunked\r\n"))
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"

    def flood() -> None:
        for _ in range(100):
            try:
                line.send(chunk)
            except OSError:
                break
        assert answered(line) in (413, 0)

    assert counted(collector, flood) == {"too_large": 1}


def test_a_client_that_asks_first_is_told_to_go_on(collector: Served, agent: Agent) -> None:
    request = agent.request(agent.body(), headers="Expect: 100-continue\r\n")
    head, _, body = request.partition(b"\r\n\r\n")
    line = collector.line()
    line.send(head + b"\r\n\r\n")
    assert answered(line) == 100
    line.send(body)
    assert answered(line) == 200


def test_a_client_that_asks_first_and_may_not_is_told_so_at_once(collector: Served, agent: Agent) -> None:
    request = agent.request(agent.body(), credential="wrong", headers="Expect: 100-continue\r\n")
    line = collector.line()
    line.send(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    assert (answered(line), line.is_closed(10)) == (401, True)


def test_pipelined_reports_are_answered_in_order(collector: Served, agent: Agent) -> None:
    line = collector.line()
    requests = [agent.request(agent.body()) for _ in range(5)]
    line.send(b"".join([*requests[:4], b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n", requests[4]]))
    assert [answered(line) for _ in range(6)] == [200, 200, 200, 200, 404, 200]


FLOODS = {"one header": (b"X: ", b"y" * 8192), "many headers": (b"", b"X: y\r\n" * 1400)}


@pytest.mark.parametrize(("begin", "more"), FLOODS.values(), ids=FLOODS)
def test_a_flood_of_headers_is_answered_431(collector: Served, begin: bytes, more: bytes) -> None:
    line = collector.line()
    before = collector.memory_bytes()

    def flood() -> None:
        line.send(GET + begin)
        for _ in range(2000):
            try:
                line.send(more)
            except OSError:
                break
        assert answered(line) in (431, 0)

    assert counted(collector, flood) == {"http": 1}
    assert collector.memory_bytes() - before < 8 << 20


def test_a_path_without_end_is_refused(collector: Served) -> None:
    line = collector.line()

    def flood() -> None:
        line.send(b"GET /")
        for _ in range(100):
            try:
                line.send(b"a" * 8192)
            except OSError:
                break
        assert answered(line) in (431, 0)

    assert counted(collector, flood) == {"http": 1}


def test_trailers_without_end_are_cut_off(collector: Served, agent: Agent) -> None:
    line = collector.line()
    before = collector.memory_bytes()
    line.send(agent.request(b"", headers="Transfer-Encoding: chunked\r\n") + b"1\r\nx\r\n0\r\n")
    for _ in range(2000):
        try:
            line.send(b"X: y\r\n" * 1400)
        except OSError:
            break
    assert answered(line) in (431, 0)
    assert collector.memory_bytes() - before < 8 << 20


RAW = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a path that is not ASCII": ("GET /é HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), 400),
    "a path in Latin-1": (b"GET /\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a NUL in a header": (GET + b"X: a\x00b\r\n\r\n", 400),
    "a bare newline in a header": (GET + b"X: a\n b\r\n\r\n", 400),
    "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 421),
    "two hosts": (GET + b"Host: localhost\r\n\r\n", 421),
    "another host": (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    "a method of its own": (b"BREW /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CONNECT": (b"CONNECT example.org:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "OPTIONS of all": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "an escaped path": (b"GET /%68ealthz HTTP/1.1\r\n" + HOST + b"\r\n", 200),
    "a path that is escaped badly": (b"GET /%ff%zz HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "an upgrade": (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n", 200),
    "HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n", 200),
    "a whole URL": (b"GET http://localhost/healthz HTTP/1.1\r\n" + HOST + b"\r\n", 200),
}


@pytest.mark.parametrize(("request_", "status"), RAW.values(), ids=RAW)
def test_an_odd_request_has_its_answer(collector: Served, request_: bytes, status: int) -> None:
    line = collector.line()
    line.send(request_)
    assert answered(line) == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/machines/x/reports", 405),
        ("HEAD", "/v1/machines/x/reports", 405),
        ("OPTIONS", "/v1/machines/x/reports", 405),
        ("PUT", "/v1/machines/x/reports", 405),
        ("POST", "/v1/machines//reports", 401),
        ("POST", "/v1/machines/reports", 401),
        ("POST", "/v1/machines/x%2Fy/reports", 404),
        ("POST", "/v1/machines/x/y/reports", 404),
        ("POST", "/v1/machines/x/reports/", 404),
        ("POST", "/v1/machines/../machines/x/reports", 404),
        ("POST", "/v1/machines/%00/reports", 401),
        ("POST", "/V1/machines/x/reports", 404),
        ("POST", "//v1/machines/x/reports", 404),
        ("POST", "/v1/machines/' OR 1=1 --/reports".replace(" ", "%20"), 401),
    ],
)
def test_paths_near_the_report_route(collector: Served, method: str, path: str, status: int) -> None:
    assert collector.ask(method, path).status == status
