"""The agent's way to the collector, on real sockets: what is kept alive, tried again, refused, how long it takes."""

import datetime
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keskidee_agent import tls
from keskidee_agent.origin import origin_of
from keskidee_agent.transport import DeliveryError, Pauses, Transport
from keskidee_agent.waiting import Waiter
from keskidee_report.wire import SPEAKS
from tests.agent.listening import Certified, Listener, Request, answer, certified, listening

HEADERS = {"authorization": "Bearer secret", "content-type": "application/vnd.keskidee.report"}
SECONDS = 5.0


def transport_to(url: str, ca_file: Path | str = "") -> Transport:
    return Transport(origin_of(url), "ab12", "secret", str(ca_file), Waiter())


def failure_of(transport: Transport, seconds: float = SECONDS) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        transport.post(b"body", seconds)
    return caught.value


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """TLS for 127.0.0.1 and localhost."""
    return certified(tmp_path_factory.mktemp("authority"), "127.0.0.1", "localhost", "::1")


@pytest.fixture(params=[True, False], ids=["C modules", "ssl"])
def lean(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """The test runs with TLS by the C modules and once more by the `ssl` module."""
    monkeypatch.setattr(tls, "LEAN", request.param)
    return bool(request.param)


def test_a_post_carries_body_credential_and_little_else() -> None:
    with listening() as listener:
        assert transport_to(listener.url).post(b"\x00body", SECONDS).interval_seconds == 15
        (request,) = listener.requests
        assert request.line == "POST /v1/machines/ab12/reports HTTP/1.1"
        assert request.fields == {**HEADERS, "host": f"127.0.0.1:{listener.port}", "content-length": "5"}
        assert request.body == b"\x00body"


def test_a_prefix_of_the_url_stands_before_the_path() -> None:
    with listening() as listener:
        transport_to(f"{listener.url}/keskidee/").post(b"", SECONDS)
        assert listener.requests[0].line == "POST /keskidee/v1/machines/ab12/reports HTTP/1.1"


def test_one_connection_serves_twenty_reports() -> None:
    with listening() as listener:
        transport = transport_to(listener.url)
        for _ in range(20):
            transport.post(b"body", SECONDS)
        assert (len(listener.requests), listener.connections) == (20, 1)


def test_an_answer_like_the_last_one_says_the_same_and_another_one_does_not() -> None:
    said = {
        b"1": b'{"interval_seconds": 15}',
        b"2": b'{"interval_seconds": 15}',
        b"3": b'{"interval_seconds": 30}',
        b"4": b"{}",
    }
    with listening(lambda request: answer(body=said[request.body])) as listener:
        transport = transport_to(listener.url)
        assert [transport.post(body, SECONDS).interval_seconds for body in (b"1", b"2", b"3", b"2")] == [15, 15, 30, 15]
        with pytest.raises(DeliveryError):
            transport.post(b"4", SECONDS)


def test_a_large_body_arrives_whole(local: Certified, lean: bool) -> None:
    body = bytes(range(256)) * 16_384
    with listening(tls=local.context) as listener:
        transport_to(listener.url, local.ca_file).post(body, SECONDS)
        assert listener.requests[0].body == body


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    with listening() as listener:
        transport = transport_to(listener.url)
        transport.post(b"one", SECONDS)
        listener.hang_up()
        transport.post(b"two", SECONDS)
        assert [(request.body, request.connection) for request in listener.requests] == [(b"one", 1), (b"two", 2)]


def test_a_connection_that_the_answer_closes_is_not_used_again() -> None:
    with listening(lambda _: answer(connection="close")) as listener:
        transport = transport_to(listener.url)
        transport.post(b"one", SECONDS)
        transport.post(b"two", SECONDS)
        assert [request.connection for request in listener.requests] == [1, 2]


def test_a_request_is_not_repeated_once_an_answer_has_begun() -> None:
    def respond(request: Request) -> list[bytes]:
        return [answer()] if request.body == b"one" else [b"HTTP/1.1 200", b""]

    with listening(respond) as listener:
        transport = transport_to(listener.url)
        transport.post(b"one", SECONDS)
        assert not failure_of(transport).permanent
        assert [request.body for request in listener.requests] == [b"one", b"body"]


def test_a_server_that_hangs_up_at_once_is_asked_once_more_only_on_a_kept_connection() -> None:
    with listening(lambda request: answer() if request.body == b"one" else [b""]) as listener:
        transport = transport_to(listener.url)
        failure_of(transport)
        assert len(listener.requests) == 1
        transport.post(b"one", SECONDS)
        failure_of(transport)
        assert [request.body for request in listener.requests] == [b"body", b"one", b"body", b"body"]


def trickle(_: Request) -> Iterator[bytes]:
    for byte in answer():
        yield bytes((byte,))
        time.sleep(0.05)


def silence(_: Request) -> Iterator[bytes]:
    time.sleep(9)
    yield b""


@pytest.mark.parametrize("respond", [trickle, silence])
def test_the_deadline_holds_for_the_whole_answer(respond: Callable[[Request], Iterator[bytes]]) -> None:
    with listening(respond) as listener:
        started = time.monotonic()
        error = failure_of(transport_to(listener.url), seconds=0.4)
        assert str(error) == "unreachable: no answer in time"
        assert 0.4 <= time.monotonic() - started < 1.5


def test_the_deadline_holds_while_sending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # nobody accepts, so the buffers fill up
        transport = transport_to(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(DeliveryError, match="no answer in time"):
            transport.post(bytes(32 << 20), 0.3)


def test_the_deadline_holds_for_the_handshake(local: Certified, lean: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = transport_to(f"https://127.0.0.1:{server.getsockname()[1]}", local.ca_file)
        assert str(failure_of(transport, seconds=0.3)) == "unreachable: no answer in time"


def test_a_refused_connection_is_told_as_such(free_port: Callable[[], int]) -> None:
    error = failure_of(transport_to(f"http://127.0.0.1:{free_port()}"))
    assert str(error) == "unreachable: Connection refused"
    assert not error.permanent


def test_a_name_is_resolved_and_each_address_tried() -> None:
    with listening() as listener:  # localhost is ::1 too on most machines, where nobody listens
        assert transport_to(f"http://localhost:{listener.port}").post(b"", SECONDS).interval_seconds == 15


def test_a_name_that_does_not_exist_is_told(local: Certified) -> None:
    error = failure_of(transport_to("https://no-such-host.invalid:1", local.ca_file))
    assert str(error).startswith("unreachable: ")


def test_an_ipv6_address_is_reached() -> None:
    try:
        listener = Listener(lambda _: answer(), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    try:
        transport_to(listener.url).post(b"", SECONDS)
        assert listener.requests[0].fields["host"] == f"[::1]:{listener.port}"
    finally:
        listener.close()


@pytest.mark.parametrize(
    "garbage",
    [b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01", b"HTTP/1.1 200 OK\r\na: " + b"b" * 20_000, b"<html>\r\n\r\n"],
)
def test_garbage_is_a_passing_error_and_closes_the_connection(garbage: bytes) -> None:
    with listening(lambda _: [garbage, b""]) as listener:
        transport = transport_to(listener.url)
        assert not failure_of(transport).permanent
        failure_of(transport)
        assert [request.connection for request in listener.requests] == [1, 2]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b"{}", b'{"interval_seconds": "15"}', b'{"interval_seconds": 1', b"interval_seconds: 3"],
)
def test_a_200_without_an_interval_acknowledges_nothing(body: bytes) -> None:
    with listening(lambda _: answer(200, body)) as listener:
        assert not failure_of(transport_to(listener.url)).permanent


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"interval_seconds":60}', 60),
        (b'{"a": [1], "interval_seconds" : 5 , "b": 2}', 5),
        (b'{"interval_seconds":0}', 1),
    ],
)
def test_the_interval_is_found_in_the_answer(body: bytes, seconds: int) -> None:
    with listening(lambda _: answer(200, body)) as listener:
        assert transport_to(listener.url).post(b"", SECONDS).interval_seconds == seconds


