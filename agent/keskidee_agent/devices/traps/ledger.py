"""What notifications told, bounded: counts by device and kind, who is to be asked at once, and events (`events.py`).

What finds no room is counted, never kept.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from keskidee_agent.devices.traps.events import OTHERS, Events
from keskidee_agent.devices.traps.known import kind_of
from keskidee_report.model import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keskidee_agent.devices.traps.message import Told
    from keskidee_report.model import Sample

MOST_KINDS = 64  # a device: its further ones are counted together
MOST_DEVICES = 5_000
LEAST_SECONDS_BETWEEN_POLLS = 30
MOST_POLLS_AT_ONCE, MOST_POLLS_A_SECOND = 200, 10
"""When the power is back all devices tell that they started; each is polled within its interval anyhow."""
FROM_THE_START = ("coldStart", "linkDown", "linkUp", "authenticationFailure")
"""Counted from 0, so that the first one shows as a rise. Of other kinds a device has the series once it told some."""

TRAPS = Family("keskidee_traps_total", "counter", "Notifications of a device by SNMP, by what they tell", digits=0)
REFUSED = Family(
    "keskidee_traps_refused_total", "counter", "Notifications that were not taken, by the reason", digits=0
)
RECEIVED = Family(
    "keskidee_traps_received_total", "counter", "Datagrams that came where notifications are heard", digits=0
)
FORGOTTEN = Family(
    "keskidee_traps_forgotten_events_total", "counter", "Events that gave way to newer ones before told", digits=0
)
LOST = Family("keskidee_traps_lost_total", "counter", "Notifications that came faster than they were heard", digits=0)


class Ledger:
    """All that was told. `poll` is called with a device that should be asked at once how it is.

    `clock` gives UTC epoch seconds. A device goes by whatever name its notes have.
    """

    def __init__(self, clock: Callable[[], float], poll: Callable[[str], None] = lambda _: None) -> None:
        self._clock, self._poll = clock, poll
        self._counts: dict[str, Counter[str]] = {}
        self._refused: dict[str, Counter[str]] = {}
        self._polled: dict[str, float] = {}
        self._room, self._filled_at = float(MOST_POLLS_AT_ONCE), clock()
        self.events = Events(clock)
        self._strange: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.received = 0
        self.taken = 0
        self.taken_at = 0.0
        self.lost: Callable[[], int | None] = lambda: None  # the receiver's socket knows

    def note(self, device: str, told: Told) -> None:
        """Counts one notification, and puts it to its event."""
        kind = kind_of(told)
        self.taken, self.taken_at = self.taken + 1, self._clock()
        counts = _of(self._counts, device)
        counts[kind.name if kind.name in counts or len(counts) < MOST_KINDS else OTHERS] += 1
        self.events.put(device, kind.name, told)
        if kind.pressing:
            self._press(device)

    def refuse(self, reason: str, device: str | None = None) -> None:
        """Counts one that is not taken, with the device from whose address it came, where it is anybody's."""
        self.refused[reason] += 1
        (self._strange if device is None else _of(self._refused, device))[reason] += 1

    def forget(self, known: set[str]) -> None:
        """Counts of devices that are polled no more go; of their events what was not told yet stays."""
        for kept in (self._counts, self._refused, self._polled):
            for device in kept.keys() - known:
                del kept[device]

    def _press(self, device: str) -> None:
        """At most one poll each half minute a device, however much it tells, and so many a second of all."""
        now = self._clock()
        if 0 <= now - self._polled.get(device, 0) < LEAST_SECONDS_BETWEEN_POLLS:
            return
        if device not in self._polled and len(self._polled) >= MOST_DEVICES:
            return
        passed = max(0.0, now - self._filled_at)  # the clock may be set back
        self._room = min(MOST_POLLS_AT_ONCE, self._room + passed * MOST_POLLS_A_SECOND)
        self._filled_at = now
        if self._room >= 1:
            self._room -= 1
            self._polled[device] = now
            self._poll(device)

    def samples_of(self, device: str) -> Iterator[Sample]:
        """The counts of one device."""
        counts = self._counts.get(device, Counter())
        for kind in (*FROM_THE_START, *(counts.keys() - set(FROM_THE_START))):
            yield TRAPS(counts.get(kind, 0), trap=kind)
        for reason, count in self._refused.get(device, {}).items():
            yield REFUSED(count, reason=reason)

    def own_samples(self) -> Iterator[Sample]:
        """What the receiver says of itself; what was refused from a device's address is among that device's."""
        yield RECEIVED(self.received)
        for reason, count in self._strange.items():
            yield REFUSED(count, reason=reason)
        yield FORGOTTEN(self.events.forgotten)
        if (lost := self.lost()) is not None:
            yield LOST(lost)


def _of(counted: dict[str, Counter[str]], device: str) -> Counter[str]:
    """The counts of a device; those of too many devices are one."""
    if device not in counted and len(counted) >= MOST_DEVICES:
        device = OTHERS
    return counted.setdefault(device, Counter())
