"""Whether the collector can be reached: by which way, how far one gets, and why no further."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.commands import doctor
from keskidee_agent.commands.reach import Reach, reach
from keskidee_agent.transport.identity import Identity, write_identity
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.route import Route
from keskidee_config import Secret
from keskidee_report.wire import SPEAKS
from tests.agent.listening import Certified, Request, answer, certified, listening
from tests.agent.proxying import proxying

NAME = "collector.example.org"
WHO = {"machine_id": "ab12", "credential": "c" * 43, "instance": "pc", "site": "default", "role": "server"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """TLS for 127.0.0.1, and for a name that only a proxy can resolve."""
    return certified(tmp_path_factory.mktemp("authority"), "127.0.0.1", NAME)


def healthy(request: Request, behind_seconds: float = 0, **fields: str) -> bytes:
    """The answer of a collector whose clock is so far behind."""
    assert request.line.split(" ")[0] == "GET"
    assert request.line.split(" ")[1].endswith("/healthz")
    assert "authorization" not in request.fields
    fields = fields or {"keskidee_speaks": str(SPEAKS)}
    return answer(200, b"ok\n", date=formatdate(time.time() - behind_seconds, usegmt=True), **fields)


def steps(found: Reach) -> list[tuple[str, str, str]]:
    return [(step.name, step.outcome, step.detail) for step in found.steps]


def test_a_collector_on_this_host_is_reached_without_tls() -> None:
    with listening(healthy) as listener:
        found = reach(origin_of(listener.url), Route(), "")
        assert (found.route, found.is_reached) == ("direct", True)
        assert steps(found) == [
            ("name", "ok", "127.0.0.1"),
            ("connect", "ok", f"IPv4 127.0.0.1 port {listener.port}"),
            ("answer", "ok", "it is a collector"),
            ("clock", "ok", "right, within 1 s"),
        ]


def test_through_a_proxy_the_tunnel_and_tls_are_steps_of_their_own(local: Certified) -> None:
    with (
        listening(healthy, tls=local.context) as listener,
        proxying(names={NAME: "127.0.0.1"}, authorization="Basic bTpw") as proxy,
    ):
        route = Route(host="127.0.0.1", port=proxy.port, credentials=Secret("m:p"), named_by="https_proxy")
        found = reach(origin_of(f"https://{NAME}:{listener.port}"), route, str(local.ca_file))
        assert (found.route, found.is_reached) == (f"proxy 127.0.0.1:{proxy.port} (https_proxy)", True)
        assert steps(found) == [
            ("name", "ok", "127.0.0.1"),
            ("connect", "ok", f"IPv4 127.0.0.1 port {proxy.port}"),
            ("tunnel", "ok", f"{NAME}:{listener.port}"),
            ("tls", "ok", f"trusting {local.ca_file}"),
            ("answer", "ok", "it is a collector"),
            ("clock", "ok", "right, within 1 s"),
        ]


def test_plain_http_through_a_proxy_on_this_host_asks_for_the_whole_url() -> None:
    with listening(healthy) as listener, proxying() as proxy:
        found = reach(origin_of(listener.url), Route(host="127.0.0.1", port=proxy.port), "")
        assert found.is_reached
        assert proxy.heads[0].startswith(f"GET {listener.url}/healthz HTTP/1.1\r\n")


@pytest.mark.parametrize(("told", "speaks"), [("1", 1), ("", 1), ("soon", 1)])
def test_a_collector_that_is_older_than_this_agent_is_told(told: str, speaks: int) -> None:
    with listening(lambda request: healthy(request, keskidee_speaks=told)) as listener:
        found = reach(origin_of(listener.url), Route(), "")
        detail = f"older than this agent (it speaks {speaks}, this agent 2): what it cannot read is kept; upgrade it"
        assert (steps(found)[3], found.is_reached) == (("form", "failed", detail), True)


@pytest.mark.parametrize(
    ("behind_seconds", "outcome", "detail"),
    [(300, "failed", "300 s ahead of the collector's"), (-5, "ok", "5 s behind the collector's")],
)
def test_a_clock_that_is_off_is_told_with_its_side(behind_seconds: int, outcome: str, detail: str) -> None:
    with listening(lambda request: healthy(request, behind_seconds)) as listener:
        found = reach(origin_of(listener.url), Route(), "")
        name, result, said = steps(found)[-1]
        seconds = int(detail.split(" ", 1)[0])
        assert (name, result, found.is_reached) == ("clock", outcome, True)
        assert abs(int(said.split(" ", 1)[0]) - seconds) <= 1
        assert said.split(" ", 1)[1] == detail.split(" ", 1)[1]


def test_a_name_that_is_not_known_fails_at_the_name(local: Certified) -> None:
    found = reach(origin_of("https://no-such-host.invalid"), Route(), str(local.ca_file))
    assert [(step.name, step.outcome) for step in found.steps] == [("name", "failed")]


def test_where_nobody_listens_it_fails_to_connect(free_port: Callable[[], int]) -> None:
    found = reach(origin_of(f"http://127.0.0.1:{free_port()}"), Route(), "")
    assert steps(found) == [("name", "ok", "127.0.0.1"), ("connect", "failed", "Connection refused")]
    assert (found.is_reached, found.clock_offset_seconds) == (False, None)


def test_a_proxy_that_refuses_fails_at_the_tunnel(local: Certified) -> None:
    with proxying(authorization="Basic bTpw") as proxy:
        found = reach(origin_of(f"https://{NAME}"), Route(host="127.0.0.1", port=proxy.port), str(local.ca_file))
        told = f"proxy 127.0.0.1:{proxy.port}: wants a user and password (status 407); see proxy_credentials_file"
        assert steps(found)[-1] == ("tunnel", "failed", told)


def test_a_server_of_another_authority_fails_at_tls(local: Certified, tmp_path: Path) -> None:
    other = certified(tmp_path, "127.0.0.1")
    with listening(healthy, tls=other.context) as listener:
        found = reach(origin_of(listener.url), Route(), str(local.ca_file))
        name, outcome, detail = steps(found)[-1]
        assert (name, outcome, "certificate verify failed" in detail) == ("tls", "failed", True)


@pytest.mark.parametrize(
    "said", [answer(200, b"<html>"), answer(502, b"ok\n"), answer(302, b"", location="https://x/")]
)
def test_what_is_no_collector_fails_at_the_answer(said: bytes) -> None:
    with listening(lambda _: said) as listener:
        found = reach(origin_of(listener.url), Route(), "")
        name, outcome, detail = steps(found)[-1]
        assert (name, outcome, "and not a collector's" in detail) == ("answer", "failed", True)


def test_a_silent_server_fails_at_the_answer_within_the_time() -> None:
    def silence(_: Request) -> Iterator[bytes]:
        time.sleep(3)
        yield b""

    with listening(silence) as listener:
        found = reach(origin_of(listener.url), Route(), "", seconds=0.3)
        assert steps(found)[-1] == ("answer", "failed", "no answer in time")


# the command


def run(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers())
    return doctor.run(parser.parse_args(["doctor", *map(str, arguments)]))


def collector_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)["collector"]


def test_the_doctor_tells_the_way_and_what_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], free_port: Callable[[], int]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    write_identity(tmp_path, Identity(collector=url, **WHO), None)
    assert run("--state", tmp_path) == 1
    assert capsys.readouterr().out.endswith(
        f"\n\nCOLLECTOR  {url}\n"
        "way        direct\n"
        "name       ok       127.0.0.1\n"
        "connect    failed   Connection refused\n"
    )  # fmt: skip


def test_the_doctor_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(lambda _: answer(200, b"ok\n", keskidee_speaks="2")) as listener:
        write_identity(tmp_path, Identity(collector=listener.url, **WHO), None)
        run("--state", tmp_path, "--format", "json")
        address = f"IPv4 127.0.0.1 port {listener.port}"
        assert collector_of(capsys) == {
            "url": listener.url,
            "route": "direct",
            "steps": [
                {"name": "name", "outcome": "ok", "detail": "127.0.0.1"},
                {"name": "connect", "outcome": "ok", "detail": address},
                {"name": "answer", "outcome": "ok", "detail": "it is a collector"},
            ],
            "clock_offset_seconds": None,
        }


def test_a_machine_that_is_not_enrolled_is_told_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--state", tmp_path, "--format", "json")
    assert collector_of(capsys)["reason"].startswith(f"not enrolled ({tmp_path}/identity.json is not there): run ")


def test_a_recorded_machine_asks_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--root", tmp_path, "--format", "json")
    assert collector_of(capsys) is None


def test_a_proxy_that_cannot_be_used_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_identity(tmp_path, Identity(collector="http://127.0.0.1:1", **WHO), None)
    (tmp_path / "agent.yml").write_text("proxy: http://proxy.example.org:3128\n")
    assert run("--state", tmp_path, "--config", tmp_path / "agent.yml") == 2
    assert "does not leave this machine" in capsys.readouterr().err
