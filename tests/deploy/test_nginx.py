"""nginx with the configuration that we ship, in front of a collector on loopback: for agents, people and strangers."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.transport.identity import read_identity
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.proxy import Proxy
from keskidee_agent.transport.transport import Transport
from keskidee_agent.transport.trust import authorities_of
from keskidee_agent.transport.waiting import Waiter
from keskidee_report.codec import Encoder, envelope
from keskidee_report.model import Reading
from keskidee_report.wire import CONTENT_TYPE
from tests.agent.listening import certified
from tests.agent.proxying import proxying
from tests.collector.served import LOAD, Answer, Served
from tests.processes import Process, find_free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keskidee_agent.transport.identity import Identity
    from tests.processes import Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "keskidee.conf"
COLLECTOR = Path(__file__).parents[2] / "collector" / "keskidee_collector"
OF_MACHINES = re.compile(r'Route\("/v1/machines/\{machine_id\}(/[a-z/]+)"')
NAME = "collector.example.org"  # as in the configuration
HAS_IPV6 = Path("/proc/sys/net/ipv6").is_dir()
MAIN = """\
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr notice; {user}
events {{ worker_connections 256; }}
http {{
    log_format connections "$connection $status $uri";
    access_log {folder}/access.log connections;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/keskidee.conf;
}}
"""


class Front:
    """A collector on loopback and the nginx before it; `port` is where nginx does TLS, for NAME."""

    def __init__(self, nginx: Path, folder: Path, *, is_named_by_tokens: bool = True) -> None:
        self.folder = folder
        self.tls = certified(folder / "tls", NAME)
        self.port, self.plain_port = find_free_port(), find_free_port()
        self.url = f"https://{NAME}:{self.port}"
        settings = {"public_url": self.url, "trusted_proxies": ["127.0.0.1", "::1"], "limits": {"body_bytes": 100_000}}
        tls = {"authority": str(self.tls.ca_file)} if is_named_by_tokens else {}
        self.collector = Served(folder, {**settings, "tls": tls})
        (folder / "keskidee.conf").write_text(self._configuration())
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
        self.nginx = Process([nginx, "-p", folder, "-c", folder / "nginx.conf"], folder / "nginx")
        self.nginx.wait_ready("start worker process ")
        assert "[warn]" not in self.nginx.stderr  # of the configuration

    def _configuration(self) -> str:
        """The shipped file; what differs is what is marked to be changed, and addresses."""
        text = CONFIGURATION.read_text()
        for before, after in {
            "server 127.0.0.1:5375;": f"server 127.0.0.1:{self.collector.port};",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen [::]:80;": f"listen [::1]:{self.plain_port};" if HAS_IPV6 else "",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen [::]:443 ssl": f"listen [::1]:{self.port} ssl",
            "/etc/keskidee/proxy.pem;": f"{self.folder}/tls/server.pem;",
            "/etc/keskidee/proxy.key;": f"{self.folder}/tls/server.key;",
        }.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        return text if HAS_IPV6 else re.sub(r"\n *listen \[::1\].*", "", text)

    def stop(self) -> None:
        self.nginx.stop()
        self.collector.stop()

    def ask(
        self, path: str, body: bytes = b"", *, method: str = "GET", host: str = NAME, address: str = "127.0.0.1",
        source: str = "", headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """One request over TLS to NAME, whose certificate is checked; `host` is what the Host header says."""
        context = ssl.create_default_context(cafile=self.tls.ca_file)
        fields = {"Host": host, "Connection": "close", "Content-Length": str(len(body)), **(headers or {})}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{key}: {fields[key]}\r\n" for key in fields)
        with (
            socket.create_connection((address, self.port), 20, (source, 0) if source else None) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as line,
        ):
            with contextlib.suppress(OSError):  # it may be answered before it is read to the end
                line.sendall(head.encode() + b"\r\n" + body)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            lower = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=lower, body=answer.read())

    def bearer(self) -> dict[str, str]:
        """What Prometheus sends."""
        return {"Authorization": f"Bearer {self.collector.token(scope='metrics')}"}

    def connections(self) -> list[str]:
        """The number of nginx's connection of each report."""
        lines = [line.split() for line in (self.folder / "access.log").read_text().splitlines()]
        return [number for number, status, uri in lines if uri.endswith("/reports") and status == "200"]


