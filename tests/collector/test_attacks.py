"""What is tried on a collector, one row each: its answer, its counter, and that nothing is stored, logged or hurt.

Reports that are wrong in themselves are in test_bad_reports.py, connections in connections/; these are the ways
in that a stranger, a thief of a token, a web page and the owner of one machine have.
"""

from __future__ import annotations

import base64
import json
import ssl
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.serving.connection import HEAD_BYTES_AT_MOST
from tests.collector.attacked import House
from tests.collector.served import Agent, Line, Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Attack = tuple[Callable[[House], int], int, dict[str, float]]

pytestmark = pytest.mark.slow

LIMITS = {"body_bytes": 65_536, "inflated_bytes": 262_144, "receive_seconds": 1}
HOST = b"Host: 127.0.0.1\r\n"
ENROLMENT = b'{"hostname": "intruder"}'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that others reach."""
    served = Served(tmp_path_factory.mktemp("attacks"), {"limits": LIMITS}, listen="0.0.0.0:0")
    yield House(served)
    served.stop()


@pytest.fixture(scope="module")
def house_on_loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that only this host reaches, and a web page in somebody's browser here."""
    served = Served(tmp_path_factory.mktemp("attacks-here"), {"limits": LIMITS})
    yield House(served)
    served.stop()


def enrol(house: House, token: str) -> int:
    return house.collector.ask("POST", "/v1/enrol", ENROLMENT, token=token).status


def used_up(house: House) -> int:
    token = house.collector.token(uses=1)
    agent = house.collector.enrol("the-one", token)
    assert house.collector.administer("POST", f"/v1/machines/{agent.id}/retire").status == 200
    house.begin()
    return enrol(house, token)


def withdrawn(house: House) -> int:
    made = house.collector.administer("POST", "/v1/tokens", {"scope": "join"}).json
    assert house.collector.administer("DELETE", f"/v1/tokens/{made['id']}").status == 204
    house.begin()
    return enrol(house, made["token"])


def with_a_token(house: House, **asked: Any) -> int:
    token = house.collector.token(**asked)
    house.begin()
    return enrol(house, token)


def odd(route: str, body: bytes) -> Callable[[House], int]:
    """A body on a route that takes JSON, of somebody who may send one there."""

    def send(house: House) -> int:
        token = house.collector.token() if route == "enrol" else house.agent.credential
        house.begin()
        return house.collector.ask("POST", house.path(route), body, token=token).status

    return send


def report(house: House, *, agent: Agent | None = None, **changed: str) -> int:
    agent = agent or house.agent
    return house.said(agent.request(agent.body(), **changed))


def sent_away(house: House, change: str) -> int:
    agent = house.collector.enrol("thief")
    assert house.collector.administer("POST", f"/v1/machines/{agent.id}/{change}").status == 200
    house.begin()
    return report(house, agent=agent)


def read(house: House, path: str, **headers: str) -> int:
    return house.collector.ask("GET", path, headers=headers).status


def with_a_join_token(house: House, path: str) -> int:
    token = house.collector.token()
    house.begin()
    return house.collector.ask("POST" if path.endswith("reports") else "GET", path, token=token).status


def administer(house: House, method: str, path: str, token: str = "") -> int:
    return house.collector.ask(method, path, b'{"scope": "join"}', token=token).status


def events(house: House, *, to: Agent) -> int:
    """What a device is said to have told, though it is a machine that nobody here polls."""
    told = {"machine_id": house.bystander.id, "key": "0" * 16, "kind": "linkDown", "trap": "1.3", "subject": ""}
    times = {"first_at": 1.0, "last_at": 1.0, "count": 1}
    body = zlib.compress(json.dumps({"sent_at": 1.0, "events": [told | times]}).encode())
    return house.collector.ask("POST", f"/v1/machines/{to.id}/events", body, token=house.agent.credential).status


def trusting_others(house: House) -> int:
    with pytest.raises(ssl.SSLCertVerificationError):
        Line(house.collector.port, ssl.create_default_context())
    return 0


