"""Attacks that go on for a while: every report of a bystander is answered, and how long that took is printed."""

from __future__ import annotations

import resource
import zlib
from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import Reading
from tests.collector.attacked import Bystander, House
from tests.collector.served import LOAD, Line, Served
from tests.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(600)]

CONNECTIONS = 400
SLOW = scaled(60, 300)
BOMBS = scaled(15, 300)
WIDE = scaled(8, 100)
IDLE = 1000
FAILURES = 100
GUESSES = scaled(150, 3000)
LIMITS = {
    "receive_seconds": 3,
    "connections": CONNECTIONS,
    "requests_per_minute": 100_000,
    "connections_per_minute": 100_000,
    "failures_per_minute": FAILURES,
}
REPORTS = scaled(20, 2000)
PAUSE_SECONDS = 0.02


@pytest.fixture(scope="module", autouse=True)
def descriptors() -> Iterator[None]:
    """As many as this process may have: an attacker has the connections too."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    served = Served(tmp_path_factory.mktemp("at-length"), {"limits": LIMITS}, listen="0.0.0.0:0")
    yield House(served)
    served.stop()


def nothing(house: House) -> None:
    """Peace, to compare with."""


def slow_heads(house: House) -> None:
    lines = []
    for number in range(SLOW):
        lines.append(line := house.line())
        line.send(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"[: 1 + number % 30])
    assert [line.answer().status for line in lines] == [408] * SLOW


def slow_bodies(house: House) -> None:
    request = house.agent.request(house.agent.body())
    lines = []
    for _ in range(SLOW):
        lines.append(line := house.line())
        line.send(request[:-1])
    assert {line.answer().status for line in lines} <= {408, 429}


def idle(house: House) -> None:
    lines = []
    for _ in range(IDLE):
        lines.append(line := house.line())
        line.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert line.answer().status == 200
    assert all(line.is_closed() for line in lines[: IDLE - CONNECTIONS])
    for line in lines:
        line.close()


def half_open(house: House) -> None:
    lines = [Line(house.collector.port) for _ in range(IDLE)]
    assert all(line.is_closed() for line in lines[: IDLE - CONNECTIONS])
    for line in lines:
        line.close()


def guesses(house: House) -> None:
    """Of tokens; the bystander comes from the same address."""
    line = house.line()
    for number in range(GUESSES):
        line.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer km1_%d\r\n\r\n" % number)
        if line.answer().status == 429:
            line.close()
            line = house.line()
    line.close()


def bombs(house: House) -> None:
    bomb = house.agent.request(b"KR\x01\x00" + zlib.compress(bytes(100_000_000), 9))
    line = house.line()
    for _ in range(BOMBS):
        line.send(bomb)
        assert line.answer().status == 413


def wide_reports(house: House) -> None:
    line = house.line()
    for number in range(WIDE):
        samples = [LOAD(1.0, cpu=f"{number}-{n}") for n in range(20_000)]
        line.send(house.agent.request(house.agent.body(Reading("wide", "ok", samples=samples))))
        assert line.answer().status == 200


Counts = dict[str, float]
AT_LENGTH: dict[str, tuple[Callable[[House], None], Callable[[Counts], bool]]] = {
    "nothing": (nothing, lambda counted: counted == {}),
    "slow heads": (slow_heads, lambda counted: counted == {"slow": SLOW}),
    "slow bodies": (  # four are waited for, the others are told to come again
        slow_bodies, lambda counted: counted.get("slow", 0) >= 4 and counted["slow"] + counted.get("limit", 0) == SLOW,
    ),
    "idle connections": (idle, lambda counted: counted == {}),
    "handshakes that do not go on": (half_open, lambda counted: counted.get("handshake", 0) >= IDLE - CONNECTIONS),
    "tokens that are guessed": (  # a minute may end meanwhile
        guesses, lambda counted: counted["reader"] == GUESSES and 0 < counted.get("address", 0) <= GUESSES - FAILURES,
    ),
    "zip bombs": (bombs, lambda counted: counted == {"too_large": BOMBS}),
    "reports as wide as they may be": (wide_reports, lambda counted: counted == {"stored": WIDE}),
}  # fmt: skip


@pytest.mark.parametrize(("attack", "is_right"), AT_LENGTH.values(), ids=AT_LENGTH)
def test_whatever_goes_on_every_report_of_a_bystander_is_answered(
    house: House, attack: Callable[[House], None], is_right: Callable[[Counts], bool]
) -> None:
    house.begin()
    with Bystander(house.collector, house.bystander, at_least=REPORTS, pause_seconds=PAUSE_SECONDS) as bystander:
        attack(house)
    counted = house.counted(is_right, stored=len(bystander.seconds))
    p50, p99 = (1000 * bystander.quantile(share) for share in (0.5, 0.99))
    print(f"{attack.__name__}: {len(bystander.seconds)} reports, p50 {p50:.0f} ms, p99 {p99:.0f} ms; {counted}")
    assert (bystander.failures, is_right(counted), house.logged()) == ([], True, [])
    assert attack is wide_reports or house.kept() == {}