@pytest.fixture(scope="module")
def front(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(program("nginx"), tmp_path_factory.mktemp("front"))
    yield front
    front.stop()


def enrol(start: Start, front: Front, folder: Path, **environment: str) -> Identity:
    """Enrols with the command, by way of a proxy that knows NAME."""
    (folder / "token").write_text(front.collector.token())
    with proxying(names={NAME: "127.0.0.1"}) as proxy:
        (folder / "agent.yml").write_text(f"proxy: {proxy.url}\n")
        words: list[str | Path] = [
            "--token-file",
            folder / "token",
            "--state",
            folder / "state",
            "--config",
            folder / "agent.yml",
        ]
        command: list[str | Path] = [sys.executable, "-m", "keskidee", "agent", "enrol", front.url, *words]
        start(command, ready=f"^enrolled as .* at {front.url}$", environment=environment)
    return read_identity(folder / "state")


def report(encoder: Encoder, sequence: int) -> bytes:
    made = encoder.report([Reading("loadavg", "ok", samples=[LOAD(0.5)])], sequence=sequence, boot_ms=1, wall_ms=1)
    return envelope(encoder.session, 1, 1, [*encoder.schema_frames(made.schema_id)[0], made.frame])


def test_twenty_reports_of_an_agent_that_enrolled_here_take_one_handshake_and_reach_prometheus(
    start: Start, front: Front, tmp_path: Path
) -> None:
    identity = enrol(start, front, tmp_path)
    assert (tmp_path / "state" / "ca.pem").read_text() == front.tls.ca_file.read_text()
    before, encoder = len(front.connections()), Encoder(b"sessions")
    ca_file = authorities_of(None, tmp_path / "state", identity)
    with proxying(names={NAME: "127.0.0.1"}) as proxy:
        who, way = (identity.machine_id, identity.credential), Proxy("127.0.0.1", proxy.port)
        transport = Transport(origin_of(identity.collector), *who, ca_file, Waiter(), proxy=way)
        assert [transport.post(report(encoder, number), 10).interval_seconds for number in range(20)] == [15] * 20
        assert (transport.connection.handshakes, len(set(front.connections()[before:]))) == (1, 1)

    bearer = front.bearer()
    rows = json.loads(front.ask("/v1/targets", headers=bearer).body)
    [target] = [row for row in rows if row["labels"]["instance"] == identity.instance]
    assert (target["targets"], target["labels"]["__scheme__"]) == ([f"{NAME}:{front.port}"], "https")
    page = front.ask(target["labels"]["__metrics_path__"], headers=bearer)
    assert (page.status, b"\nnode_load1{" in page.body) == (200, True)


def test_a_token_without_an_authority_enrols_where_the_system_trusts_the_proxy(
    start: Start, program: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "front").mkdir()
    front = Front(program("nginx"), tmp_path / "front", is_named_by_tokens=False)
    try:
        assert front.collector.token().endswith("_-")
        assert enrol(start, front, tmp_path, SSL_CERT_FILE=str(front.tls.ca_file)).authority == "system"
        assert front.ask("/v1/ca").status == 404
    finally:
        front.stop()


def test_pages_need_a_token_and_tell_the_public_address(front: Front) -> None:
    assert [front.ask(path).status for path in ("/", "/metrics", "/v1/targets", "/healthz")] == [401, 401, 401, 200]
    page = front.ask("/", headers=front.bearer())
    assert (page.status, front.url.encode() in page.body, b"127.0.0.1" in page.body) == (200, True, False)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"},
        {"X-Forwarded-For": "127.0.0.1, ::1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Connection": "close, X-Forwarded-For, X-Forwarded-Proto", "X-Forwarded-For": ""},
    ],
)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5375", "[::1]"])
def test_who_claims_to_be_this_host_is_not_believed(front: Front, forged: dict[str, str], host: str) -> None:
    assert front.ask("/metrics", host=host, headers=forged).status == 401


