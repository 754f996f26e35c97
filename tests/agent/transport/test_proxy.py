"""Reports through an HTTP proxy: a tunnel for https, whole URLs for http; what it refuses is one clear line."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.proxy import Proxy
from keskidee_agent.transport.transport import DeliveryError, Transport
from keskidee_agent.transport.waiting import Waiter
from tests.agent.listening import Certified, Request, answer, certified, listening
from tests.agent.proxying import Proxying, proxying
from tests.agent.test_lean import HEAVY, imported_by

SECONDS = 5.0
NAME = "collector.example.org"
BASIC = "Basic bWU6c2VjcmV0"  # me:secret


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """TLS for a name that only the proxy can resolve."""
    return certified(tmp_path_factory.mktemp("authority"), NAME)


def transport_through(proxy: Proxying, url: str, ca_file: Path | str = "", authorization: str = "") -> Transport:
    way = Proxy("127.0.0.1", proxy.port, authorization)
    return Transport(origin_of(url), "ab12", "secret", str(ca_file), Waiter(), proxy=way)


def failure_of(transport: Transport, seconds: float = SECONDS) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        transport.post(b"body", seconds)
    return caught.value


def test_https_goes_through_one_tunnel_in_which_the_collector_is_verified_and_nothing_shows(far: Certified) -> None:
    with listening(tls=far.context) as listener, proxying(names={NAME: "127.0.0.1"}) as proxy:
        transport = transport_through(proxy, f"https://{NAME}:{listener.port}", far.ca_file)
        for _ in range(20):
            assert transport.post(b"body", SECONDS).interval_seconds == 15
        assert (len(listener.requests), listener.connections, transport.connection.handshakes) == (20, 1, 1)
        target = f"{NAME}:{listener.port}"
        assert proxy.heads == [f"CONNECT {target} HTTP/1.1\r\nHost: {target}"]
        assert "proxy-authorization" not in listener.requests[0].fields


def test_user_and_password_go_to_the_proxy_and_not_to_the_collector(far: Certified) -> None:
    with listening(tls=far.context) as listener, proxying(names={NAME: "127.0.0.1"}, authorization=BASIC) as proxy:
        assert (
            transport_through(proxy, f"https://{NAME}:{listener.port}", far.ca_file, BASIC)
            .post(b"", SECONDS)
            .interval_seconds
            == 15
        )
        assert "proxy-authorization" not in listener.requests[0].fields


def test_http_goes_out_as_whole_urls(far: Certified) -> None:
    with listening() as listener, proxying(authorization=BASIC) as proxy:
        transport = transport_through(proxy, listener.url, authorization=BASIC)
        assert [transport.post(body, SECONDS).interval_seconds for body in (b"one", b"two")] == [15, 15]
        [head] = proxy.heads
        assert head.startswith(f"POST {listener.url}/v1/machines/ab12/reports HTTP/1.1\r\n")
        assert f"\r\nProxy-Authorization: {BASIC}\r\n" in head
        assert [request.body for request in listener.requests] == [b"one", b"two"]


def test_a_proxy_over_ipv6_opens_a_tunnel_to_an_ipv6_address(tmp_path: Path) -> None:
    local = certified(tmp_path, "::1")
    try:
        proxy = Proxying(host="::1")
    except OSError:
        pytest.skip("this kernel has no IPv6")
    with listening(tls=local.context, host="::1") as listener:
        way = Proxy("::1", proxy.port)
        transport = Transport(origin_of(listener.url), "a", "b", str(local.ca_file), Waiter(), proxy=way)
        assert transport.post(b"", SECONDS).interval_seconds == 15
        assert proxy.heads == [f"CONNECT [::1]:{listener.port} HTTP/1.1\r\nHost: [::1]:{listener.port}"]
    proxy.close()


TUNNEL_REFUSALS = {
    b"HTTP/1.1 407 Authenticate\r\n\r\n": "wants a user and password (status 407); see proxy_credentials_file",
    b"HTTP/1.0 403 Forbidden\r\ncontent-length: 5\r\n\r\nno": "refuses CONNECT collector.example.org:5375 (status 403)",
    b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>": "refuses CONNECT collector.example.org:5375 (status 502)",
    b"HTTP/1.1 100 Continue\r\n\r\n": "refuses CONNECT collector.example.org:5375 (status 100)",
    b"SSH-2.0-OpenSSH\r\n\r\n": "does not answer as an HTTP proxy: b'SSH-2.0-OpenSSH'",
    b"HTTP/1.1 200 OK\r\n\r\nhello": "sends more than it was asked for: b'hello'",
    b"HTTP/1.1 200 OK\r\n": "no answer to CONNECT collector.example.org:5375",
    b"": "no answer to CONNECT collector.example.org:5375",
    b"x" * 20_000: "no answer to CONNECT collector.example.org:5375",
}  # fmt: skip


@pytest.mark.parametrize("said", TUNNEL_REFUSALS, ids=TUNNEL_REFUSALS.values())
def test_a_tunnel_that_does_not_open_is_a_passing_error_with_the_reason_in_a_line(far: Certified, said: bytes) -> None:
    with proxying(answer=said) as proxy:
        error = failure_of(transport_through(proxy, f"https://{NAME}:5375", far.ca_file))
        assert str(error) == f"unreachable: proxy 127.0.0.1:{proxy.port}: {TUNNEL_REFUSALS[said]}"
        assert (error.permanent, error.longest_seconds) == (False, 60.0)
        assert len(proxy.heads) == 1


def test_a_wrong_password_is_told_apart_and_not_shown(far: Certified) -> None:
    with proxying(authorization=BASIC) as proxy:
        error = failure_of(transport_through(proxy, f"https://{NAME}:5375", far.ca_file, "Basic bWU6d3Jvbmc="))
        told = "refuses the user and password (status 407); see proxy_credentials_file"
        assert str(error) == f"unreachable: proxy 127.0.0.1:{proxy.port}: {told}"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (407, "wants a user and password (status 407); see proxy_credentials_file"),
        (400, "refuses (status 400)"),
        (404, "refuses (status 404)"),
    ],
)
def test_what_a_proxy_says_to_http_is_never_taken_for_the_collectors_refusal(status: int, told: str) -> None:
    with proxying(answer=answer(status, b"<html>")) as proxy:
        error = failure_of(transport_through(proxy, "http://127.0.0.1:1"))
        assert str(error) == f"proxy 127.0.0.1:{proxy.port}: {told}"
        assert (error.permanent, error.shortest_seconds) == (False, 0.0)


def test_what_the_collector_refuses_through_a_proxy_stays_its_refusal() -> None:
    refusal = answer(422, b'{"speaks": 2}', content_type="application/problem+json")
    with listening(lambda _: refusal) as listener, proxying() as proxy:
        assert failure_of(transport_through(proxy, listener.url)).permanent


def test_a_proxy_that_dies_is_a_passing_error_and_its_successor_is_used(far: Certified) -> None:
    with listening(tls=far.context) as listener:
        proxy = Proxying(names={NAME: "127.0.0.1"})
        transport = transport_through(proxy, f"https://{NAME}:{listener.port}", far.ca_file)
        transport.post(b"one", SECONDS)
        proxy.close()
        error = failure_of(transport)
        assert str(error) == f"unreachable: proxy 127.0.0.1:{proxy.port}: Connection refused"
        assert not error.permanent
        with proxying(names={NAME: "127.0.0.1"}, port=proxy.port):
            assert transport.post(b"two", SECONDS).interval_seconds == 15
        assert [request.body for request in listener.requests] == [b"one", b"two"]


def test_a_proxy_that_dies_in_the_middle_of_an_answer_is_a_passing_error(far: Certified) -> None:
    with proxying(names={NAME: "127.0.0.1"}) as proxy:

        def respond(_: Request) -> Iterator[bytes]:
            yield answer()[:30]
            proxy.hang_up()

        with listening(respond, tls=far.context) as listener:
            error = failure_of(transport_through(proxy, f"https://{NAME}:{listener.port}", far.ca_file))
            assert (error.permanent, len(listener.requests)) == (False, 1)


def test_a_tunnel_that_was_closed_between_two_reports_is_opened_again(far: Certified) -> None:
    with listening(tls=far.context) as listener, proxying(names={NAME: "127.0.0.1"}) as proxy:
        transport = transport_through(proxy, f"https://{NAME}:{listener.port}", far.ca_file)
        transport.post(b"one", SECONDS)
        proxy.hang_up()
        assert transport.post(b"two", SECONDS).interval_seconds == 15
        assert (len(proxy.heads), len(listener.requests)) == (2, 2)


def test_the_deadline_holds_for_a_proxy_that_says_nothing(far: Certified) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        way = Proxy("127.0.0.1", server.getsockname()[1])
        transport = Transport(origin_of(f"https://{NAME}"), "a", "b", str(far.ca_file), Waiter(), proxy=way)
        assert str(failure_of(transport, 0.3)) == "unreachable: no answer in time"


def test_a_proxy_that_looks_into_tls_gets_no_request(far: Certified, tmp_path: Path) -> None:
    own = certified(tmp_path, NAME)
    with listening(tls=own.context) as meddler, proxying(names={NAME: "127.0.0.1"}) as proxy:
        error = failure_of(transport_through(proxy, f"https://{NAME}:{meddler.port}", far.ca_file))
        assert "certificate verify failed" in str(error)
        assert meddler.requests == []


def test_a_proxy_that_is_not_there_is_named(far: Certified, free_port: Callable[[], int]) -> None:
    way = Proxy("127.0.0.1", free_port())
    transport = Transport(origin_of(f"https://{NAME}"), "a", "b", str(far.ca_file), Waiter(), proxy=way)
    assert str(failure_of(transport)) == f"unreachable: {way.name}: Connection refused"


ONE_POST = """
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import Transport
from keskidee_agent.transport.waiting import Waiter
import keskidee_agent.resident.resident
Transport(origin_of({url!r}), "ab12", "secret", "", Waiter()).post(b"", 5)
"""


def test_a_proxy_and_several_addresses_are_loaded_by_those_who_have_them_and_are_lean() -> None:
    with listening() as listener:
        assert {"keskidee_agent.transport.proxy", "keskidee_agent.transport.dial"}.isdisjoint(
            imported_by(ONE_POST.format(url=listener.url))
        )
    loaded = imported_by(
        "import keskidee_agent.resident.resident, keskidee_agent.transport.proxy, keskidee_agent.transport.dial"
    )
    assert HEAVY.intersection(name.partition(".")[0] for name in loaded) == set()
