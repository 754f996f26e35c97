"""One round of readings: every source once, each with an outcome, and none able to hold up the others.

Sources that may wait for something run in one worker thread while the caller waits. One that passes its deadline costs
itself only: its worker is given up, the rest goes on in a fresh one, and the source is `timed_out` until the lost
thread comes back. Those that only ask the kernel for its counts (PROMPT) are read without a thread.
The four-way outcome is decided here and nowhere else. The resident imports this module: nothing heavy.
"""

from __future__ import annotations

import _thread
import sys
import time

from keskidee_agent.gather.source import DEADLINE_SECONDS, Source, found_sources
from keskidee_report.model import (
    ABSENT,
    DENIED,
    FAILED,
    OK,
    TIMED_OUT,
    Columns,
    Denied,
    Malformed,
    NotHere,
    Reading,
    TimedOut,
)
from keskidee_report.rules import LABELS_AT_MOST, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Family, Samples

__all__ = ["DEADLINE_SECONDS", "Gatherer", "Source", "found_sources", "read"]

QUOTED_REASON = 200
LOOK_ROUNDS = 4
"""What is absent is looked for in every fourth round, each source in a round of its own turn: a machine has a dozen
folders that are there and empty, and to list them all costs more than to read the network's counts."""
NOT_YET = Reading("", ABSENT)
_known_labels: set[str] = set()
_OUTCOMES: dict[type[Exception], str] = {NotHere: ABSENT, Denied: DENIED, TimedOut: TIMED_OUT}


class Gatherer:
    """Reads a machine round by round. One thread at a time may call `round`.

    `disabled` names sources that are not read at all, `enabled` those that are read only on request (OPT_IN); None
    reads these too. `warn` gets one line when the state of a source changes.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        sources: Iterable[Source] | None = None,
        disabled: Iterable[str] = (),
        enabled: Iterable[str] | None = None,
        warn: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.machine = machine
        if sources is None:
            sources = found_sources(disabled=disabled, enabled=enabled)
        unwanted = set(disabled)
        if enabled is not None:
            sources = list(sources)
            unwanted |= {source.name for source in sources if source.opt_in}.difference(enabled)
        self.sources = [source for source in sources if source.name not in unwanted]
        for source in self.sources:
            if source.platforms and machine.platform not in source.platforms:
                source.absent, source.needs = Reading(source.name, ABSENT, f"not on {machine.platform}"), ()
                source.unload()
            source.prompt = source.prompt and machine.kernel_answers
        self._warn = warn or _to_stderr
        self._clock = clock
        self._worker: _Worker | None = None
        self._lost: dict[str, _Worker] = {}
        self._outcomes: dict[str, str] = {}
        self._turn = 0

    def round(self) -> list[Reading]:
        """One reading a source, in the order of their names. Samples belong to the round: do not change them.

        A source that is not due again gives its last reading; one made for another platform is absent.
        """
        now = self._clock()
        if self._lost:
            self._forget_returned()
        self.machine.begin_round(sweep=not self._lost)
        readings: dict[str, Reading] = {}  # in the order of the sources
        waiting = []
        self._turn = (self._turn + 1) % LOOK_ROUNDS
        for position, source in enumerate(self.sources):
            if source.absent is not None and not (position % LOOK_ROUNDS == self._turn and self._has_come(source)):
                readings[source.name] = source.absent
            elif source.name in self._lost:
                readings[source.name] = _late(source)
            elif source.last is not None and (
                now - source.last_at < source.every_seconds or source.stands(self.machine)
            ):
                readings[source.name] = source.last
            elif source.prompt:
                began = time.monotonic()
                readings[source.name] = reading = read(source, self.machine)
                reading.seconds = time.monotonic() - began
                self._note(source, reading, now)
            else:
                readings[source.name] = NOT_YET
                waiting.append(source)
        if waiting:
            self._run(waiting, readings)
            for source in waiting:
                self._note(source, readings[source.name], now)
        return list(readings.values())

    def _note(self, source: Source, reading: Reading, now: float) -> None:
        """What this reading means for the next rounds, and for who listens."""
        if (source.every_seconds or source.asked) and reading.outcome not in (FAILED, TIMED_OUT):
            source.last, source.last_at = reading, now
        if reading.outcome == ABSENT and not reading.samples and source.needs:
            self._rest(source, reading)
        if self._outcomes.get(source.name, OK) != reading.outcome:
            self._tell(reading)

    def _run(self, due: list[Source], readings: dict[str, Reading]) -> None:
        """Reads sources that may hang in a worker, and in a further one past each that does."""
        while due:
            worker = self._worker or _Worker(self.machine)
            self._worker = None
            hung = worker.work(due)
            for reading in worker.readings:
                readings[reading.source] = reading
            if hung is None:
                self._worker = worker
                return
            self._lost[hung.name] = worker
            readings[hung.name] = _late(hung)
            due = due[len(worker.readings) + 1 :]

    def _rest(self, source: Source, reading: Reading) -> None:
        """What this machine has not got is not read again before one of its names is there."""
        if not any(map(self.machine.present, source.needs)):
            source.absent = reading
            self.machine.forget(source.name)
            source.unload()

    def _has_come(self, source: Source) -> bool:
        if any(map(self.machine.present, source.needs)):
            source.absent = source.last = None
        return source.absent is None

    def _forget_returned(self) -> None:
        for name in [name for name, worker in self._lost.items() if worker.returned]:
            del self._lost[name]

    def _tell(self, reading: Reading) -> None:
        before = self._outcomes.get(reading.source, OK)
        self._outcomes[reading.source] = reading.outcome
        if reading.outcome in (DENIED, FAILED, TIMED_OUT):
            self._warn(f"source={reading.source} outcome={reading.outcome} reason={reading.reason!r}")
        elif before in (DENIED, FAILED, TIMED_OUT):
            self._warn(f"source={reading.source} outcome={reading.outcome} before={before}")


class _Worker:
    """A thread that reads sources one after the other and says which one it is at."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.readings: list[Reading] = []
        self.returned = False
        self._due: list[Source] = []
        self._at = 0
        self._since = 0.0
        self._given_up = False
        self._go = _thread.allocate_lock()
        self._done = _thread.allocate_lock()
        self._switch = _thread.allocate_lock()
        self._go.acquire()
        self._done.acquire()
        _thread.start_new_thread(self._loop, ())

    def work(self, due: list[Source]) -> Source | None:
        """Reads them all into `readings`; or gives this worker up and returns the source it hangs in."""
        self._due, self.readings, self._at, self._since = due, [], 0, time.monotonic()
        self._go.release()
        patience = shortest = min([source.deadline_seconds for source in due])
        while not self._done.acquire(timeout=patience):
            with self._switch:
                at, source = self._at, due[min(self._at, len(due) - 1)]
                patience = source.deadline_seconds - (time.monotonic() - self._since)
                if at < len(due) and patience <= 0:
                    self._given_up = True
                    return source
            patience = max(min(patience, shortest), 0.01)
        return None

    def _loop(self) -> None:
        while True:
            self._go.acquire()
            for source in self._due:
                started = self._since
                reading = read(source, self.machine)
                with self._switch:
                    if self._given_up:
                        self.returned = True
                        return
                    self._since = time.monotonic()
                    self._at += 1
                    reading.seconds = self._since - started
                    self.readings.append(reading)
            self._done.release()


