"""The process that polls devices (devices/poller): started where there are some, again when it ended, and ended with
the agent. The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os
import time

AGAIN_MS = 60_000
"""From one start to the next: a poller that cannot run costs a line a minute."""
NOBODY = 3
"""Exit status of a poller that has nobody to poll."""
TERMINATE, KILL = 15, 9
STEP_SECONDS, STEPS = 0.05, 60
"""How long it may take over its end: it makes what waits durable."""


class Polling:
    """The poller of an agent. `begin` starts it, and gives its process id; `is_own`: the settings name devices."""

    def __init__(self, *, is_own: bool) -> None:
        self._is_own = is_own
        self._process = 0
        self._due_ms = 0

    def wants(self, now_ms: int, *, is_asked: bool) -> bool:
        """Whether it is to be started now; `is_asked`: the collector has devices for this agent."""
        if self._process and (status := status_of(self._process)) is not None:
            self._process = 0
            self._is_own = self._is_own and status != NOBODY << 8
        return (self._is_own or is_asked) and not self._process and now_ms >= self._due_ms

    def began(self, process: int, now_ms: int) -> None:
        """It was started, with this process id."""
        self._process = process
        self._due_ms = now_ms + AGAIN_MS

    def end(self) -> None:
        """Ends it, and waits for that."""
        if not self._process or os.name == "nt":  # there it notices by itself that its parent has gone
            return
        try:
            os.kill(self._process, TERMINATE)
            for _ in range(STEPS):
                if status_of(self._process) is not None:
                    break
                time.sleep(STEP_SECONDS)
            else:
                os.kill(self._process, KILL)
                os.waitpid(self._process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        self._process = 0


def status_of(process: int) -> int | None:
    """How a process that was begun has ended, as waitpid(2) gives it: 0 if well; None while it goes on.

    Windows does not tell: it is over there, and a second poller ends itself.
    """
    if os.name == "nt":
        return 0
    try:
        ended, status = os.waitpid(process, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if ended else None
