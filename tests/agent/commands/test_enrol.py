"""Joining a collector: the token goes to the holder of the authority in the token and to nobody else."""

import argparse
import base64
import io
import json
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.commands import commands
from keskidee_agent.commands.enrol import read_token
from keskidee_agent.transport.identity import CA_FILE, IDENTITY_FILE, Identity, read_identity
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.transport import Transport
from keskidee_agent.transport.trust import authorities_of
from keskidee_agent.transport.waiting import Waiter
from tests.agent.listening import Certified, Listener, Request, answer, certified, listening
from tests.agent.proxying import Proxying, proxying

SECRET = "kj1_" + base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("=")
GIVEN = {"machine_id": "0" * 31 + "a", "credential": "c" * 43, "instance": "pc-01", "site": "suva", "role": "desktop"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """TLS for 127.0.0.1."""
    return certified(tmp_path_factory.mktemp("authority"), "127.0.0.1")


class Collector:
    """The two routes of an enrolment. `ca_file` is what it shows, which need not be what it uses."""

    def __init__(
        self, ca_file: Path | None = None, status: int = 201, body: bytes = json.dumps(GIVEN).encode()
    ) -> None:
        self.ca_file = ca_file
        self.answer = answer(status, body, location="/elsewhere")

    def __call__(self, request: Request) -> bytes:
        if request.line == "GET /v1/ca HTTP/1.1" and self.ca_file is not None:
            return answer(200, self.ca_file.read_bytes())
        return self.answer if request.line == "POST /v1/enrol HTTP/1.1" else answer(404, b"")


def run(*words: str | Path) -> int:
    """`keskidee agent ...`: the exit status."""
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    args = parser.parse_args(["agent", *map(str, words)])
    return int(args.run(args))


def enrol(url: str, state: Path, token: str, *words: str) -> int:
    file = state.parent / "token"
    file.write_text(f"{token}\n")
    return run("enrol", url, "--token-file", file, "--state", state, *words)


def tokens_heard(listener: Listener) -> list[str]:
    return [request.fields["authorization"] for request in listener.requests if "authorization" in request.fields]


def test_over_tls_the_token_goes_out_once_the_authority_is_proved(
    local: Certified, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = f"{SECRET}_{local.fingerprint}"
    with listening(Collector(local.ca_file), tls=local.context) as listener:
        assert enrol(listener.url, tmp_path / "state", token) == 0
        fetched, enrolled = listener.requests
        assert "authorization" not in fetched.fields
        assert enrolled.fields["authorization"] == f"Bearer {token}"
        assert (fetched.connection, enrolled.connection) == (1, 2)
        expected = Identity(collector=listener.url, **GIVEN)
    assert read_identity(tmp_path / "state") == expected
    assert (tmp_path / "state" / CA_FILE).read_text() == local.ca_file.read_text()
    assert capsys.readouterr().out == f"enrolled as pc-01 (site suva, role desktop) at {listener.url}\n"


def test_what_is_kept_is_readable_by_its_user_only(local: Certified, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with listening(Collector(local.ca_file), tls=local.context) as listener:
            enrol(listener.url, tmp_path / "state", f"{SECRET}_{local.fingerprint}")
    finally:
        os.umask(before)
    state = tmp_path / "state"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [state, *state.iterdir()]}
    assert modes == {"state": 0o700, IDENTITY_FILE: 0o600, CA_FILE: 0o600}


def test_what_is_kept_is_enough_to_report(local: Certified, tmp_path: Path) -> None:
    with listening(Collector(local.ca_file), tls=local.context) as listener:
        enrol(listener.url, tmp_path / "state", f"{SECRET}_{local.fingerprint}")
        listener.respond = lambda _: answer()
        identity = read_identity(tmp_path / "state")
        ca_file = str(tmp_path / "state" / CA_FILE)
        origin = origin_of(identity.collector)
        assert (
            Transport(origin, identity.machine_id, identity.credential, ca_file, Waiter()).post(b"", 5).interval_seconds
            == 15
        )


def test_on_loopback_without_tls_no_authority_is_asked_for(tmp_path: Path) -> None:
    with listening(Collector()) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 0
        assert [request.line for request in listener.requests] == ["POST /v1/enrol HTTP/1.1"]
    assert not (tmp_path / "state" / CA_FILE).exists()


def test_the_machine_says_what_it_is_and_where_it_wants_to_be_filed(tmp_path: Path) -> None:
    with listening(Collector()) as listener:
        enrol(listener.url, tmp_path / "state", f"{SECRET}_-", "--site", "apia", "--role", "server")
        said = json.loads(listener.requests[0].body)
    assert (said["site"], said["role"], "before" in said) == ("apia", "server", False)
    assert said["hostname"] == said["facts"]["hostname"] == os.uname().nodename
    assert said["facts"]["os"] == "linux"


def test_another_authority_than_the_tokens_never_sees_the_token(
    local: Certified, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = certified(tmp_path / "other", "127.0.0.1")
    with listening(Collector(other.ca_file), tls=other.context) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_{local.fingerprint}") == 1
        assert tokens_heard(listener) == []
    error = capsys.readouterr().err
    assert error == (
        f"keskidee: {listener.url} is not the collector of this token: its authority has another fingerprint"
        " (or was rotated: then a new token names it)\n"
    )
    assert list((tmp_path / "state").iterdir()) == []


def test_a_server_that_shows_the_right_authority_but_is_not_of_it_never_sees_the_token(
    local: Certified, tmp_path: Path
) -> None:
    other = certified(tmp_path / "other", "127.0.0.1")
    with listening(Collector(local.ca_file), tls=other.context) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_{local.fingerprint}") == 1
        assert tokens_heard(listener) == []


def test_the_environment_changes_neither_trust_nor_route_nor_credential(
    local: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certified(tmp_path / "other", "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca_file))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(other.ca_file))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    token = f"{SECRET}_{local.fingerprint}"
    with listening(Collector(local.ca_file), tls=local.context) as listener:
        assert enrol(listener.url, tmp_path / "state", token) == 0
        assert tokens_heard(listener) == [f"Bearer {token}"]
    with listening(Collector(local.ca_file), tls=other.context) as listener:
        assert enrol(listener.url, tmp_path / "state", token, "--force") == 1


def test_a_ca_file_stands_in_for_a_proxy_in_front_of_the_collector(local: Certified, tmp_path: Path) -> None:
    proxy = certified(tmp_path / "proxy", "127.0.0.1")
    (tmp_path / "agent.yml").write_text(f"collector: https://c\nca_file: {proxy.ca_file}\nsite: from settings\n")
    with listening(Collector(local.ca_file), tls=proxy.context) as listener:
        words = ("--config", str(tmp_path / "agent.yml"))
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_{local.fingerprint}", *words) == 0
        assert json.loads(listener.requests[1].body)["site"] == "from settings"


def test_behind_a_proxy_that_ends_tls_the_token_goes_out_once_the_systems_authorities_know_it(
    local: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(local.ca_file))
    with listening(Collector(), tls=local.context) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 0
        assert [request.line for request in listener.requests] == ["POST /v1/enrol HTTP/1.1"]
        identity = read_identity(tmp_path / "state")
        assert identity == Identity(collector=listener.url, authority="system", **GIVEN)
        assert authorities_of(None, tmp_path / "state", identity) == str(local.ca_file)
    assert not (tmp_path / "state" / CA_FILE).exists()


def test_what_the_systems_authorities_do_not_know_never_sees_the_token(
    local: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = certified(tmp_path / "other", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.ca_file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(local.ca_file))
    with listening(Collector(), tls=local.context) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 1
        assert listener.requests == []
    said = capsys.readouterr().err
    assert "not to be trusted: unable to get local issuer certificate; is the token of this collector?" in said


def test_behind_a_proxy_that_ends_tls_a_ca_file_stands_in_for_the_systems_authorities(
    local: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certified(tmp_path / "other", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.ca_file))
    (tmp_path / "agent.yml").write_text(f"ca_file: {local.ca_file}\n")
    words = ("--config", str(tmp_path / "agent.yml"))
    with listening(Collector(), tls=local.context) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-", *words) == 0
        assert read_identity(tmp_path / "state").authority == ""
    with listening(Collector(), tls=other.context) as listener:
        assert enrol(listener.url, tmp_path / "again", f"{SECRET}_-", *words) == 1
        assert listener.requests == []


@pytest.mark.parametrize("content", ["", "nonsense"])
def test_a_ca_file_that_is_none_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "ca.pem").write_text(content)
    (tmp_path / "agent.yml").write_text(f"ca_file: {tmp_path}/ca.pem\n")
    words = ("--config", str(tmp_path / "agent.yml"))
    assert enrol("https://127.0.0.1:1", tmp_path / "state", f"{SECRET}_-", *words) == 2
    assert capsys.readouterr().err == f"keskidee: {tmp_path}/ca.pem: not a certificate in PEM\n"


def test_an_identity_of_an_earlier_version_trusts_the_authority_beside_it(local: Certified, tmp_path: Path) -> None:
    (tmp_path / IDENTITY_FILE).write_text(json.dumps({**GIVEN, "collector": "https://c"}))
    (tmp_path / CA_FILE).write_bytes(local.ca_file.read_bytes())
    assert authorities_of(None, tmp_path, read_identity(tmp_path)) == str(tmp_path / CA_FILE)


# through an HTTP proxy

NAME = "collector.example.org"
BASIC = "Basic bWU6c2VjL3JldEA="  # me:sec/ret@


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """TLS for a name that only the proxy can resolve."""
    return certified(tmp_path_factory.mktemp("authority"), NAME)


def through(tmp_path: Path, proxy: Proxying) -> tuple[str, str]:
    """Settings with the proxy, and its user and password in a file."""
    (tmp_path / "credentials").write_text("me:sec/ret@\n")
    settings = f"proxy: {proxy.url}\nproxy_credentials_file: {tmp_path}/credentials\n"
    (tmp_path / "agent.yml").write_text(settings)
    return "--config", str(tmp_path / "agent.yml")


def test_an_enrolment_goes_through_the_proxy_of_the_settings_with_its_password(far: Certified, tmp_path: Path) -> None:
    token = f"{SECRET}_{far.fingerprint}"
    with (
        listening(Collector(far.ca_file), tls=far.context) as listener,
        proxying(names={NAME: "127.0.0.1"}, authorization=BASIC) as proxy,
    ):
        url = f"https://{NAME}:{listener.port}"
        assert enrol(url, tmp_path / "state", token, *through(tmp_path, proxy)) == 0
        assert tokens_heard(listener) == [f"Bearer {token}"]
        assert len(proxy.heads) == 2
        assert SECRET not in "".join(proxy.heads)


def test_an_enrolment_goes_through_the_proxy_of_the_environment(
    far: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(Collector(far.ca_file), tls=far.context) as listener, proxying(names={NAME: "127.0.0.1"}) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        url = f"https://{NAME}:{listener.port}"
        assert enrol(url, tmp_path / "state", f"{SECRET}_{far.fingerprint}") == 0
        assert len(proxy.heads) == 2


def test_a_proxy_that_looks_into_tls_never_sees_the_token(far: Certified, tmp_path: Path) -> None:
    own = certified(tmp_path / "own", NAME)
    with (
        listening(Collector(far.ca_file), tls=own.context) as meddler,
        proxying(names={NAME: "127.0.0.1"}, authorization=BASIC) as proxy,
    ):
        url = f"https://{NAME}:{meddler.port}"
        words = through(tmp_path, proxy)
        assert enrol(url, tmp_path / "state", f"{SECRET}_{far.fingerprint}", *words) == 1
        assert tokens_heard(meddler) == []


def test_a_proxy_that_refuses_is_told_in_one_line_without_its_password(
    far: Certified, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with proxying(authorization="Basic another") as proxy:
        words = through(tmp_path, proxy)
        assert enrol(f"https://{NAME}", tmp_path / "state", f"{SECRET}_{far.fingerprint}", *words) == 1
    error = capsys.readouterr().err
    assert error == (
        f"keskidee: https://{NAME}/v1/ca: the proxy does not let it through: "
        "Tunnel connection failed: 407 Proxy Authentication Required\n"
    )


def test_a_machine_that_is_enrolled_stays_so_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(Collector()) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 0
        before = (tmp_path / "state" / IDENTITY_FILE).read_bytes()
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 2
        assert len(listener.requests) == 1
        assert "enrolled already" in capsys.readouterr().err
        listener.respond = Collector(body=json.dumps(GIVEN | {"instance": "pc-02"}).encode())
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-", "--force") == 0
    assert (tmp_path / "state" / IDENTITY_FILE).read_bytes() != before


PROBLEM = json.dumps({"title": "token", "detail": "this token has expired"}).encode()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, PROBLEM, "the collector refused (status 401): this token has expired"),
        (302, b"", "the collector refused (status 302): "),
        (500, b"<html>", "the collector refused (status 500): <html>"),
        (201, b"<html>", "the collector refused (status 201): <html>"),
        (201, b'{"machine_id": 5}', 'the collector refused (status 201): {"machine_id": 5}'),
        (201, b"[]", "the collector refused (status 201): []"),
    ],
)
def test_what_is_no_enrolment_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, body: bytes, told: str
) -> None:
    with listening(Collector(status=status, body=body)) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 1
        assert len(listener.requests) == 1
    assert capsys.readouterr().err == f"keskidee: {told}\n"
    assert not (tmp_path / "state" / IDENTITY_FILE).exists()


def test_a_collector_that_is_not_there_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], free_port: Any
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert enrol(url, tmp_path / "state", f"{SECRET}_-") == 1
    said = f"keskidee: {url}/v1/enrol: cannot be reached: Connection refused"
    assert capsys.readouterr().err == f"{said}; does a collector run there, on this port?\n"


def answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1)
        connection.sendall(answer)


def test_a_collector_that_speaks_plain_http_is_told_so(
    local: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(local.ca_file))
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        answering = threading.Thread(target=answer_once, args=(server, b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        answering.start()
        assert enrol(url, tmp_path / "state", f"{SECRET}_-") == 1
        answering.join()
    said = f"keskidee: {url}/v1/enrol: no TLS is spoken there; a collector on this machine itself is http://\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("url", "token", "told"),
    [
        ("http://collector.example.org", f"{SECRET}_-", "plain http goes to this machine only"),
        ("http://127.0.0.1:1", f"{SECRET}_{'0' * 64}", "this token wants https"),
        ("https://127.0.0.1:1", "secret", "this is no join token"),
        ("https://127.0.0.1:1", f"{SECRET}_{'0' * 63}", "this is no join token"),
        ("https://127.0.0.1:1", f"{SECRET}_{'X' * 64}", "this is no join token"),
        ("https://127.0.0.1:1", f"km1_{SECRET[4:]}_{'0' * 64}", "this is no join token"),
        ("https://127.0.0.1:1", "", "no join token"),
        ("collector", f"{SECRET}_-", "is no collector's address"),
    ],
)
def test_what_was_typed_wrong_is_told_in_one_line_without_the_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, token: str, told: str
) -> None:
    assert enrol(url, tmp_path / "state", token) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert SECRET[4:20] not in error


def test_the_token_comes_from_standard_input_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(Collector()) as listener:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}_-\n"))
        assert run("enrol", listener.url, "--state", tmp_path / "a", "--token-file", "-") == 0
        monkeypatch.setenv("KESKIDEE_TOKEN", f"{SECRET}_-")
        assert run("enrol", listener.url, "--state", tmp_path / "b") == 0
        assert tokens_heard(listener) == [f"Bearer {SECRET}_-"] * 2


