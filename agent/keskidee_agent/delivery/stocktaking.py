"""When the inventory is taken again: some time after the start, each day, and when something was installed or removed.

That something was, a few files tell by their time of change; looking costs some microseconds every few minutes. The
inventory itself is a process of its own. The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os

from keskidee_agent.host.clock import phase_ms

MARKS = (
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
    "/var/lib/pacman/local",
    "/var/lib/snapd/state.json",
    "/etc/os-release",
    "/run/keskidee-disks",
)
"""On Windows none of them is there, and windows.PROGRAMS are looked at."""
BODY_FILE, METRICS_FILE = "inventory.body", "inventory.metrics"
"""What is to be told, in the agent's folder while it waits (stock.py), and the samples that reports carry."""
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
LOOK_MS = 300_000
START_MS = 30_000
"""A machine that starts, and a collector to which a fleet returns, have other things to do first. Jitter doubles it."""


class Stocktaking:
    """What is due, on a clock that never steps (`now_ms`, since boot)."""

    def __init__(self, machine_id: str, marks: tuple[str, ...] = MARKS, *, every_ms: int = DAY_MS) -> None:
        self._every_ms = every_ms
        self._jitter_ms = phase_ms(machine_id, HOUR_MS)
        self._paths = marks
        self._marks = self._seen()
        self._settling = False
        self._due_ms = self._thin_due_ms = -1
        self._look_ms = 0

    def begin(self, now_ms: int) -> None:
        """The first report was taken."""
        if self._due_ms < 0:
            self._due_ms = now_ms + START_MS + self._jitter_ms * START_MS // HOUR_MS
            self._thin_due_ms = now_ms + HOUR_MS // 6 + self._jitter_ms * 5 // 6

    def is_due(self, now_ms: int, *, thrifty: bool = False) -> bool:
        """Whether to take it now. A mark that moves is waited for: an upgrade touches it for minutes.

        Where the link is thin (`thrifty`, which only later answers may say), the first waits for 10 to 60 minutes:
        machines that start together do not tell together.
        """
        if self._due_ms < 0 or (thrifty and now_ms < self._thin_due_ms):
            return False
        if now_ms >= self._look_ms:
            self._look_ms = now_ms + LOOK_MS
            seen = self._seen()
            if self._settling and seen == self._marks:
                self._settling, self._due_ms = False, now_ms
            elif seen != self._marks:
                self._settling, self._marks = True, seen
        return now_ms >= self._due_ms

    def began(self, now_ms: int) -> None:
        """It is being taken: the next time is tomorrow, or as the settings say."""
        self._due_ms = now_ms + self._every_ms + self._jitter_ms - HOUR_MS // 2

    def again(self, now_ms: int) -> None:
        """All of it at once: the collector lacks what it was told before."""
        self._due_ms = now_ms

    def failed(self, now_ms: int) -> None:
        """It was not: again in an hour or so."""
        self._due_ms = now_ms + HOUR_MS // 2 + self._jitter_ms

    def _seen(self) -> tuple[int, ...]:
        seen = tuple([changed_ns(path) for path in self._paths])
        if os.name == "nt":
            from keskidee_agent.host import windows

            seen += windows.programs_changed()
        return seen


def changed_ns(path: str) -> int:
    """When a file was changed last, in nanoseconds since the epoch; 0 where there is none."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
