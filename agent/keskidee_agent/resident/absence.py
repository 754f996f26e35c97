"""Why this machine, or its agent, was away before now: told as facts with the first report after it is back.

A small file in the spool's folder holds the boot and the last word of the agent, written when it starts and when it
ends. The last sign of life in between is the spool's newest report, whose file the agent writes each round anyway.
The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os
import sys
import time

from keskidee_agent.host import clock

MARKER = "last-word"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
SAME_BOOT_SECONDS = 120
"""Where a system gives no id of its boot, its moment does, and a clock that is set moves that by some seconds."""
SLEPT_MS = 10_000
"""Less than this is no absence: no round is missed."""
NO_WORD, RELOAD = "-", "reload"


class Absence:
    """What the agent before this one left behind. To be made before the spool takes the folder over.

    `facts`: `away_reason` (first_start, shutdown, sleep, stop, upgrade; power_loss: another boot without a word;
    crash: the same boot without a word), `away_seconds`, and `away_since` in seconds since the epoch, by this
    machine's clock. The last two are absent where nothing tells them. `down_ms`: when the machine was shut down in
    order, by its own record: Windows ends a task of the scheduler then without a word.
    """

    def __init__(self, folder: str, *, boot: str = "", wall_ms: int | None = None, down_ms: int | None = None) -> None:
        self._path = os.path.join(folder, MARKER)
        self._boot = boot or boot_of(BOOT_ID)
        self._down_ms = shutdown_ms() if down_ms is None else down_ms
        self._asleep_ms = asleep_ms()
        now_ms = clock.wall_ms() if wall_ms is None else wall_ms
        self.facts = self._found(os.path.join(folder, "live"), now_ms)

    def begin(self) -> None:
        """Notes that the agent runs, so that an end without a word can be told."""
        self._write(NO_WORD)

    def end(self, word: str) -> None:
        """Notes the last word of the agent: the goodbye's reason, or that it only reads its settings again."""
        self._write(word)

    def slept(self) -> bool:
        """Whether the machine was suspended since this was asked last; `facts` say how long. No system call."""
        before_ms, self._asleep_ms = self._asleep_ms, asleep_ms()
        if self._asleep_ms - before_ms < SLEPT_MS:
            return False
        self._tell("sleep", clock.wall_ms() - (self._asleep_ms - before_ms), clock.wall_ms())
        return True

    def _found(self, live: str, now_ms: int) -> dict[str, str]:
        try:
            with open(self._path, encoding="ascii", errors="replace") as file:
                boot, moment_ms, word, *told = file.read().split()
            last_ms = int(moment_ms)
        except (OSError, ValueError):  # a marker that a power cut left empty tells as little as none
            return {"away_reason": "first_start"}
        if word == RELOAD:
            return dict(zip(("away_reason", "away_seconds", "away_since"), told, strict=False))
        same_boot = is_same_boot(boot, self._boot)
        if word == NO_WORD:
            last_ms = max(last_ms, _changed_ms(live))
            in_order = last_ms - SAME_BOOT_SECONDS * 1000 <= self._down_ms <= now_ms
            word = "crash" if same_boot else "shutdown" if in_order else "power_loss"
        elif word == "stop" and not same_boot:
            word = "shutdown"  # stopped with its machine, which not every system lets an agent know
        return self._tell(word, last_ms, now_ms)

    def _tell(self, reason: str, last_ms: int, now_ms: int) -> dict[str, str]:
        self.facts = {"away_reason": reason}
        if now_ms >= last_ms:  # a clock that is behind itself tells no length
            self.facts |= {"away_seconds": str((now_ms - last_ms) // 1000), "away_since": str(last_ms // 1000)}
        return self.facts

    def _write(self, word: str) -> None:
        line = " ".join([self._boot, str(clock.wall_ms()), word, *self.facts.values()])
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, line.encode("ascii", "replace"))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:  # the spool has told of this disk already; without a marker the next start is a first one
            return


def boot_of(path: str) -> str:
    """The id of this boot, or its moment as `@seconds` where the system gives none."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip() or "?"
    except OSError:
        return f"@{(clock.wall_ms() - started_ms()) // 1000}"


def is_same_boot(one: str, other: str) -> bool:
    """Whether two of `boot_of` are of one boot."""
    if one[:1] == other[:1] == "@":
        return abs(int(one[1:]) - int(other[1:])) <= SAME_BOOT_SECONDS
    return one == other


def asleep_ms() -> int:
    """How long the machine was suspended since it booted; 0 for ever where the system's clocks do not tell."""
    if sys.platform == "win32":
        from keskidee_agent.host import windows

        return windows.asleep_ms()
    return clock.boot_ms() - time.monotonic_ns() // 1_000_000


def started_ms() -> int:
    """Milliseconds since the system was started. On Windows Python's clock may go on over a restart (it is QPC)."""
    if sys.platform == "win32":
        from keskidee_agent.host import windows

        return windows.ticks_ms()
    return clock.boot_ms()


def shutdown_ms() -> int:
    """When the machine was shut down in order, in milliseconds since 1970, where the system keeps that; else 0."""
    if sys.platform == "win32":
        from keskidee_agent.host import windows

        return windows.shutdown_ms()
    return 0


def _changed_ms(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns // 1_000_000
    except OSError:
        return 0
