"""What tests of the whole chain start: Prometheus, Alertmanager and a collector, and who is paged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.collector.served import Served
from tests.e2e.chain import Chain
from tests.e2e.webhook import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.processes import Start


@pytest.fixture
def pager() -> Iterator[Receiver]:
    """Hears the pages, and ends with the test."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Served]:
    """A collector with the settings of nobody."""
    (tmp_path / "first").mkdir()
    served = Served(tmp_path / "first", {})
    yield served
    served.stop()


@pytest.fixture
def chain(start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path) -> Chain:
    """A chain of which nothing runs yet."""
    return Chain(start, program, free_port, tmp_path)