def plain(house: House) -> int:
    return house.said(b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n", tls=False)


def bomb(house: House) -> int:
    return house.collector.post(house.agent, b"KR\x01\x00" + zlib.compress(bytes(60_000_000), 9)).status


ENTRANCES: dict[str, Attack] = {
    "joining without a token": (lambda house: enrol(house, ""), 401, {"credential": 1}),
    "joining with a token of one's own making": (lambda house: enrol(house, "kj1_x_-"), 401, {"credential": 1}),
    "joining with a token that expired": (lambda house: with_a_token(house, seconds=0.001), 401, {"credential": 1}),
    "joining with a token that is used up": (used_up, 401, {"credential": 1}),
    "joining with a token that was withdrawn": (withdrawn, 401, {"credential": 1}),
    "joining with a token for reading": (lambda house: with_a_token(house, scope="metrics"), 401, {"credential": 1}),
    "joining with a machine's credential": (lambda house: enrol(house, house.agent.credential), 401, {"credential": 1}),
    "reporting without a credential": (lambda house: report(house, credential=" "), 401, {"credential": 1}),
    "reporting with a join token": (lambda house: with_a_join_token(house, house.agent.path), 401, {"credential": 1}),
    "reporting for another machine": (
        lambda house: report(house, path=house.bystander.path), 401, {"credential": 1},
    ),
    "reporting after being revoked": (lambda house: sent_away(house, "revoke"), 403, {"revoked": 1}),
    "reporting after being retired": (lambda house: sent_away(house, "retire"), 410, {"retired": 1}),
    "another machine's next credential": (
        lambda house: house.collector.ask(
            "POST", f"/v1/machines/{house.bystander.id}/credential", b'{"sha256": "%b"}' % (b"0" * 64),
            token=house.agent.credential,
        ).status, 401, {"credential": 1},
    ),
    "reading without a token": (lambda house: read(house, "/metrics"), 401, {"reader": 1}),
    "reading with a join token": (lambda house: with_a_join_token(house, "/metrics"), 401, {"reader": 1}),
    "reading with a machine's credential": (
        lambda house: read(house, "/v1/targets", Authorization=f"Bearer {house.agent.credential}"), 401, {"reader": 1},
    ),
    "reading by a password that is none": (
        lambda house: read(house, "/", Authorization=f"Basic {base64.b64encode(b'admin:admin').decode()}"),
        401, {"reader": 1},
    ),
    "reading as this host's proxy": (lambda house: read(house, "/", **{"X-Forwarded-For": "::1"}), 401, {"reader": 1}),
    "making a token": (lambda house: administer(house, "POST", "/v1/tokens"), 401, {}),
    "making a token with a machine's credential": (
        lambda house: administer(house, "POST", "/v1/tokens", house.agent.credential), 401, {},
    ),
    "listing machines": (lambda house: administer(house, "GET", "/v1/machines"), 401, {}),
    "taking a backup": (lambda house: administer(house, "POST", "/v1/backup", house.agent.credential), 401, {}),
    "retiring another machine": (
        lambda house: administer(house, "POST", f"/v1/machines/{house.bystander.id}/retire", house.agent.credential),
        401, {},
    ),
    "learning another agent's devices and what opens them": (
        lambda house: administer(
            house, "POST", f"/v1/machines/{house.bystander.id}/devices", house.agent.credential
        ), 401, {"credential": 1},
    ),
    "telling events as another agent": (lambda house: events(house, to=house.bystander), 401, {"credential": 1}),
    "telling events of another agent": (lambda house: events(house, to=house.agent), 204, {"credential": 1}),
    "having a device polled": (lambda house: administer(house, "POST", "/v1/devices", house.agent.credential), 401, {}),
    "listing devices": (
        lambda house: administer(house, "GET", "/v1/devices", house.agent.credential), 401, {"reader": 1},
    ),
    "ending a device": (lambda house: administer(house, "DELETE", "/v1/devices/x", house.agent.credential), 401, {}),
    "a client that trusts another authority": (trusting_others, 0, {"handshake": 1}),
    "plain HTTP to the port of TLS": (plain, 400, {"handshake": 1}),
    "a zip bomb": (bomb, 413, {"too_large": 1}),
}  # fmt: skip


def target(method: bytes, path: bytes) -> Callable[[House], int]:
    """A request line as it stands, with nothing else that is odd."""
    return lambda house: house.said(method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n")


TARGETS: list[tuple[str, str, int, dict[str, float]]] = [
    ("GET", "/static/../metrics", 404, {}),
    ("GET", "/static/..%2fmetrics", 404, {}),
    ("GET", "/static/%2e%2e/%2e%2e/templates/base.html", 404, {}),
    ("GET", "/static/..%5c..%5cpages.py", 404, {}),
    ("GET", "/static//etc/passwd", 404, {}),
    ("GET", "/static/%2fetc%2fpasswd", 404, {}),
    ("GET", "/static/style.css%00.html", 404, {}),
    ("GET", "/static/" + "a" * 5000, 404, {}),
    ("GET", "/healthz/../metrics", 401, {"reader": 1}),
    ("GET", "/healthz%2f..%2fmetrics", 401, {"reader": 1}),
    ("GET", "/healthz;/metrics", 401, {"reader": 1}),
    ("GET", "/healthz/", 401, {"reader": 1}),
    ("GET", "/%6detrics", 401, {"reader": 1}),
    ("GET", "//metrics", 401, {"reader": 1}),
    ("GET", "/./metrics", 401, {"reader": 1}),
    ("GET", "/metrics%00", 401, {"reader": 1}),
    ("GET", "/METRICS", 401, {"reader": 1}),
    ("GET", "/metrics/machines/..%2f..%2fself", 401, {"reader": 1}),
    ("GET", "/metrics?/healthz", 401, {"reader": 1}),
    ("GET", "/metrics#/healthz", 401, {"reader": 1}),
    ("GET", "http://127.0.0.1/metrics", 401, {"reader": 1}),
    ("GET", "https://healthz@127.0.0.1/metrics", 401, {"reader": 1}),
    ("GET", "/v1/machines/../../metrics", 404, {}),
    ("GET", "/v1/machines%2f..%2f..%2fmetrics", 404, {}),
    ("GET", "/v1/machines/%00", 404, {}),
    ("GET", "/v1/machinesandmore", 404, {}),
    ("POST", "/v1/machines/../tokens", 401, {}),
    ("POST", "//v1/tokens", 401, {"reader": 1}),
    ("POST", "/v1/machines/../tokens/reports", 404, {}),
    ("POST", "/v1/machines/..%2ftokens/reports", 404, {}),
    ("POST", "/v1/machines/%27%20OR%201=1%20--/reports", 401, {"credential": 1}),
    ("POST", "/v1/machines/%00/reports", 401, {"credential": 1}),
    ("POST", "/v1/machines/" + "a" * 5000 + "/reports", 401, {"credential": 1}),
    ("POST", "/v1/machines/%C0%AE%C0%AE/reports", 401, {"credential": 1}),
    ("GET", "/\xff\xfe", 400, {"http": 1}),
]
PATHS: dict[str, Attack] = {
    f"{method} {path}": (target(method.encode(), path.encode("latin-1")), status, counts)
    for method, path, status, counts in TARGETS
}


def head(*lines: bytes, line: bytes = b"GET /metrics HTTP/1.1", body: bytes = b"") -> Callable[[House], int]:
    """The status of a request of these header lines, after which the connection ends: what is smuggled is not read."""
    return lambda house: house.said_once(
        b"".join([each + b"\r\n" for each in (line, HOST[:-2], *lines)]) + b"\r\n" + body
    )


def endless(headers: bytes) -> Callable[[House], int]:
    """The same of a head that does not end."""
    return lambda house: house.said_once(b"GET /metrics HTTP/1.1\r\n" + headers)


SMUGGLED = b"0\r\n\r\nGET /metrics HTTP/1.1\r\n" + HOST + b"\r\n"
ENROL = b"POST /v1/enrol HTTP/1.1"
HEADS: dict[str, Attack] = {
    "two lengths": (head(b"Content-Length: 4", b"Content-Length: 40", line=ENROL, body=SMUGGLED), 400, {"http": 1}),
    "a length twice": (head(b"Content-Length: 4", b"Content-Length: 4", line=ENROL, body=SMUGGLED), 400, {"http": 1}),
    "a list of lengths": (head(b"Content-Length: 4, 4", line=ENROL, body=SMUGGLED), 400, {"http": 1}),
    "a length in hexadecimal": (head(b"Content-Length: 0x4", line=ENROL, body=SMUGGLED), 400, {"http": 1}),
    "a length, then chunks": (
        head(b"Content-Length: 4", b"Transfer-Encoding: chunked", line=ENROL, body=SMUGGLED), 400, {"http": 1},
    ),
    "chunks, then a length": (
        head(b"Transfer-Encoding: chunked", b"Content-Length: 4", line=ENROL, body=SMUGGLED), 400, {"http": 1},
    ),
    "chunks that are not the last coding": (
        head(b"Transfer-Encoding: chunked, identity", line=ENROL, body=SMUGGLED), 400, {"http": 1},
    ),
    "a space before the colon": (
        head(b"Transfer-Encoding : chunked", b"Content-Length: 4", line=ENROL, body=SMUGGLED), 400, {"http": 1},
    ),
    "a tab in a name": (head(b"Transfer\tEncoding: chunked", line=ENROL, body=SMUGGLED), 400, {"http": 1}),
    "a chunk of no size": (
        head(b"Transfer-Encoding: chunked", line=ENROL, body=b"-1\r\nx\r\n" + SMUGGLED),
        400, {"credential": 1, "http": 1},
    ),
    "a folded line": (head(b"X: a", b" b"), 400, {"http": 1}),
    "a NUL": (head(b"X: a\x00b"), 400, {"http": 1}),
    "a bare carriage return": (head(b"X: a\rHost: evil.example"), 400, {"http": 1}),
    "a line without a colon": (head(b"nonsense"), 400, {"http": 1}),
    "a name of nothing": (head(b": x"), 400, {"http": 1}),
    "a huge header": (endless(b"X: " + b"y" * HEAD_BYTES_AT_MOST), 431, {"http": 1}),
    "thousands of headers": (endless(b"X: y\r\n" * (HEAD_BYTES_AT_MOST // 6)), 431, {"http": 1}),
    "a method that is none": (head(line=b"GE T /metrics HTTP/1.1"), 400, {"http": 1}),
    "a method of ours": (head(line=b"keskidee /metrics HTTP/1.1"), 400, {"http": 1}),
    "HTTP/0.9": (lambda house: house.said_once(b"GET /metrics\r\n"), 408, {"slow": 1}),
    "HTTP/9.9": (head(line=b"GET /metrics HTTP/9.9"), 400, {"http": 1}),
    "the beginning of HTTP/2": (lambda house: house.said_once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400, {"http": 1}),
    "an answer": (lambda house: house.said_once(b"HTTP/1.1 200 OK\r\n\r\n"), 400, {"http": 1}),
    "headers that do not end": (endless(b"X: "), 408, {"slow": 1}),
    "a body that does not end": (
        lambda house: house.said_once(house.agent.request(house.agent.body())[:-1]), 408, {"slow": 1},
    ),
}  # fmt: skip


ODD = {
    "nothing": b"", "no JSON": b"{", "a list": b"[]", "null": b"null", "a number": b"1e999",
    "a bad text": b'{"hostname": "\xff", "sha256": "\xff"}', "a bad text of another's": b'{"x": "\xff"}',
    "half a character": b'{"hostname": "\\ud800"}', "lists in lists": b'{"x": ' + b"[" * 60_000,
    "objects in objects": b'{"x": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_000 + b"}",
    "numbers for texts": b'{"hostname": 5, "sha256": 5}', "numbers for facts": b'{"hostname": "x", "facts": {"a": 1}}',
}  # fmt: skip
BODIES: dict[str, Attack] = {
    f"{name} to {route}": (odd(route, body), 422, {}) for route in ("enrol", "credential") for name, body in ODD.items()
}


ATTACKS = ENTRANCES | PATHS | HEADS | BODIES


@pytest.mark.parametrize(("do", "status", "counts"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_answered_counted_and_leaves_nothing(
    house: House, do: Callable[[House], int], status: int, counts: dict[str, float]
) -> None:
    house.begin()
    assert (do(house), house.counted(counts.__eq__)) == (status, counts)
    assert (house.kept(), house.logged()) == ({}, [])
    house.ask_bystander()


NAMES = ["evil.example", "127.0.0.1.evil.example", "evil.example:5375", "0.0.0.0", "[::ffff:7f00:1]", ""]


@pytest.mark.parametrize("path", ["/", "/metrics", "/v1/targets", "/v1/ca", "/v1/enrol", "/v1/tokens"])
@pytest.mark.parametrize("name", NAMES)
def test_a_web_page_that_gives_this_host_another_name_reads_nothing(
    house_on_loopback: House, name: str, path: str
) -> None:
    house = house_on_loopback
    house.begin()
    assert (read(house, path, Host=name), house.counted({"host": 1}.__eq__)) == (421, {"host": 1})
    assert (house.kept(), house.logged()) == ({}, [])
