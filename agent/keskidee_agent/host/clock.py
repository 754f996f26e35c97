"""The two clocks of a report, and the moments at which an agent speaks.

Rounds are counted on the time since boot: it never steps, and it goes on while the machine sleeps. The wall clock is
told to the collector and decides nothing here, because on a machine with a dead battery it is years off.
The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import sys
import time
from zlib import crc32


def clock_since_boot(platform: str) -> int | None:
    """The clock that goes on while the machine sleeps: CLOCK_BOOTTIME, on macOS CLOCK_MONOTONIC (clock_gettime(3)).

    None where Python's own does: on Windows it counts sleep in.
    """
    return getattr(time, "CLOCK_MONOTONIC" if platform == "darwin" else "CLOCK_BOOTTIME", None)


_SINCE_BOOT = clock_since_boot(sys.platform)


def boot_ms() -> int:
    """Milliseconds since boot, sleep included (`clock_since_boot`)."""
    if _SINCE_BOOT is None:
        return time.monotonic_ns() // 1_000_000
    return time.clock_gettime_ns(_SINCE_BOOT) // 1_000_000


def wall_ms() -> int:
    """Milliseconds since the Unix epoch by the machine's clock, right or wrong."""
    return time.time_ns() // 1_000_000


def phase_ms(machine_id: str, interval_ms: int) -> int:
    """Where in the interval this machine speaks: a hash of its id, so that a fleet that boots together is spread."""
    return crc32(machine_id.encode()) % interval_ms


def next_round_ms(now_ms: int, interval_ms: int, phase: int) -> int:
    """The next moment after `now_ms` that lies on the phase. Rounds missed in between (a suspend) are not made up."""
    return now_ms + interval_ms - (now_ms - phase) % interval_ms
