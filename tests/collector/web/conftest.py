"""A collector for each test of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.collector.web.collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """An empty collector at 07:12:40 UTC on 2 March 2026."""
    made = Collector(tmp_path)
    yield made
    made.state.close()
