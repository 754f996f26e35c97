"""The agent's way to the collector, on real sockets: what is kept alive, tried again, and how long it takes."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import DeliveryError, Transport
from keskidee_agent.transport.waiting import Waiter
from tests.agent.listening import Listener, Request, answer, listening
from tests.agent.posting import SECONDS, failure_of, transport_to

HEADERS = {"authorization": "Bearer secret", "content-type": "application/vnd.keskidee.report"}


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
        time.sleep(0.2)


def silence(_: Request) -> Iterator[bytes]:
    time.sleep(9)
    yield b""


@pytest.mark.parametrize("respond", [trickle, silence])
def test_the_deadline_holds_for_the_whole_answer(respond: Callable[[Request], Iterator[bytes]]) -> None:
    with listening(respond) as listener:
        started = time.monotonic()
        error = failure_of(transport_to(listener.url), seconds=0.4)
        assert str(error) == "unreachable: no answer in time"
        assert 0.4 <= time.monotonic() - started < 7  # before the answer is whole, or the silence ends


def test_the_deadline_holds_while_sending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # nobody accepts, so the buffers fill up
        transport = transport_to(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(DeliveryError, match="no answer in time"):
            transport.post(bytes(32 << 20), 0.3)


def test_a_refused_connection_is_told_as_such(free_port: Callable[[], int]) -> None:
    error = failure_of(transport_to(f"http://127.0.0.1:{free_port()}"))
    assert str(error) == "unreachable: Connection refused"
    assert not error.permanent


def test_a_name_is_resolved_and_each_address_tried() -> None:
    with listening() as listener:  # localhost is ::1 too on most machines, where nobody listens
        assert transport_to(f"http://localhost:{listener.port}").post(b"", SECONDS).interval_seconds == 15


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
        assert time.monotonic() - started < 7  # of the nine that it had
