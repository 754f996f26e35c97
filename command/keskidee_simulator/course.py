"""How busy a pretend machine is, as formulas of time, so that a restart of the simulator goes on where it would be.

Every value of a report is `constant + coefficient * course`, where the course is one of the few numbers below. The work
done since boot is the integral of a busy ratio that is never negative, in closed form: counters cannot fall.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from math import cos, pi, sin
from typing import TYPE_CHECKING

from keskidee_simulator.fleet import DISK_FILLING, MEMORY_SHORT, Pretend

if TYPE_CHECKING:
    from datetime import date

ONE, UPTIME, NOW, BOOTED, IDLE_COOL, IDLE_HOT, CPU_WORK, CPU_BUSY = range(8)
DISK_WORK, DISK_BUSY, NET_WORK, MEMORY_USED, SWAP_USED, FILL, AGE, UPDATED_ON = range(8, 16)
"""Positions in what `course` returns: seconds, ratios from 0 to 1, and work in busy seconds. AGE is the machine's:
from new (0) to worn out (1). UPDATED_ON is the day of its newest update, as its inventory has it (Unix seconds).
"""

COOL, HOT = 0.8, 1.2
"""Every second processor is busier than the machine as a whole, the others less."""

DAY = 86400.0
FILLING_SECONDS = 6 * 3600.0
"""How long a filling disk takes from half full to full, before somebody makes room and it begins again."""


class Course:
    """The formulas of one machine."""

    __slots__ = (
        "_age",
        "_base",
        "_clock",
        "_day",
        "_fill",
        "_filling",
        "_memory",
        "_phase",
        "_scale",
        "_short",
        "_tone",
        "_updated_on",
    )

    def __init__(self, machine: Pretend, updated_on: date) -> None:
        self._updated_on = datetime.combine(updated_on, time(), UTC).timestamp()
        self._base = 0.04 + 0.10 * machine.chance(0)
        self._day = 0.10 + 0.25 * machine.chance(2)
        self._phase = -machine.site.utc_offset_seconds + 7200 * machine.chance(4)
        self._tone = 2 * pi / (400 + 500 * machine.chance(6))
        self._scale = 0.3 + 1.4 * machine.chance(8)
        self._memory = 0.30 + 0.25 * machine.chance(10)
        self._fill = 0.25 + 0.40 * machine.chance(12)
        self._filling = machine.chance(14) * FILLING_SECONDS if machine.ailment == DISK_FILLING else None
        self._clock = machine.clock_offset_seconds
        self._age = machine.age
        self._short = machine.ailment == MEMORY_SHORT

    def at(self, now: float, booted_at: float) -> tuple[float, ...]:
        """The courses at `now` of a machine that booted at `booted_at` (true Unix seconds).

        NOW and BOOTED are what its own clock says.
        """
        uptime = now - booted_at
        busy = self._busy(now)
        work = self._worked(now) - self._worked(booted_at)
        memory = 0.955 + 0.02 * busy if self._short else self._memory + 0.35 * busy
        fill = self._fill + 0.01 * busy
        if self._filling is not None:
            fill = 0.5 + 0.497 * ((now + self._filling) % FILLING_SECONDS) / FILLING_SECONDS
        scale = self._scale
        swap = 0.7 if self._short else 0.02
        return (
            1.0, uptime, now + self._clock, booted_at + self._clock, uptime - COOL * work, uptime - HOT * work, work,
            busy, work * scale * 0.6, busy * scale * 0.6, work * scale, memory, swap, fill,
            self._age, self._updated_on,
        )  # fmt: skip

    def _busy(self, now: float) -> float:
        """The busy ratio: a floor, a day that is busiest in the early afternoon, and a slower swell."""
        day = 0.5 - 0.5 * cos(2 * pi / DAY * (now - self._phase - 7200))
        return self._base * (1.0 + 0.9 * sin(self._tone * now)) + self._day * day

    def _worked(self, now: float) -> float:
        """The integral of `_busy` from some fixed moment."""
        turn = 2 * pi / DAY
        day = 0.5 * now - 0.5 * sin(turn * (now - self._phase - 7200)) / turn
        return self._base * (now - 0.9 * cos(self._tone * now) / self._tone) + self._day * day