KINDS = {
    400: "permanent", 413: "permanent", 415: "permanent", 422: "permanent", 409: "names",
    401: "slow", 403: "slow", 404: "slow", 410: "slow",
    301: "soon", 302: "soon", 418: "soon", 429: "soon", 500: "soon", 502: "soon", 503: "soon",
}  # fmt: skip


@pytest.mark.parametrize("status", KINDS)
def test_each_status_has_its_meaning(status: int) -> None:
    said = b'{"status": 1, "speaks": %d}' % SPEAKS
    with listening(lambda _: answer(status, said, location="http://127.0.0.1:1/")) as listener:
        error = failure_of(transport_to(listener.url))
        kind = "names" if error.names_missing else "permanent" if error.permanent else ""
        assert (kind or ("slow" if error.shortest_seconds == 300 else "soon")) == KINDS[status]
        assert len(listener.requests) == 1


@pytest.mark.parametrize("body", [b"{}", b'{"speaks": 1}', b"<html>no</html>"])
@pytest.mark.parametrize("status", [415, 422])
def test_what_a_collector_does_not_read_that_speaks_less_than_this_agent_is_kept(status: int, body: bytes) -> None:
    with listening(lambda _: answer(status, body)) as listener:
        error = failure_of(transport_to(listener.url))
        assert (error.is_older, error.permanent, error.shortest_seconds, error.longest_seconds) == (
            True,
            False,
            300,
            600,
        )


