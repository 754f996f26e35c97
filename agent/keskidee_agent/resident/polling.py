"""The process that polls devices (devices/poller): started where there are some, again when it ended, and ended with
the agent. The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

from keskidee_agent.resident import child

AGAIN_MS = 60_000
"""From one start to the next: a poller that cannot run costs a line a minute."""
NOBODY = 3
"""Exit status of a poller that has nobody to poll."""


class Polling:
    """The poller of an agent, known as `child.begin` gave it; `is_own`: the settings name devices."""

    def __init__(self, *, is_own: bool) -> None:
        self._is_own = is_own
        self._process = 0
        self._due_ms = 0

    def wants(self, now_ms: int, *, is_asked: bool) -> bool:
        """Whether it is to be started now; `is_asked`: the collector has devices for this agent."""
        if self._process and (status := child.status_of(self._process)) is not None:
            self._process = 0
            self._is_own = self._is_own and status != NOBODY << 8
        return (self._is_own or is_asked) and not self._process and now_ms >= self._due_ms

    def began(self, process: int, now_ms: int) -> None:
        """It was started."""
        self._process = process
        self._due_ms = now_ms + AGAIN_MS

    def end(self) -> None:
        """Ends it, and waits for that."""
        if self._process:
            child.end(self._process)
        self._process = 0
