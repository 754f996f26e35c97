"""What notifications told, bounded: counts by device and kind, and the latest events, of which repeats are one.

A device that tells the same of the same part again and again has one event whose count grows; a new one begins where
it was quiet for five minutes. What finds no room is counted, never kept.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_agent.devices.answers import text
from keskidee_agent.devices.traps.known import kind_of, subject_of
from keskidee_report.model import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keskidee_agent.devices.traps.message import Told
    from keskidee_report.model import Sample

QUIET_SECONDS = 300  # after which the same notification is an event of its own
MOST_EVENTS = 1_000
MOST_KINDS = 64  # a device: its further ones are counted together
MOST_DEVICES = 5_000
MOST_VARIABLES, LONGEST_VALUE = 16, 200
LEAST_SECONDS_BETWEEN_POLLS = 30
OTHERS = "others"

TRAPS = Family("keskidee_device_traps_total", "counter", "Notifications of a device by SNMP, by what they tell")
REFUSED = Family("keskidee_traps_refused_total", "counter", "Notifications that were not taken, by the reason")
FORGOTTEN = Family("keskidee_trap_events_forgotten_total", "counter", "Events that gave way to newer ones before taken")
LOST = Family("keskidee_traps_lost_total", "counter", "Notifications that came faster than they were heard")


@dataclass(slots=True, kw_only=True)
class Event:
    """One thing a device told, once or again and again. Times are UTC epoch seconds."""

    device: str
    trap: str
    kind: str
    subject: str
    first_at: float
    last_at: float
    count: int
    variables: dict[str, str]


class Ledger:
    """All that was told. `poll` is called with a device's address when it should be asked at once how it is."""

    def __init__(self, clock: Callable[[], float], poll: Callable[[str], None] = lambda _: None) -> None:
        self._clock, self._poll = clock, poll
        self._counts: dict[str, Counter[str]] = {}
        self._events: OrderedDict[tuple[str, str, str], Event] = OrderedDict()
        self._taken: list[Event] = []
        self._polled: dict[str, float] = {}
        self._forgotten = 0
        self.refused: Counter[str] = Counter()
        self.lost: Callable[[], int | None] = lambda: None  # the receiver's socket knows

    def note(self, device: str, told: Told) -> None:
        """Counts one notification, and puts it to its event."""
        kind = kind_of(told)
        self._count(device, kind.name)
        self._put(device, kind.name, told)
        if kind.pressing:
            self._press(device)

    def _count(self, device: str, kind: str) -> None:
        if device not in self._counts and len(self._counts) >= MOST_DEVICES:
            device = OTHERS
        counts = self._counts.setdefault(device, Counter())
        counts[kind if kind in counts or len(counts) < MOST_KINDS else OTHERS] += 1

    def _put(self, device: str, kind: str, told: Told) -> None:
        now, key = self._clock(), (device, kind, subject_of(told))
        event = self._events.get(key)
        if event is not None and now - event.last_at < QUIET_SECONDS:
            event.last_at, event.count = now, event.count + 1
            return
        if event is not None:
            self._taken.append(self._events.pop(key))
        self._events[key] = Event(
            device=device,
            trap=told.trap,
            kind=kind,
            subject=key[2],
            first_at=now,
            last_at=now,
            count=1,
            variables={
                name: text(value)[:LONGEST_VALUE] for name, value in told.rows[:MOST_VARIABLES] if value is not None
            },
        )
        self._bound()

    def _bound(self) -> None:
        while len(self._events) + len(self._taken) > MOST_EVENTS:
            if self._taken:
                del self._taken[0]
            else:
                self._events.popitem(last=False)
            self._forgotten += 1

    def _press(self, device: str) -> None:
        """At most one poll each half minute a device, however much it tells."""
        now = self._clock()
        if now - self._polled.get(device, 0) < LEAST_SECONDS_BETWEEN_POLLS:
            return
        if device not in self._polled and len(self._polled) >= MOST_DEVICES:
            return
        self._polled[device] = now
        self._poll(device)

    def events(self) -> list[Event]:
        """What is kept now, in the order of its beginning."""
        return [*self._taken, *self._events.values()]

    def take_events(self) -> list[Event]:
        """The events that are over: what is told of them no longer grows. They are not kept."""
        now = self._clock()
        over = [key for key, event in self._events.items() if now - event.last_at >= QUIET_SECONDS]
        taken = self._taken + [self._events.pop(key) for key in over]
        self._taken = []
        return taken

    def samples_of(self, device: str) -> Iterator[Sample]:
        """The counts of one device, by its address."""
        for kind, count in self._counts.get(device, {}).items():
            yield TRAPS(count, trap=kind)

    def own_samples(self) -> Iterator[Sample]:
        """What the receiver says of itself."""
        for reason, count in self.refused.items():
            yield REFUSED(count, reason=reason)
        yield FORGOTTEN(self._forgotten)
        if (lost := self.lost()) is not None:
            yield LOST(lost)
