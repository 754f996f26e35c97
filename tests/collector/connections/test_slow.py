"""Connections that wait: silent ones, requests that come slowly or not to their end, and many of both."""

from __future__ import annotations

import concurrent.futures
import contextlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import Family, Reading
from tests.collector.connections.speaking import GET, HOST, answered, counted
from tests.collector.served import Line, Served
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.collector.served import Agent

pytestmark = pytest.mark.slow


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


def is_held(collector: Served, line: Line) -> bool:
    """Whether the collector has not closed its end, which a client that does not read cannot tell."""
    ends = rf":{collector.port:04X} [0-9A-F]{{8}}:{line.socket.getsockname()[1]:04X} 01 "  # established
    return re.search(ends, Path("/proc/net/tcp").read_text()) is not None


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


def test_idle_connections_are_bounded_and_the_longest_idle_goes_first(collector: Served, agent: Agent) -> None:
    kept = collector.line()
    kept.send(agent.request(agent.body()))
    assert answered(kept) == 200
    idle = [Line(collector.port) for _ in range(280)]
    assert collector.ask("GET", "/healthz").status == 200  # accepted after all of them
    kept.send(agent.request(agent.body()))
    assert answered(kept) == 200
    idle += [Line(collector.port) for _ in range(100)]
    assert collector.ask("GET", "/healthz").status == 200
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
    wait_until(lambda: not is_held(collector, line), "the cut")
    pages = 0
    with contextlib.suppress(OSError, EOFError):
        while line.answer().status == 200:
            pages += 1
    assert pages < 9