def read(source: Source, machine: Machine) -> Reading:
    """One source's result: the place where every failure of a source becomes an outcome and a reason.

    What is absent, denied or late keeps the samples that came before; what is malformed or a bug of ours keeps none.
    """
    samples: Samples = []
    try:
        found = source.read(machine)
        if isinstance(found, (list, Columns)):  # it is not changed any more
            samples = found
        else:
            samples = []
            samples.extend(found)
    except (NotHere, Denied, TimedOut) as error:
        return _reading(source, samples, _OUTCOMES[type(error)], str(error))
    except Malformed as error:
        return _reading(source, [], FAILED, f"malformed: {error}"[:QUOTED_REASON])
    except OSError as error:
        return _reading(source, [], FAILED, str(error)[:QUOTED_REASON])
    except Exception as error:  # noqa: BLE001 - a bug in one source must not cost the others
        reason = f"{type(error).__name__}: {error}"[:QUOTED_REASON]
        if source.bug != reason:  # once, not every round
            import traceback

            traceback.print_exc()
            source.bug = reason
        return _reading(source, [], FAILED, reason)
    if not samples:
        return _reading(source, samples, ABSENT, "nothing to read")
    return _reading(source, samples, OK, "")


def _reading(source: Source, samples: Samples, outcome: str, reason: str) -> Reading:
    if samples == source.samples:  # the very same list tells the encoder so
        samples = source.samples
    elif len(samples) != len(source.samples):  # there are new names
        fault = unfit(samples)
        if fault:
            outcome, reason, samples = FAILED, f"malformed: {fault}"[:QUOTED_REASON], []
    source.samples = samples
    return Reading(source.name, outcome, reason, samples=samples)


def unfit(samples: Iterable[tuple[Family, dict[str, str], object]]) -> str:
    """What no collector would take, so that it costs its source and not the whole report; empty where all is well.

    NaN and numbers below zero are taken, as node_exporter gives them, even for a counter.
    """
    for family, labels, value in samples:
        if not _known_labels.issuperset(labels):
            if len(labels) > LABELS_AT_MOST or not all(map(is_name, labels)):
                return f"illegal labels of {family.name}: {list(labels)!r}"
            _known_labels.update(labels)
        if not isinstance(value, (int, float)):
            return f"{family.name} is no number: {value!r}"
    return ""


def _late(source: Source) -> Reading:
    reason = f"no answer within {source.deadline_seconds:g} s"
    return Reading(source.name, TIMED_OUT, reason, source.deadline_seconds)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
