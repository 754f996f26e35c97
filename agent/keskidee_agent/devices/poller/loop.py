"""One loop for thousands of devices: a heap of when each is due, each on a phase of its own, bounded in all.

A device is asked by one poll at a time: the next is due after the last has ended. So many polls go on at once as
AT_ONCE says; who is due then waits for the first to end.
"""

from __future__ import annotations

import asyncio
import heapq
import traceback
from typing import TYPE_CHECKING, Protocol

from keskidee_agent.host import clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.poller.watch import Poll

AT_ONCE = 64
LONGEST_WAIT_SECONDS = 1.0
SHORTEST_POLL_SECONDS = 10.0
"""So long a poll of what moves may take in any case."""


class Polled(Protocol):
    """One device, as the loop sees it."""

    @property
    def target(self) -> Target: ...

    @property
    def interval_seconds(self) -> int: ...

    def poll(self, seconds: float) -> Awaitable[Poll]:
        """One poll; it raises nothing that a device can cause."""

    def put(self, poll: Poll) -> None:
        """Takes what came of it, without waiting."""

    def close(self) -> None: ...


class Loop:
    """Polls what it is given. `begin` makes a device out of its target."""

    def __init__(self, begin: Callable[[Target], Polled], *, at_once: int = AT_ONCE) -> None:
        self._begin = begin
        self._at_once = at_once
        self._polled: dict[str, Polled] = {}
        self._due: list[tuple[int, str]] = []
        self._planned: dict[str, int] = {}
        self._again: set[str] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._polled)

    def set_targets(self, targets: Mapping[str, Target]) -> None:
        """Polls these from now on: one that is new, or was changed, within its interval."""
        for machine_id, polled in list(self._polled.items()):
            if targets.get(machine_id) != polled.target:
                self._end(machine_id)
        for machine_id, target in targets.items():
            if machine_id not in self._polled:
                self._polled[machine_id] = self._begin(target)
                if machine_id not in self._running:
                    self._plan(machine_id)
        self._news.set()

    async def run(self, until: asyncio.Event) -> None:
        """Polls until it is told to stop; what is under way then is given up."""
        while not until.is_set():
            now = clock.boot_ms()
            while self._due and self._due[0][0] <= now and len(self._running) < self._at_once:
                due, machine_id = heapq.heappop(self._due)
                if self._planned.get(machine_id) == due:  # otherwise it was planned anew since
                    del self._planned[machine_id]
                    self._start(machine_id)
            self._news.clear()
            wait = LONGEST_WAIT_SECONDS
            if self._due and len(self._running) < self._at_once:
                wait = min(wait, max(self._due[0][0] - clock.boot_ms(), 1) / 1000)
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                continue
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        for machine_id in list(self._polled):
            self._end(machine_id)

    def wake(self) -> None:
        """Something has changed that `run` waits for."""
        self._news.set()

    def poll_now(self, machine_id: str) -> None:
        """Polls a device at once, or once more behind the poll that goes on: what that has read may be of before."""
        if machine_id in self._running:
            self._again.add(machine_id)
        elif machine_id in self._polled:
            self._put(clock.boot_ms(), machine_id)
        self._news.set()

    def _plan(self, machine_id: str) -> None:
        """The next time, on the device's own phase: a fleet spreads by itself."""
        if machine_id in self._again:
            self._again.discard(machine_id)
            self._put(clock.boot_ms(), machine_id)
            return
        interval_ms = self._polled[machine_id].interval_seconds * 1000
        phase = clock.phase_ms(machine_id, interval_ms)
        self._put(clock.next_round_ms(clock.boot_ms(), interval_ms, phase), machine_id)

    def _put(self, due_ms: int, machine_id: str) -> None:
        self._planned[machine_id] = due_ms
        heapq.heappush(self._due, (due_ms, machine_id))

    def _start(self, machine_id: str) -> None:
        polled = self._polled.get(machine_id)
        if polled is not None and machine_id not in self._running:
            self._running[machine_id] = asyncio.create_task(self._one(machine_id, polled))

    async def _one(self, machine_id: str, polled: Polled) -> None:
        try:
            poll = await polled.poll(max(polled.interval_seconds, SHORTEST_POLL_SECONDS))
            if self._polled.get(machine_id) is polled:
                polled.put(poll)
        except Exception:  # noqa: BLE001 - a fault of ours in one device must not cost the others
            traceback.print_exc()
        finally:
            self._running.pop(machine_id, None)
            if machine_id in self._polled:
                self._plan(machine_id)
            self._news.set()

    def _end(self, machine_id: str) -> None:
        self._polled.pop(machine_id).close()
        self._planned.pop(machine_id, None)
        self._again.discard(machine_id)
