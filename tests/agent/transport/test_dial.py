"""Which of a host's addresses is used: the first that answers, and from then on that one first."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.transport import resolve
from keskidee_agent.transport.connection import Connection
from keskidee_agent.transport.dial import STAGGER_SECONDS, first_open, taking_turns
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.waiting import Waiter
from tests.agent.listening import answer, certified, listening

pytestmark = pytest.mark.slow

V4, V6 = socket.AF_INET, socket.AF_INET6
GET = b"GET / HTTP/1.1\r\n\r\n"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=V6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this kernel has no IPv6")


@contextmanager
def full(family: int = V4) -> Iterator[socket.socket]:
    """A server whose queue is full: until it accepts, it takes no connection and refuses none, as a firewall does."""
    with socket.socket(family) as server:
        server.bind(("127.0.0.1" if family == V4 else "::1", 0))
        server.listen(0)
        fill = [socket.socket(family) for _ in range(4)]
        for each in fill:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        time.sleep(0.05)
        yield server
        for each in fill:
            each.close()


@contextmanager
def dead(family: int = V4) -> Iterator[tuple[int, Any]]:
    """An address that is silent."""
    with full(family) as server:
        yield int(family), server.getsockname()


def opened(*addresses: tuple[int, Any], seconds: float = 5.0) -> tuple[int, Any]:
    waiter = Waiter()
    found, address = first_open(list(addresses), waiter, waiter.after(seconds))
    assert found.getpeername()[:2] == address[1][:2]
    found.close()
    return address


def test_a_dead_address_costs_a_moment_and_not_the_deadline() -> None:
    with dead() as silent, listening() as listener:
        alive = (int(V4), ("127.0.0.1", listener.port))
        started = time.monotonic()
        assert opened(silent, alive, seconds=20) == alive
        assert time.monotonic() - started < 20 / 2


def test_a_refusal_is_followed_by_the_next_address_at_once(free_port: Callable[[], int]) -> None:
    with listening() as listener:
        refusing = [(int(V4), ("127.0.0.1", free_port())) for _ in range(8)]
        alive = (int(V4), ("127.0.0.1", listener.port))
        started = time.monotonic()
        assert opened(*refusing, alive) == alive
        assert time.monotonic() - started < 8 * STAGGER_SECONDS


def test_an_address_that_is_only_slow_is_still_used() -> None:
    with full() as server, dead() as silent:

        def accept_late() -> None:
            time.sleep(2 * STAGGER_SECONDS)  # the other address is tried meanwhile
            kept: list[socket.socket] = []
            with suppress(OSError):  # the test is over
                while True:
                    kept.append(server.accept()[0])

        threading.Thread(target=accept_late, daemon=True).start()
        slow = (int(V4), server.getsockname())
        assert opened(slow, silent, seconds=10) == slow


@pytest.mark.parametrize("count", [1, 2])
def test_the_deadline_holds_for_all_addresses_together(count: int) -> None:
    with dead() as silent, pytest.raises(TimeoutError):
        opened(*[silent] * count, seconds=0.4)


def test_what_the_last_address_failed_with_is_told(free_port: Callable[[], int]) -> None:
    with pytest.raises(ConnectionRefusedError):
        opened((V4, ("127.0.0.1", free_port())), (V4, ("127.0.0.1", free_port())))


def test_a_family_that_the_kernel_lacks_is_passed_over() -> None:
    with listening() as listener:
        alive = (int(V4), ("127.0.0.1", listener.port))
        assert opened((12345, ("::1", 1, 0, 0)), alive) == alive


def test_no_address_is_an_error() -> None:
    with pytest.raises(OSError, match="no address"):
        opened()


@pytest.mark.parametrize(
    ("found", "first", "ordered"),
    [
        ("6a 6b 6c 4a 4b", None, "6a 4a 6b 4b 6c"),
        ("6a 6b 4a 4b", "4b", "4b 6a 4a 6b"),
        ("6a 4a", "4z", "6a 4a"),
        ("4a 4b", None, "4a 4b"),
        ("4a", "4a", "4a"),
        ("", None, ""),
    ],
)
def test_families_take_turns_behind_the_address_that_worked_last(found: str, first: str | None, ordered: str) -> None:
    def address(text: str) -> tuple[int, str]:
        return int(text[0]), text

    given = [address(text) for text in found.split()]
    turns = taking_turns(given, address(first) if first else None)
    assert [text for _, text in turns] == ordered.split()


@needs_ipv6
def test_a_host_whose_ipv6_is_dead_is_reached_by_ipv4_and_from_then_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with dead(V6) as silent, listening(lambda _: answer(connection="close")) as listener:
        rows = [(V6, 1, 6, "", silent[1]), (V4, 1, 6, "", ("127.0.0.1", listener.port))]

        def getaddrinfo(_host: bytes, _port: int, *more: int) -> list[Any]:
            if len(more) > 3 and more[3]:
                raise OSError("not a number")
            return rows

        monkeypatch.setattr(resolve, "getaddrinfo", getaddrinfo)
        waiter = Waiter()
        connection = Connection(origin_of("http://localhost:1"), "", waiter)
        assert connection.exchange(GET, waiter.after(5)).status == 200
        assert connection.address == (V4, ("127.0.0.1", listener.port))
        started = time.monotonic()
        for _ in range(20):
            connection.exchange(GET, waiter.after(5))
        assert time.monotonic() - started < 20 * STAGGER_SECONDS
        assert listener.connections == 21


@needs_ipv6
def test_a_host_whose_ipv4_is_dead_is_reached_by_ipv6(tmp_path: Path) -> None:
    with dead() as silent, listening(host="::1") as listener:
        alive = (int(V6), ("::1", listener.port, 0, 0))
        assert opened(silent, alive) == alive


@needs_ipv6
def test_tls_holds_for_an_address_in_the_url(tmp_path: Path) -> None:
    local = certified(tmp_path / "a", "::1")
    other = certified(tmp_path / "b", "::2")
    waiter = Waiter()
    with listening(tls=local.context, host="::1") as listener:
        connection = Connection(origin_of(listener.url), str(local.ca_file), waiter)
        assert connection.exchange(GET, waiter.after(5)).status == 200
    with listening(tls=other.context, host="::1") as listener:
        connection = Connection(origin_of(listener.url), str(other.ca_file), waiter)
        with pytest.raises(OSError, match="certificate verify failed"):
            connection.exchange(GET, waiter.after(5))
        assert listener.requests == []
