"""Waiting for what another process or thread brings about."""

import time
from collections.abc import Callable

DEADLINE_SECONDS = 20


def wait_until(holds: Callable[[], object], what: str = "it", seconds: float = DEADLINE_SECONDS) -> None:
    """Waits for something that must come."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)
