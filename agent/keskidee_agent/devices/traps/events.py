"""Events: what devices told, repeats put together, kept until the collector has them.

A device that tells the same of the same part again and again has one event whose count grows; a new one begins where
it was quiet for five minutes. What is new is told at once, what grows each minute. A device that tells ever something
else has so many events at once; what is beyond them is one of its own, `others`.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from keskidee_agent.devices.answers import text
from keskidee_agent.devices.traps.known import subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from keskidee_agent.devices.traps.message import Told

    Place = tuple[str, str, str]
    """Device, kind, and which part of the device."""

QUIET_SECONDS = 300  # after which the same notification is an event of its own
GROWN_SECONDS = 60
MOST_EVENTS = 1_000
MOST_OPEN = 32  # a device
MOST_VARIABLES, LONGEST_VALUE, LONGEST_NAME = 16, 200, 256
KEY_OCTETS = 8
OTHERS = "others"


@dataclass(slots=True, kw_only=True)
class Event:
    """One thing a device told, once or again and again. Times are UTC epoch seconds. `key` is unlike any other's.

    `told` is how often that was when the collector last took it, at `told_at`.
    """

    key: str
    device: str
    trap: str
    kind: str
    subject: str
    first_at: float
    last_at: float
    count: int
    variables: dict[str, str]
    told: int = 0
    told_at: float = 0.0


class Events:
    """The latest events. Those that the collector has are kept only for as long as they may grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[Place, Event] = {}
        self._over: list[Event] = []
        self._of_device: Counter[str] = Counter()
        self.forgotten = 0

    def __iter__(self) -> Any:
        return iter([*self._over, *self._open.values()])

    def __len__(self) -> int:
        return len(self._over) + len(self._open)

    def put(self, device: str, kind: str, told: Told) -> None:
        """Puts a notification to its event."""
        now, place = self._clock(), (device, kind, subject_of(told))
        if self._has_grown(place, now):
            return
        if place not in self._open and self._of_device[device] >= MOST_OPEN:
            place = (device, OTHERS, "")
            if self._has_grown(place, now):
                return
        self._close(place)
        rows = () if place[1] == OTHERS else told.rows[:MOST_VARIABLES]
        self._open[place] = Event(
            key=os.urandom(KEY_OCTETS).hex(),
            device=device,
            trap="" if place[1] == OTHERS else told.trap[:LONGEST_NAME],
            kind=place[1],
            subject=place[2],
            first_at=now,
            last_at=now,
            count=1,
            variables={
                name: text(value)[:LONGEST_VALUE]
                for name, value in rows
                if value is not None and len(name) <= LONGEST_NAME
            },
        )
        self._of_device[device] += 1
        self._bound()

    def untold(self, at_most: int) -> list[Event]:
        """What the collector lacks: what is new, and what has grown a minute ago."""
        now = self._clock()
        lacking = (
            event
            for event in self
            if event.told < event.count and (not event.told or not 0 <= now - event.told_at < GROWN_SECONDS)
        )
        return [event for event, _ in zip(lacking, range(at_most), strict=False)]

    def took(self, told: Iterable[tuple[Event, int]]) -> None:
        """The collector has these, with these counts."""
        now = self._clock()
        for event, count in told:
            event.told, event.told_at = count, now
        self.sweep()

    def sweep(self) -> None:
        """Ends what was quiet for long enough, and keeps of what ended only what was not told."""
        now = self._clock()
        for place in [place for place, event in self._open.items() if now - event.last_at >= QUIET_SECONDS]:
            self._close(place)
        self._over = [event for event in self._over if event.told < event.count]

    def as_rows(self) -> list[dict[str, Any]]:
        """What was not told, for another process to go on with."""
        return [asdict(event) for event in self if event.told < event.count]

    def restore(self, rows: Sequence[Any]) -> None:
        """Takes what another process was not able to tell; what is no event is left out."""
        for row in rows[-MOST_EVENTS:]:
            try:
                self._over.append(Event(**row))
            except TypeError:
                continue

    def _has_grown(self, place: Place, now: float) -> bool:
        event = self._open.get(place)
        if event is None or now - event.last_at >= QUIET_SECONDS:
            return False
        event.last_at, event.count = now, event.count + 1
        return True

    def _close(self, place: Place) -> None:
        event = self._open.pop(place, None)
        if event is None:
            return
        self._of_device[event.device] -= 1
        if not self._of_device[event.device]:
            del self._of_device[event.device]
        if event.told < event.count:
            self._over.append(event)

    def _bound(self) -> None:
        """The oldest go: of those that are over, then of those that may still grow."""
        while len(self) > MOST_EVENTS:
            if not self._over:
                self._close(next(iter(self._open)))
            if self._over:
                gone = self._over.pop(0)
                self.forgotten += gone.told < gone.count