def test_another_name_is_misdirected(front: Front) -> None:
    assert front.ask("/metrics", host="evil.example.org", headers=front.bearer()).status == 421


def test_the_log_names_the_client_and_not_whom_it_claims_to_be(front: Front) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9"}
    answer = front.ask("/v1/enrol", method="POST", source="127.0.0.2", headers=forged)
    assert answer.status == 401
    assert "enrolment refused client=127.0.0.2 reason=" in front.collector.log
    assert "203.0.113.9" not in front.collector.log


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/tokens"), ("POST", "/v1/alert-tests"), ("GET", "/v1/machines"),
        ("POST", "/v1/machines/x/revoke"), ("GET", "/v1/ca/rotation"), ("POST", "/v1/backup"), ("POST", "/v1//backup"),
        ("POST", "/v1/x/../%62ackup"),
    ],
)  # fmt: skip
def test_what_takes_the_admin_token_ends_at_nginx(front: Front, method: str, path: str) -> None:
    assert front.ask(path, method=method, headers={"Authorization": f"Bearer {front.collector.admin}"}).status == 404


def test_all_that_a_machine_sends_goes_through_nginx(front: Front) -> None:
    agent = front.collector.enrol("pc-02")
    routes = {path for each in COLLECTOR.rglob("*.py") for path in OF_MACHINES.findall(each.read_text())}
    sent = sorted(routes | {"/reports"})  # which has no Route
    fields = {"Authorization": f"Bearer {agent.credential}"}
    refused = [front.ask(f"/v1/machines/{agent.id}{path}", b"x", method="POST", headers=fields) for path in sent]
    assert sent == ["/credential", "/devices", "/events", "/inventory", "/inventory/pieces", "/reports"]
    assert {each.headers["content-type"] for each in refused} == {"application/problem+json"}
    assert 404 not in {each.status for each in refused}


def test_a_credential_is_renewed_through_nginx(front: Front) -> None:
    agent = front.collector.enrol("pc-01")
    body = json.dumps({"sha256": hashlib.sha256(b"new").hexdigest()}).encode()
    path, fields = f"/v1/machines/{agent.id}/credential", {"Authorization": f"Bearer {agent.credential}"}
    assert front.ask(path, body, method="POST", headers=fields).status == 204


def test_limits_hold_on_both_sides(front: Front) -> None:
    agent = front.collector.enrol("pc-01")
    fields = {"Authorization": f"Bearer {agent.credential}", "Content-Type": CONTENT_TYPE}
    collectors = front.ask(agent.path, bytes(200_000), method="POST", headers=fields)
    assert (collectors.status, json.loads(collectors.body)["title"]) == (413, "too_large")
    nginxs = front.ask(agent.path, bytes(2_000_000), method="POST", headers=fields)
    assert (nginxs.status, nginxs.headers["content-type"]) == (413, "text/html")
    assert front.ask("/healthz", headers={"X-Long": "a" * 70_000}).status == 400
    assert front.ask(agent.path, b"nonsense", method="POST", headers=fields).status == 422


def test_plain_http_is_sent_to_https(front: Front) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", front.plain_port, timeout=20)
    connection.request("GET", "/metrics", headers={"Host": NAME})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["location"]) == (301, f"https://{NAME}/metrics")


@pytest.mark.skipif(not HAS_IPV6, reason="this kernel has no IPv6")
def test_it_answers_over_ipv6(front: Front) -> None:
    assert front.ask("/healthz", address="::1").body == b"ok\n"


def test_a_collector_that_is_away_is_a_passing_failure(program: Callable[[str], Path], tmp_path: Path) -> None:
    front = Front(program("nginx"), tmp_path)
    try:
        front.collector.kill()
        assert front.ask("/healthz").status == 502
    finally:
        front.stop()