@pytest.mark.parametrize("wait", ["90", "Thu, 01 Jan 1970 00:01:30 GMT"])
def test_retry_after_is_obeyed(wait: str) -> None:
    fields = {"retry_after": wait, "date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    with listening(lambda _: answer(503, b"", **fields)) as listener:
        error = failure_of(transport_to(listener.url))
        pauses = [Pauses().after(error, 15) for _ in range(100)]
        assert 90 <= min(pauses) < 100 < 110 < max(pauses) <= 120


def test_pauses_grow_with_full_jitter_and_are_bounded() -> None:
    bounds = []
    for failures in range(8):
        drawn = []
        for _ in range(300):
            pauses = Pauses()
            pauses.failures = failures
            drawn.append(pauses.after(DeliveryError(""), 15))
        bounds.append(max(drawn))
        assert min(drawn) < 0.1 * max(drawn)
    limits = [15, 30, 60, 120, 240, 300, 300, 300]
    assert all(0.8 * limit < bound <= limit for bound, limit in zip(bounds, limits, strict=True))


# TLS


def test_tls_keeps_its_connection(local: Certified, lean: bool) -> None:
    with listening(tls=local.context) as listener:
        transport = transport_to(listener.url, local.ca_file)
        for _ in range(20):
            assert transport.post(b"body", SECONDS).interval_seconds == 15
        assert (len(listener.requests), transport.connection.handshakes) == (20, 1)


def test_a_new_connection_resumes_the_session(local: Certified, lean: bool) -> None:
    with listening(tls=local.context) as listener:
        transport = transport_to(listener.url, local.ca_file)
        transport.post(b"one", SECONDS)
        listener.hang_up()
        transport.post(b"two", SECONDS)
        assert [request.resumed for request in listener.requests] == [False, True]


def test_a_server_of_another_authority_gets_no_request(local: Certified, lean: bool, tmp_path: Path) -> None:
    other = certified(tmp_path, "127.0.0.1")
    with listening(tls=other.context) as listener:
        error = failure_of(transport_to(listener.url, local.ca_file))
        assert "certificate verify failed" in str(error)
        assert listener.requests == []


def test_a_certificate_of_another_name_gets_no_request(lean: bool, tmp_path: Path) -> None:
    other = certified(tmp_path, "collector.example.org")
    with listening(tls=other.context) as listener:
        error = failure_of(transport_to(listener.url, other.ca_file))
        assert "certificate is not valid for '127.0.0.1'" in str(error)
        assert listener.requests == []


def test_an_expired_certificate_gets_no_request(lean: bool, tmp_path: Path) -> None:
    expired = certified(tmp_path, "127.0.0.1", now=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    with listening(tls=expired.context) as listener:
        assert "certificate has expired" in str(failure_of(transport_to(listener.url, expired.ca_file)))
        assert listener.requests == []


def test_a_machine_whose_clock_fell_back_is_still_heard(lean: bool, tmp_path: Path) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=300)  # as this machine's clock sees it
    future = certified(tmp_path, "127.0.0.1", now=later)
    with listening(tls=future.context) as listener:
        transport = transport_to(listener.url, future.ca_file)
        assert transport.post(b"one", SECONDS).interval_seconds == 15
        listener.hang_up()
        assert transport.post(b"two", SECONDS).interval_seconds == 15


def test_a_clock_that_fell_back_does_not_open_the_door_to_another_authority(lean: bool, tmp_path: Path) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=300)
    trusted, other = (
        certified(tmp_path / "a", "127.0.0.1", now=later),
        certified(tmp_path / "b", "127.0.0.1", now=later),
    )
    with listening(tls=other.context) as listener:
        failure_of(transport_to(listener.url, trusted.ca_file))
        assert listener.requests == []


