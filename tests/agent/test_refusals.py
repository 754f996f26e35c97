"""What the agent makes of answers and of addresses: what is refused for good, what is tried again, and when."""

import pytest

from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import DeliveryError, Pauses
from keskidee_report.wire import SPEAKS
from tests.agent.listening import answer, listening
from tests.agent.posting import SECONDS, failure_of, transport_to


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


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title":"revoked","status":403,"detail":"it was revoked"}', "status 403: it was revoked"),
        (b"<p>\x1b[2J", "status 403: '<p>\\x1b[2J'"),
    ],
)
def test_a_refusal_is_told_in_the_collectors_words(body: bytes, said: str) -> None:
    with listening(lambda _: answer(403, body)) as listener:
        assert str(failure_of(transport_to(listener.url))) == said


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
