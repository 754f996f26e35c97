"""Names become addresses within a deadline, although the system's resolver knows none."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from keskidee_agent.transport import resolve
from keskidee_agent.transport.resolve import Resolver
from keskidee_agent.transport.waiting import Waiter

FOUND = [(2, 1, 6, "", ("192.0.2.7", 5375))]


class NameServer:
    """Stands in for the system's resolver: it answers names only while `answers` is set."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.error: OSError | None = None
        self.asked = 0

    def __call__(self, host: bytes, port: int, family: int, kind: int, protocol: int = 0, flags: int = 0) -> Any:
        if flags:
            raise OSError("not a number")
        self.asked += 1
        self.answers.wait(30)
        if self.error:
            raise self.error
        return FOUND


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(resolve, "getaddrinfo", server)
    yield server
    server.answers.set()


def addresses(resolver: Resolver, seconds: float) -> list[tuple[int, Any]]:
    waiter = Waiter()
    return resolver.addresses(waiter, waiter.after(seconds))


def test_a_name_server_that_is_silent_costs_the_deadline_and_one_thread(name_server: NameServer) -> None:
    resolver = Resolver("collector", 5375)
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            addresses(resolver, 0.2)
    assert 0.6 <= time.monotonic() - started < 3
    assert name_server.asked == 1


def test_an_answer_that_comes_late_serves_the_next_try(name_server: NameServer) -> None:
    resolver = Resolver("collector", 5375)
    with pytest.raises(TimeoutError):
        addresses(resolver, 0.1)
    name_server.answers.set()
    assert addresses(resolver, 5) == [(2, ("192.0.2.7", 5375))]
    assert name_server.asked == 1


def test_what_was_found_last_serves_while_the_name_server_fails(name_server: NameServer) -> None:
    resolver = Resolver("collector", 5375)
    name_server.answers.set()
    expected = addresses(resolver, 5)
    name_server.error = OSError("Temporary failure in name resolution")
    assert addresses(resolver, 5) == expected


def test_a_name_that_was_never_found_is_an_error(name_server: NameServer) -> None:
    name_server.answers.set()
    name_server.error = OSError("Name or service not known")
    with pytest.raises(OSError, match="not known"):
        addresses(Resolver("collector", 5375), 5)


def test_a_number_needs_no_name_server() -> None:
    assert addresses(Resolver("127.0.0.1", 80), 5) == [(2, ("127.0.0.1", 80))]
