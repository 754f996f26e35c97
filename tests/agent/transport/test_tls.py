"""TLS on the agent's way to the collector, by the C modules and by `ssl`: whom it trusts, and what it keeps."""

import datetime
import socket
from pathlib import Path

import pytest

from keskidee_agent.transport import tls
from tests.agent.listening import Certified, certified, listening
from tests.agent.posting import SECONDS, failure_of, transport_to

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """TLS for 127.0.0.1 and localhost."""
    return certified(tmp_path_factory.mktemp("authority"), "127.0.0.1", "localhost", "::1")


@pytest.fixture(params=[True, False], ids=["C modules", "ssl"])
def lean(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """The test runs with TLS by the C modules and once more by the `ssl` module."""
    monkeypatch.setattr(tls, "LEAN", request.param)
    return bool(request.param)


def test_a_large_body_arrives_whole(local: Certified, lean: bool) -> None:
    body = bytes(range(256)) * 16_384
    with listening(tls=local.context) as listener:
        transport_to(listener.url, local.ca_file).post(body, SECONDS)
        assert listener.requests[0].body == body


def test_the_deadline_holds_for_the_handshake(local: Certified, lean: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = transport_to(f"https://127.0.0.1:{server.getsockname()[1]}", local.ca_file)
        assert str(failure_of(transport, seconds=0.3)) == "unreachable: no answer in time"


def test_a_name_that_does_not_exist_is_told(local: Certified) -> None:
    error = failure_of(transport_to("https://no-such-host.invalid:1", local.ca_file))
    assert str(error).startswith("unreachable: ")


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


def test_plain_http_on_a_tls_port_is_told(local: Certified, lean: bool) -> None:
    with listening() as listener:
        error = failure_of(transport_to(listener.url.replace("http:", "https:"), local.ca_file))
        assert str(error).startswith("unreachable: ")