def test_tls_older_than_1_2_is_refused(local: Certified, lean: bool) -> None:
    context = tls.context_trusting(str(local.ca_file))
    assert context.minimum_version == 0x0303


@pytest.mark.slow
def test_plain_http_on_a_tls_port_is_told(local: Certified, lean: bool) -> None:
    with listening() as listener:
        error = failure_of(transport_to(listener.url.replace("http:", "https:"), local.ca_file))
        assert str(error).startswith("unreachable: ")


@pytest.mark.parametrize(
    "url",
    [
        "collector:5375", "ftp://127.0.0.1", "http://collector.example.org", "http://10.0.0.1:5375", "https://", "https://:1",
        "https://host:port", "https://host:0", "https://host:65536", "https://user@host", "https://ho st", "https://[::1",
        "https://::1", "https://host/?q", "https://host/\r\nX: y", "http://127.0.0.1.example.org", "http://[::2]",
        "http://localhost.example.org", "https://hé",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_not_safe_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https"):
        origin_of(url)


@pytest.mark.parametrize(
    ("url", "authority", "port"),
    [
        ("https://Collector.example.org", "collector.example.org", 443),
        ("https://collector:443/", "collector", 443),
        ("http://localhost", "localhost", 80),
        ("http://127.9.9.9:5375", "127.9.9.9:5375", 5375),
        ("https://[2001:db8::1]:5375/x/", "[2001:db8::1]:5375", 5375),
        ("HTTP://[::1]", "[::1]", 80),
    ],
)
def test_the_host_header_leaves_out_the_schemes_own_port(url: str, authority: str, port: int) -> None:
    origin = origin_of(url)
    assert (origin.authority, origin.port) == (authority, port)


def test_a_stop_shortens_an_exchange_that_is_under_way() -> None:
    class Stopped(Waiter):
        """Hears of a stop 0.2 s after it was made."""

        end = time.monotonic() + 0.2

        def left(self, deadline: float) -> float:
            return super().left(min(deadline, self.end))

    released = threading.Event()
    with listening(lambda _: [answer()] if released.wait(9) else [b""]) as listener:
        transport = Transport(origin_of(listener.url), "ab12", "secret", "", Stopped())
        started = time.monotonic()
        with pytest.raises(DeliveryError):
            transport.post(b"", 9)
        released.set()
        assert time.monotonic() - started < 2
