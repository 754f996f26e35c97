"""What strangers may do to a collector's connections, at nobody else's cost: slow, silent, endless and odd requests."""

from __future__ import annotations

import concurrent.futures
import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import Family, Reading
from tests.collector.served import Line, Served, difference
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.collector.served import Agent

pytestmark = pytest.mark.slow

LIMITS = {"body_bytes": 65_536, "receive_seconds": 1, "connections": 300}
HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("connections"), {"limits": LIMITS})
    yield served
    served.stop()


@pytest.fixture
def agent(collector: Served) -> Agent:
    return collector.enrol("pc-01")


@pytest.fixture(autouse=True)
def peace(collector: Served) -> Iterator[None]:
    """Whatever was sent: no fault in the log, and the next machine goes on."""
    before = len(collector.log)
    yield
    agent = collector.enrol("neighbour")
    assert collector.post(agent, agent.body()).status == 200
    assert not [line for line in collector.log[before:].splitlines() if "report refused" not in line]


def counted(collector: Served, during: Callable[[], object]) -> dict[str, float]:
    before = collector.counts()
    during()
    return difference(before, collector.counts())


def answered(line: Line) -> int:
    try:
        return line.answer().status
    except (EOFError, OSError):
        return 0


def trickled(line: Line, data: bytes, pause_seconds: float, seconds: float) -> None:
    """Sends a byte now and then, for so long or until the other end has had enough."""
    until = time.monotonic() + seconds
    for byte in data:
        if time.monotonic() > until:
            return
        try:
            line.send(bytes((byte,)))
        except OSError:
            return
        time.sleep(pause_seconds)


def test_a_connection_that_never_says_a_word_is_closed(collector: Served) -> None:
    line = collector.line()
    assert counted(collector, lambda: line.is_closed(5)) == {}
    assert line.is_closed(0.1)


@pytest.mark.parametrize("begun", [b"G", b"POST ", GET, GET + b"X: " + b"y" * 100])
def test_headers_that_do_not_end_are_answered_408(collector: Served, begun: bytes) -> None:
    line = collector.line()
    line.send(begun)
    assert counted(collector, lambda: answered(line)) == {"slow": 1}
    assert line.is_closed(10)


def test_headers_that_come_byte_by_byte_are_answered_408_all_the_same(collector: Served) -> None:
    line = collector.line()
    assert counted(collector, lambda: trickled(line, GET + b"X: yyyyyyyyyyyyyyyyyy", 0.1, 4)) == {"slow": 1}
    assert answered(line) in (408, 0)


def test_a_second_request_that_does_not_end_is_answered_408(collector: Served) -> None:
    line = collector.line()
    line.send(GET + b"\r\n")
    assert answered(line) == 200
    line.send(GET)
    assert (answered(line), line.is_closed(10)) == (408, True)


def test_blank_lines_between_requests_keep_no_connection_open(collector: Served) -> None:
    line = collector.line()
    line.send(GET + b"\r\n")
    assert answered(line) == 200
    trickled(line, b"\r\n" * 20, 0.2, 3)
    assert line.is_closed(2)


def test_a_connection_is_kept_between_reports(collector: Served, agent: Agent) -> None:
    line = collector.line()
    for _ in range(3):
        line.send(agent.request(agent.body()))
        assert line.answer().status == 200
        time.sleep(1.5)  # more than receive_seconds


def test_a_body_that_does_not_end_is_answered_408(collector: Served, agent: Agent) -> None:
    line = collector.line()
    line.send(agent.request(agent.body())[:-1])
    assert counted(collector, lambda: answered(line)) == {"slow": 1}
    assert line.is_closed(10)


def test_a_body_that_comes_byte_by_byte_is_answered_408_all_the_same(collector: Served, agent: Agent) -> None:
    line = collector.line()
    request = agent.request(agent.body())
    line.send(request[:-60])
    assert counted(collector, lambda: trickled(line, request[-60:], 0.1, 4)) == {"slow": 1}
    assert answered(line) in (408, 0)


def test_an_enrolment_whose_body_does_not_end_is_answered_408(collector: Served) -> None:
    token = collector.token()
    line = collector.line()
    line.send(b"POST /v1/enrol HTTP/1.1\r\n" + HOST + f"Authorization: Bearer {token}\r\n".encode())
    line.send(b"Content-Length: 100\r\n\r\n{")
    assert (answered(line), line.is_closed(10)) == (408, True)


def test_a_body_shorter_than_it_says_is_counted_when_the_line_ends(collector: Served, agent: Agent) -> None:
    before = collector.counts()

    def cut() -> None:
        line = collector.line()
        line.send(agent.request(agent.body(), headers="Content-Length: 50000\r\n"))
        line.close()
        wait_until(lambda: collector.counts() != before, "the count")

    assert counted(collector, cut) == {"disconnected": 1}


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


def test_idle_connections_are_bounded_and_the_longest_idle_goes_first(collector: Served, agent: Agent) -> None:
    kept = collector.line()
    kept.send(agent.request(agent.body()))
    assert answered(kept) == 200
    idle = [Line(collector.port) for _ in range(280)]
    assert collector.ask("GET", "/healthz").status == 200  # accepted after all of them
    kept.send(agent.request(agent.body()))
    assert answered(kept) == 200
    idle += [Line(collector.port) for _ in range(100)]
    time.sleep(0.2)
    kept.send(agent.request(agent.body()))
    assert answered(kept) == 200
    assert idle[0].is_closed(10)
    for line in idle:
        line.close()


def test_hundreds_of_slow_clients_do_not_hold_up_a_machine(collector: Served, agent: Agent) -> None:
    slow = [collector.line() for _ in range(200)]
    request = agent.request(agent.body())
    for number, line in enumerate(slow):
        line.send(request[: number % len(request) or 1])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: collector.ask("GET", "/healthz").status, range(40)))
    assert statuses == [200] * 40
    for line in slow:
        line.close()


def test_a_client_that_does_not_read_its_pages_is_cut_off(collector: Served, agent: Agent) -> None:
    wide = Family("node_wide", "gauge", "")
    samples = [wide(float(n), text="x" * 1000, n=str(n)) for n in range(2000)]
    assert collector.post(agent, agent.body(Reading("textfile", "ok", samples=samples))).status == 200
    line = collector.line()
    line.send((b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n") * 10)
    time.sleep(3)
    pages = 0
    with contextlib.suppress(OSError, EOFError):
        while line.answer().status == 200:
            pages += 1
    assert pages < 9
