"""What all tests of exporters share."""

import pytest

from keskidee_collector.store import writer


@pytest.fixture(autouse=True, scope="session")
def hurry() -> None:
    """A commit in the test's process waits for no company (tests/collector/conftest.py)."""
    writer.LINGER_SECONDS = 0.0