def test_a_site_that_the_console_cannot_spell_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    console = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(console, encoding="cp1252"))
    with listening(Collector(body=json.dumps(GIVEN | {"site": "Nukuʻalofa"}).encode())) as listener:
        assert enrol(listener.url, tmp_path / "state", f"{SECRET}_-") == 0
        told = f"enrolled as pc-01 (site Nukuʻalofa, role desktop) at {listener.url}\n"
    assert console.getvalue().decode() == told


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_token_is_read_as_windows_writes_and_pipes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    token = tmp_path / "token"
    token.write_bytes(f"{SECRET}_-\r\n".encode(encoding))
    assert read_token(str(token), {}) == f"{SECRET}_-"
    for console in ("utf-8", "cp1252"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}_-\r\n".encode("utf-8-sig").decode(console)))
        assert read_token("-", {}) == f"{SECRET}_-"


def test_a_token_file_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("enrol", "https://c", "--state", tmp_path, "--token-file", tmp_path / "none") == 2
    assert capsys.readouterr().err == f"keskidee: {tmp_path}/none: cannot be read: No such file or directory\n"


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "token").write_text(f"{SECRET}_-")
    with listening(Collector()) as listener:
        words = ("--token-file", tmp_path / "token", "--state", tmp_path / "file" / "state")
        assert run("enrol", listener.url, *words) == 1
        assert listener.requests == []
    assert capsys.readouterr().err == f"keskidee: {tmp_path}/file/state: Not a directory\n"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"machine_id": "a"}', b"\xff"])
def test_a_damaged_identity_names_the_command_that_mends_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / IDENTITY_FILE).write_bytes(content)
    with pytest.raises(Exception, match=f"is damaged: run keskidee agent enrol .* --state {tmp_path} --force"):
        read_identity(tmp_path)


def test_the_credential_is_not_printed() -> None:
    assert "c" * 43 not in repr(Identity(collector="https://c", **GIVEN))
