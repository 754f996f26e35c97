"""One device from poll to poll: all of it now and then, and in between only what moves.

A whole reading (who it is, what it is made of, names) is taken at first, each hour, after the device started again, and
of its interfaces when one came, went or changed its state. In between the poller asks for the full names of what was
read as a number that moves, in messages as large as the device takes.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING

from keskidee_agent.devices import metrics
from keskidee_agent.devices.answers import Answers
from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.mibs import addresses, bridge, interfaces, neighbours, system
from keskidee_agent.devices.poller.counters import Counters
from keskidee_agent.devices.profile import full
from keskidee_agent.devices.read import parsed, read_device
from keskidee_agent.devices.walk import walked
from keskidee_report.model import DENIED, FAILED, OK, TIMED_OUT, Family, Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from keskidee_agent.devices.engine import Engine, Value
    from keskidee_agent.devices.identify import Known
    from keskidee_agent.devices.read import DeviceReading
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_report.model import Sample

WHOLE_SECONDS = 3600.0
LONGEST_SECONDS = 300.0
"""A device that takes longer over all of it is given up for this time."""
SIZES = (60, 20, 5, 1)
"""Names a message: 60 counters fit an Ethernet frame. A device that chokes is asked for fewer until the next hour."""
TRIES = 3
UP = Family("keskidee_device_up", "gauge", "Whether the device answered its poller", digits=0)
SECONDS = Family("keskidee_device_poll_seconds", "gauge", "How long the last poll took", digits=3)
NOT_KEPT = tuple(
    f"{full(root)}."
    for root in (
        interfaces.TABLE,
        *[
            f"{interfaces.MORE}.{column}" for column in range(2, 20)
        ],  # the first is the name, by which sensors are called
        *neighbours.WALKS,
        *addresses.WALKS,
        *[root for root in bridge.WALKS if not root.startswith(full(bridge.TREE))],
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What came of one poll: readings to be reported, and the device as a whole where all of it was read."""

    readings: list[Reading]
    whole: DeviceReading | BoardReading | None = None
    is_up: bool = True


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What is kept of a device between polls. `told` are the samples of what it is, `parts` those of sensors."""

    known: Known
    answers: Answers
    counters: Counters
    moving: list[str]
    told: list[Sample]
    parts: list[Sample]
    uptime: Value | None
    until: float


class Watch:
    """A device that is polled. `open_engine` gives a new session; `ticks` is a clock that only goes on."""

    def __init__(
        self, open_engine: Callable[[], Awaitable[Engine]], *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._open = open_engine
        self._ticks = ticks
        self._engine: Engine | None = None
        self._seen: _Seen | None = None
        self._size = SIZES[0]

    async def poll(self, seconds: float) -> Poll:
        """One poll, of at most so many seconds where not all is to be read; the place where a device's failures end."""
        began = self._ticks()
        try:
            whole = self._seen is None or began >= self._seen.until
            async with asyncio.timeout(LONGEST_SECONDS if whole else seconds):
                readings, reading = await self._read(whole=whole)
        except (NoAnswer, TimeoutError) as error:
            return self._failed(TIMED_OUT, str(error) or "not done in time", began)
        except Refused as error:
            return self._failed(DENIED, str(error), began)
        except (Garbled, OSError) as error:
            return self._failed(FAILED, str(error), began)
        took = self._ticks() - began
        assert self._seen is not None
        outcome = Reading("snmp", OK, "", took, [UP(1), SECONDS(took), *self._seen.told])
        return Poll(readings=[outcome, *readings], whole=reading)

    def close(self) -> None:
        """Lets go of the session."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _failed(self, outcome: str, reason: str, began: float) -> Poll:
        self.close()  # the address of its name, or its clock, may be another now
        took = self._ticks() - began
        return Poll(readings=[Reading("snmp", outcome, reason, took, [UP(0), SECONDS(took)])], is_up=False)

    async def _read(self, *, whole: bool) -> tuple[list[Reading], DeviceReading | None]:
        engine = self._engine = self._engine or await self._open()
        if not whole and self._seen is not None:
            seen = self._seen
            values = await self._got(engine, [*seen.counters.oids, *seen.moving])
            if not _started_again(seen, values):
                if seen.counters.have_changed(values):
                    values |= await self._interfaces(engine, seen, values)
                return self._readings(seen, values), None
        self._size = SIZES[0]
        reading = await read_device(engine)
        self._seen = self._kept(reading)
        readings = self._readings(self._seen, dict(reading.answers.rows()))
        reading.answers.settle(NOT_KEPT)
        return readings, reading

    async def _interfaces(self, engine: Engine, seen: _Seen, values: dict[str, Value]) -> dict[str, Value]:
        """Reads the interfaces anew, names and all; their values."""
        answers = Answers()
        answers.add_scalars((oid, values[oid]) for oid in (system.UPTIME, system.INTERFACES) if oid in values)
        for root in interfaces.WALKS:
            answers.add_walk(root, (await walked(engine, root))[0])
        seen.counters = Counters(answers)
        found = dict(answers.rows())
        seen.counters.have_changed(values | found)
        return found

    def _kept(self, reading: DeviceReading) -> _Seen:
        answers = reading.answers
        moving = [intern(oid) for oid in answers.moving() if not oid.startswith(NOT_KEPT)]
        return _Seen(
            known=reading.known,
            answers=answers,
            counters=Counters(answers),
            moving=moving,
            told=[
                metrics.info(reading.identity),
                metrics.TROUBLES(len(reading.troubles)),
                *metrics.table_samples(reading.parts),
            ],
            parts=list(metrics.part_samples(reading.parts)),
            uptime=answers.scalar(system.UPTIME),
            until=self._ticks() + WHOLE_SECONDS,
        )

    def _readings(self, seen: _Seen, values: dict[str, Value]) -> list[Reading]:
        if seen.moving and seen.answers.renew(values):
            seen.parts = list(metrics.part_samples(parsed(seen.known, seen.answers, moving=True)))
        return [
            Reading("interfaces", OK, samples=seen.counters.samples(values)),
            Reading("sensors", OK, samples=seen.parts),
        ]

    async def _got(self, engine: Engine, oids: Sequence[str]) -> dict[str, Value]:
        """The values of full names. What stays unanswered is asked for again, and then in a smaller message."""
        values: dict[str, Value] = {}
        at = tries = 0
        while at < len(oids):
            asked = oids[at : at + self._size]
            try:
                found = await engine.get(asked)
            except (NoAnswer, Garbled, Refused):
                tries += 1
                if tries == TRIES:
                    raise
                if tries > 1:  # the first may have been lost on the way
                    self._ask_for_less()
                continue
            if not found and len(asked) > 1:  # gufo's form of tooBig; or the device has lost all of them
                self._ask_for_less()
                continue
            if not found and not at:
                raise Garbled("answers, but has none of what it had")
            values.update(found)
            at, tries = at + len(asked), 0
        return values

    def _ask_for_less(self) -> None:
        self._size = next((size for size in SIZES if size < self._size), 1)


def _started_again(seen: _Seen, values: dict[str, Value]) -> bool:
    before, seen.uptime = seen.uptime, values.get(system.UPTIME)
    return isinstance(before, int) and isinstance(seen.uptime, int) and seen.uptime < before
