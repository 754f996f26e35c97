"""What all pretend machines of a simulation share, and what came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_simulator.enrolment import Credentials
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.sites import Cut
    from keskidee_simulator.stock import Stocktaking

ENROLLING_AT_ONCE = 16


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it all, summed over the machines. `seconds` holds the time of the last answers."""

    enrolled: int = 0
    acknowledged: int = 0
    schema_asked: int = 0
    refused: int = 0
    failed: int = 0
    goodbyes: int = 0
    inventories: int = 0
    seconds: list[float] = field(default_factory=list)

    def took(self, seconds: float) -> None:
        """Remembers how long an answer took, of the last hundred thousand at most."""
        if len(self.seconds) >= 100_000:
            del self.seconds[:50_000]
        self.seconds.append(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all machines of a simulation share.

    `interval_seconds` None: as the collector says. `steady`: nobody sleeps, goes off or falls silent (for load).
    `stocktaking` None: nobody tells an inventory (for load).
    `devices` are those that each machine polls, by its number; one poller is enlisting them at a time.
    """

    credentials: Credentials
    token: str
    steady: bool = False
    tally: Tally
    clock: Callable[[], float] = time.time
    interval_seconds: float | None = None
    cuts: tuple[Cut, ...] = ()
    stocktaking: Stocktaking | None = None
    enrolling: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ENROLLING_AT_ONCE))
    enlisting: asyncio.Lock = field(default_factory=asyncio.Lock)
    devices: dict[int, tuple[Pretend, ...]] = field(default_factory=dict)
