"""Collectors in the test's own process, and in processes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.store import writer
from tests.collector.inside import Inside
from tests.collector.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="session")
def hurry() -> None:
    """A commit in the test's process waits for no company: a test does one thing at a time."""
    writer.LINGER_SECONDS = 0.0


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    """One with the default settings; a file that needs others has a fixture of this name of its own."""
    inside = Inside(tmp_path)
    yield inside
    inside.state.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """`serve(limits={...})`: a collector with these settings, stopped after the test."""
    running: list[Served] = []

    def start(*, listen: str = "127.0.0.1:0", **settings: Any) -> Served:
        folder = tmp_path / f"served-{len(running)}"
        folder.mkdir()
        running.append(Served(folder, settings, listen=listen))
        return running[-1]

    yield start
    for collector in running:
        collector.stop()
