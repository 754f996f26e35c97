"""A collector that others reach: what strangers see, what its certificate is, and how it is renewed while it serves."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.serving.connections import Connections
from keskidee_collector.serving.listener import CannotStart, own_certificate, renewed, server_config
from keskidee_collector.serving.tls import Handshakes, Secured
from keskidee_config import CollectorSettings, TlsSettings
from tests.collector.served import Line, Served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import uvicorn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("tls"), {"limits": {"receive_seconds": 1}}, listen="0.0.0.0:0")
    yield served
    for _ in range(3):
        served.line()  # open connections hold up nobody's end
    assert (served.stop(), served.log) == (0, "")


def test_an_agent_reports_over_tls(collector: Served) -> None:
    agent = collector.enrol("srv-01")
    assert collector.post(agent, agent.body()).status == 200
    assert collector.sample("node_load1", f"/metrics/machines/{agent.id}", instance="srv-01") == 0.5


@pytest.mark.parametrize("path", ["/", "/metrics", "/metrics/self", "/v1/targets", "/nothing", "/v1/machines"])
def test_a_stranger_sees_no_page(collector: Served, path: str) -> None:
    collector.enrol("secret-host")
    answer = collector.ask("GET", path)
    assert (answer.status, b"secret-host" in answer.body) == (401, False)


def test_a_stranger_may_have_the_authoritys_certificate_and_the_token_carries_its_fingerprint(
    collector: Served,
) -> None:
    answer = collector.ask("GET", "/v1/ca")
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(answer.body.decode())).hexdigest()
    assert collector.token().rpartition("_")[2] == fingerprint


def test_an_agent_that_trusts_others_does_not_connect(collector: Served) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        Line(collector.port, ssl.create_default_context())


def test_an_agent_that_was_led_astray_does_not_connect(collector: Served) -> None:
    assert collector.tls is not None
    with (
        socket.create_connection(("127.0.0.1", collector.port), timeout=20) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        collector.tls.wrap_socket(plain, server_hostname="bank.example.org")


PLAIN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def test_plain_http_is_told_that_this_port_speaks_tls(collector: Served) -> None:
    with socket.create_connection(("127.0.0.1", collector.port), timeout=20) as stray, stray.makefile("rb") as answer:
        stray.sendall(PLAIN)
        said = answer.read()
    assert (said.partition(b" ")[2][:3], said.endswith(b"\r\n\r\nThis port speaks TLS: ask with https.\n")) == (
        b"400",
        True,
    )
    assert collector.log == ""


@pytest.mark.parametrize("sent", [b"\x16\x03\x01hello", b""], ids=["nonsense", "nothing"])
def test_what_is_no_handshake_has_no_answer_and_no_line_in_the_log(collector: Served, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", collector.port), timeout=20) as stray:
        stray.sendall(sent)
        stray.shutdown(socket.SHUT_WR)
        try:
            answer = stray.recv(1000)
        except ConnectionError:
            answer = b""
    assert b"HTTP" not in answer
    assert collector.log == ""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")  # that it is deprecated is the point
def test_no_version_before_tls_1_2_is_spoken(collector: Served) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Line(collector.port, old)


def test_slow_headers_over_tls_are_answered_408(collector: Served) -> None:
    line = collector.line()
    line.send(b"GET / HTTP/1.1\r\n")
    assert line.answer().status == 408


def test_of_too_many_handshakes_the_one_that_began_first_is_given_up() -> None:
    class Raw(asyncio.Transport):
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    async def run() -> tuple[list[bool], list[str], int]:
        refused: list[str] = []
        handshakes, transports = Handshakes(2, 60, refused.append), [Raw() for _ in range(4)]
        for transport in transports:
            Secured(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), asyncio.Protocol, handshakes).connection_made(transport)
        return [transport.aborted for transport in transports], refused, len(handshakes)

    assert asyncio.run(run()) == ([True, True, False, False], ["handshake"] * 2, 2)


def shown(config: uvicorn.Config, authority: Path) -> int:
    """The serial number of the certificate that a client sees now."""
    assert config.ssl is not None
    client = ssl.create_default_context(cafile=authority)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    left, right = (
        client.wrap_bio(down, up, server_hostname="localhost"),
        config.ssl.wrap_bio(up, down, server_side=True),
    )
    for _ in range(3):
        for side in (left, right):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    certificate = left.getpeercert()
    assert certificate is not None
    return int(str(certificate["serialNumber"]), 16)


def test_a_certificate_that_is_renewed_is_shown_to_the_next_client(tmp_path: Path) -> None:
    settings = CollectorSettings(listen="0.0.0.0:5375")
    certificate = own_certificate(settings, tmp_path, "0.0.0.0")
    config = server_config(settings, None, Connections(1, 1.0, print), certificate)
    first = shown(config, tmp_path / "tls" / "ca.pem")
    renewed(config, settings, tmp_path, "0.0.0.0")
    same = shown(config, tmp_path / "tls" / "ca.pem")
    certificate.certificate.unlink()
    renewed(config, settings, tmp_path, "0.0.0.0")
    assert (same == first, shown(config, tmp_path / "tls" / "ca.pem") != first) == (True, True)


def test_a_certificate_that_cannot_be_read_again_leaves_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = CollectorSettings(listen="0.0.0.0:5375")
    certificate = own_certificate(settings, tmp_path, "0.0.0.0")
    config = server_config(settings, None, Connections(1, 1.0, print), certificate)
    first = shown(config, tmp_path / "tls" / "ca.pem")
    authority = (tmp_path / "tls" / "ca.pem").read_bytes()
    (tmp_path / "tls" / "ca.pem").write_bytes(b"damaged")
    renewed(config, settings, tmp_path, "0.0.0.0")
    (tmp_path / "tls" / "ca.pem").write_bytes(authority)
    assert "certificate is not read again" in caplog.text
    assert shown(config, tmp_path / "tls" / "ca.pem") == first


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_certificate_of_the_users_that_cannot_be_used_is_one_line(tmp_path: Path, content: bytes) -> None:
    own = own_certificate(CollectorSettings(), tmp_path, "0.0.0.0")
    path = tmp_path / "mine.pem"
    path.write_bytes(content)
    settings = CollectorSettings(tls=TlsSettings(certificate=str(path), key=str(path)))
    with pytest.raises(CannotStart, match=f"^tls: {path}"):
        server_config(settings, None, Connections(1, 1.0, print), own)
