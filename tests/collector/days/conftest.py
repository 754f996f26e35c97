"""A collector that counts the days of its machines, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.collector.counted import Counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Counted]:
    inside = Counted(tmp_path)
    yield inside
    inside.state.close()
