"""Services as users meet them: what is told of a good one, and that a bad or hostile one costs itself only."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.services.ports import HEADER, answers_in, query
from keskidee_agent.services.reading import PAGE_FILE, page, read_all, read_due, reason_in
from keskidee_agent.sources.services import parsed
from keskidee_config import ServiceSettings
from keskidee_report.model import ABSENT, FAILED, OK, TIMED_OUT
from tests.agent.listening import Request, answer, certified, listening
from tests.agent.recordings import reading_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keskidee_agent.services.outcome import Sample

HEAD = b"HTTP/1.1 200 OK\r\n"
SHORT = 1.0


def service(name: str = "records", *, timeout_seconds: float = 10.0, **settings: object) -> ServiceSettings:
    return ServiceSettings(name=name, timeout_seconds=timeout_seconds, **settings)  # type: ignore[arg-type]


def read(one: ServiceSettings) -> list[Sample]:
    return read_all([one])[one.name]


def values(samples: list[Sample]) -> dict[str, float]:
    """Values by family, without those that are times."""
    return {name: value for name, _, value in samples if not name.endswith("seconds")}


def phases(samples: list[Sample]) -> dict[str, bool]:
    """Whether each phase took any time."""
    return {labels["phase"]: value > 0 for name, labels, value in samples if name == "probe_http_duration_seconds"}


def test_a_page_tells_its_status_its_phases_and_when_its_certificate_ends(tmp_path: Path) -> None:
    with listening(lambda _: answer(200, b"<p>Sign in</p>"), tls=certified(tmp_path, "127.0.0.1").context) as listener:
        samples = read(service(url=f"{listener.url}/health?key=1", text="Sign in", ca_file=str(tmp_path / "ca.pem")))
        pem = ssl.get_server_certificate(("127.0.0.1", listener.port))
        (tmp_path / "leaf.pem").write_text(pem)
    ends = ssl._ssl._test_decode_cert(str(tmp_path / "leaf.pem"))["notAfter"]  # type: ignore[attr-defined]
    assert values(samples) == {
        "keskidee_service_info": 1,
        "probe_success": 1,
        "probe_http_status_code": 200,
        "probe_http_redirects": 0,
        "probe_ssl_earliest_cert_expiry": ssl.cert_time_to_seconds(ends),
    }
    assert phases(samples) == dict.fromkeys(("resolve", "connect", "tls", "processing", "transfer"), True)
    assert listener.requests[0].line == "GET /health?key=1 HTTP/1.1"


def site(request: Request) -> bytes:
    """Redirects that end at /there, that go round in circles, and that lead away from the web."""
    path = request.line.split()[1]
    to = {"/": "/there", "/round": "/round", "/file": "file:///etc/passwd", "/split": "/a\x1fb"}.get(path, "")
    return answer(302, b"", Location=to) if to else answer(200 if path == "/there" else 404, b"here")


@pytest.mark.parametrize(
    ("path", "settings", "reason"),
    [
        ("/", {}, ""),
        ("/", {"status": (302,)}, ""),
        ("/", {"text": "here"}, ""),
        ("/", {"text": "there"}, "text"),
        ("/none", {}, "status"),
        ("/none", {"status": (404,)}, ""),
        ("/there", {"status": (204,)}, "status"),
        ("/round", {}, "redirects"),
        ("/file", {}, "redirects"),
        ("/split", {}, "redirects"),
    ],
)
def test_a_page_is_well_when_it_is_as_the_settings_say(path: str, settings: dict[str, Any], reason: str) -> None:
    with listening(site) as listener:
        samples = read(service(url=listener.url + path, **settings))
        assert len(listener.requests) <= 6
    assert (reason_in(samples), dict(values(samples))["probe_success"]) == (reason, 0 if reason else 1)


def dripping(_: Request) -> Iterator[bytes]:
    """A byte each fifth of a second, far from a timeout between two."""
    yield HEAD
    while True:
        time.sleep(0.2)
        yield b"x"


def endless(piece: bytes) -> Callable[[Request], Iterator[bytes]]:
    def respond(_: Request) -> Iterator[bytes]:
        yield HEAD
        while True:
            yield piece

    return respond


@contextlib.contextmanager
def greeting() -> Iterator[str]:
    """A server that says something of its own to whoever connects, as a mail server does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            connection.sendall(b"220 mail.example.org ESMTP\r\n")
            connection.recv(4096)
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
def test_hostile_servers_cost_themselves_and_a_good_one_beside_them_nothing(tmp_path: Path) -> None:
    servers: dict[str, Callable[[Request], bytes | Iterator[bytes]]] = {
        "good": lambda _: answer(200, b"well"),
        "drips": dripping,
        "endless body": endless(b"\r\n" + bytes(65536)),
        "endless head": endless(b"a: b\r\n" * 100),
        "endless line": endless(b"a" * 65536),
        "endless continuing": lambda _: (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 for _ in iter(int, 1)),
        "no http": lambda _: b"220 mail.example.org ESMTP\r\n",
        "hangs up": lambda _: b"",
    }
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(listening(respond)).url for name, respond in servers.items()}
        urls["no tls"] = stack.enter_context(greeting())
        tls = certified(tmp_path, "127.0.0.1").context
        urls["unknown authority"] = stack.enter_context(listening(tls=tls)).url
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        urls["silent"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        never = ("drips", "silent", "silent before tls")
        urls["silent before tls"] = urls["silent"].replace("http:", "https:")
        found = read_all(
            [service(name, url=url, timeout_seconds=SHORT if name in never else 30) for name, url in urls.items()]
        )
    assert {name: reason_in(samples) for name, samples in found.items()} == {
        "good": "",
        "drips": "timeout",
        "endless body": "",
        "endless head": "protocol",
        "endless line": "protocol",
        "endless continuing": "endless",
        "no http": "protocol",
        "hangs up": "network",
        "no tls": "tls",
        "unknown authority": "certificate",
        "silent": "timeout",
        "silent before tls": "timeout",
    }


def test_a_port_is_well_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert values(read(service(tcp=address))) == {"keskidee_service_info": 1, "probe_success": 1}
    assert reason_in(read(service(tcp=address))) == "refused"


@contextlib.contextmanager
def name_server(*, answers: int, error: int = 0) -> Iterator[str]:
    """Answers one question; what is no answer to it comes first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            question, sender = server.recvfrom(512)
            number = HEADER.unpack_from(question)[0]
            for stray in (b"", b"\0" * 5, HEADER.pack(number ^ 1, 0x8180, 1, 1, 0, 0), question):
                server.sendto(stray, sender)
            server.sendto(HEADER.pack(number, 0x8180 | error, 1, answers, 0, 0) + question[HEADER.size :], sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(("answers", "error", "reason"), [(2, 0, ""), (0, 0, "name"), (0, 3, "name")])
def test_a_name_is_well_when_its_server_has_an_address(answers: int, error: int, reason: str) -> None:
    with name_server(answers=answers, error=error) as server:
        samples = read(service(dns="records.example.org", server=server))
    assert reason_in(samples) == reason
    assert values(samples).get("probe_dns_answer_rrs") == (None if error else answers)


def test_a_question_is_what_the_rfc_says() -> None:
    header = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    assert query(0x1234, "a.example") == header + b"\x01a\x07example\x00\x00\x01\x00\x01"
    assert answers_in(b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00", 0x1234) == 2


def test_a_name_that_the_system_knows_is_well() -> None:
    samples = read(service(dns="localhost"))
    assert (reason_in(samples), "probe_dns_lookup_time_seconds" in [name for name, _, _ in samples]) == ("", True)


def test_of_files_the_newest_that_is_not_empty_counts_and_none_is_infinitely_old(tmp_path: Path) -> None:
    for name, age, content in (
        ("a.dump", 3600, "x" * 10),
        ("b.dump", 60, ""),
        ("c.dump", 7200, "y"),
        ("d.log", 0, "z"),
    ):
        (tmp_path / name).write_text(content)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    samples = {name: value for name, _, value in read(service(file=f"{tmp_path}/*.dump"))}
    assert 3600 <= samples.pop("keskidee_service_file_age_seconds") < 3660
    assert samples == {"keskidee_service_info": 1, "keskidee_service_file_size_bytes": 10}
    assert 'age_seconds{service="records"} +Inf' in page([("records", read(service(file=f"{tmp_path}/*.tar")))], at=0)


def test_only_what_is_due_is_read_again_and_a_change_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    well = True
    with listening(lambda _: answer(200 if well else 500)) as listener:
        often = service("often", url=f"{listener.url}/often?key=secret", interval_seconds=5)
        seldom = service("seldom", url=f"{listener.url}/seldom", interval_seconds=3600)
        for turn in range(4):
            well = turn in (0, 3)
            read_due(tmp_path, [often, seldom], told.append, now=1000 + turn * 5)
        paths = [request.line.split()[1].partition("?")[0] for request in listener.requests]
    assert paths.count("/often") == 4
    assert paths.count("/seldom") == 1
    assert told == ["service='often' state=failed reason=status", "service='often' state=well"]
    text = (tmp_path / PAGE_FILE).read_text()
    assert ("secret" in text, listener.url in text, 'probe_success{service="seldom"} 1' in text) == (False, False, True)


def machine_with(folder: Path) -> Machine:
    machine = Machine()
    machine.services_file = str(folder / PAGE_FILE)
    return machine


def test_the_agent_tells_what_the_other_process_read_and_nothing_once_that_is_old(tmp_path: Path) -> None:
    machine = machine_with(tmp_path)
    assert reading_of("services", machine).outcome == ABSENT
    read_due(tmp_path, [service(file="/etc/passwd")], print, now=time.time())
    assert reading_of("services", machine).outcome == OK
    (tmp_path / PAGE_FILE).write_text(page([], at=time.time() - machine.services_stale_seconds - 5))
    old = reading_of("services", machine)
    assert (old.outcome, old.samples) == (TIMED_OUT, [])


@pytest.mark.parametrize("text", ["", "x 1\n# EOF\n", "keskidee_services_read_timestamp_seconds 1\n"])
def test_a_page_that_is_not_ours_or_not_whole_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / PAGE_FILE).write_text(text)
    assert reading_of("services", machine_with(tmp_path)).outcome == FAILED


def test_a_name_with_every_character_comes_through_the_page() -> None:
    name = 'a "b" \\ {c} é\n'
    samples = parsed(page([(name, [("probe_success", {}, 1)])], at=1).encode())
    assert [labels for _, labels, _ in samples] == [{}, {"service": name}]
