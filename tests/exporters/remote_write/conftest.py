"""Senders over a log in memory, with a real collector's view, and destinations that a test may spoil."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from keskidee_collector.view import View
from keskidee_config import RemoteWriteSettings
from keskidee_exporters.remote_write import delivery, sender
from keskidee_exporters.remote_write.counters import Counters
from keskidee_exporters.remote_write.outlook import Outlook
from keskidee_exporters.remote_write.sender import Sender
from tests.collector.inside import Inside
from tests.exporters.remote_write.receiver import Judge, Receiver, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.exporters.remote_write.standin import Log


class Sending(Protocol):
    """`sending(log, url=..., name="a")`: a sender that runs until the end of the test."""

    def __call__(self, log: Log, *, url: str, name: str = "a", **settings: object) -> Sender: ...


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    folder = tmp_path / "collector"
    folder.mkdir()
    collector = Inside(folder)
    yield collector
    collector.state.close()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """`receiver(judge)`: a destination."""
    started: list[Receiver] = []

    def start(judge: Judge = lambda _samples: Reply(), port: int = 0) -> Receiver:
        started.append(Receiver(judge, port))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def sending(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sending]:
    monkeypatch.setattr(delivery, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "LAST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(sender, "WAIT_SECONDS", 0.05)
    view = View(inside.state)
    counters = Counters(view.registry)
    senders: list[Sender] = []

    def start(log: Log, *, url: str, name: str = "a", **settings: object) -> Sender:
        told = RemoteWriteSettings(name=name, url=url, **settings)  # type: ignore[arg-type]  # as the test says
        log.cursors.setdefault(name, 0)
        senders.append(Sender(view, log, Outlook(view), told, counters.of(name), "here"))
        senders[-1].start()
        return senders[-1]

    yield start
    for each in senders:
        each.stop()
    for each in senders:
        each.join(5)


@pytest.fixture
def counted(inside: Inside) -> Callable[..., float | None]:
    """`counted("dropped_samples_total", reason="refused")`: a counter of destination `a`."""

    def value(name: str, destination: str = "a", **labels: str) -> float | None:
        registry = inside.state.metrics.registry
        return registry.get_sample_value(f"keskidee_remote_write_{name}", {"destination": destination, **labels})

    return value
