"""One round of readings: every source once, each with an outcome, and none able to hold up the others.

All sources run in one worker thread while the caller waits. A source that passes its deadline costs itself only: its
worker is given up, the rest goes on in a fresh one, and the source is `timed_out` until the lost thread comes back.
The four-way outcome is decided here and nowhere else. The resident imports this module: nothing heavy.
"""

from __future__ import annotations

import _thread
import os
import sys
import time
from importlib import import_module

from keskidee_agent import sources as packaged
from keskidee_report.model import (
    ABSENT,
    DENIED,
    FAILED,
    OK,
    TIMED_OUT,
    Denied,
    Malformed,
    NotHere,
    Reading,
    TimedOut,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    from keskidee_agent.machine import Machine
    from keskidee_report.model import Sample

    class SourceModule(Protocol):
        """What a module in the sources folder gives."""

        def read(self, machine: Machine, /) -> Iterator[Sample]: ...


DEADLINE_SECONDS = 5.0
"""How long a source may take before it is given up; a module may say otherwise in DEADLINE_SECONDS."""
QUOTED_REASON = 200


class Source:
    """A source as found: its name, how to read it, on which platforms, how often, and which right it needs."""

    __slots__ = (
        "bug",
        "deadline_seconds",
        "every_seconds",
        "grant",
        "last",
        "last_at",
        "name",
        "opt_in",
        "platforms",
        "read",
        "right",
    )

    def __init__(self, name: str, module: SourceModule, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self.name = name
        self.read = module.read
        self.platforms: tuple[str, ...] = getattr(module, "PLATFORMS", ())
        self.opt_in: bool = getattr(module, "OPT_IN", False)
        self.every_seconds: float = getattr(module, "EVERY_SECONDS", 0)
        self.deadline_seconds: float = getattr(module, "DEADLINE_SECONDS", deadline_seconds)
        self.right: str = getattr(module, "RIGHT", "")  # what it needs beyond any user's rights, and how to give it
        self.grant: str = getattr(module, "GRANT", "")
        self.last: Reading | None = None
        self.last_at = 0.0
        self.bug = ""


def found_sources(*, deadline_seconds: float = DEADLINE_SECONDS) -> list[Source]:
    """Every module of the sources package, by name. No list is kept: a new file is a new source."""
    names = set()
    for folder in packaged.__path__:
        try:
            files = os.listdir(folder)
        except OSError:  # packed into a zip file
            import pkgutil  # 2.5 MiB, so not otherwise

            files = [module.name + ".py" for module in pkgutil.iter_modules([folder])]
        names |= {file.partition(".")[0] for file in files if file.endswith((".py", ".pyc")) and file[0] not in "_."}
    # what people write into text files comes last: a family of that name is then still the source's that it belongs to
    in_order = sorted(names, key=lambda name: (name == "textfile", name))
    modules = [(name, import_module(f"{packaged.__name__}.{name}")) for name in in_order]
    return [Source(name, module, deadline_seconds=deadline_seconds) for name, module in modules]


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
        found = list(found_sources() if sources is None else sources)
        unwanted = set(disabled)
        if enabled is not None:
            unwanted |= {source.name for source in found if source.opt_in}.difference(enabled)
        self.sources = [source for source in found if source.name not in unwanted]
        self._warn = warn or _to_stderr
        self._clock = clock
        self._worker: _Worker | None = None
        self._lost: dict[str, _Worker] = {}
        self._outcomes: dict[str, str] = {}

    def round(self) -> list[Reading]:
        """One reading a source, in the order of their names. Samples belong to the round: do not change them.

        A source that is not due again gives its last reading; one made for another platform is absent.
        """
        now = self._clock()
        self._forget_returned()
        self.machine.begin_round(sweep=not self._lost)
        readings: dict[str, Reading] = {}
        due = []
        for source in self.sources:
            if source.platforms and self.machine.platform not in source.platforms:
                readings[source.name] = Reading(source.name, ABSENT, f"not on {self.machine.platform}")
            elif source.name in self._lost:
                readings[source.name] = _late(source)
            elif source.last is not None and now - source.last_at < source.every_seconds:
                readings[source.name] = source.last
            else:
                due.append(source)
        self._run(due, readings)
        for source in due:
            reading = readings[source.name]
            if source.every_seconds and reading.outcome not in (FAILED, TIMED_OUT):
                source.last, source.last_at = reading, now
            if self._outcomes.get(source.name, OK) != reading.outcome:
                self._tell(reading)
        return [readings[source.name] for source in self.sources]

    def _run(self, due: list[Source], readings: dict[str, Reading]) -> None:
        """Reads the due sources in a worker; in a further one past each source that hangs."""
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
    samples: list[Sample] = []
    try:
        samples.extend(source.read(machine))
    except NotHere as error:
        return Reading(source.name, ABSENT, str(error), samples=samples)
    except Denied as error:
        return Reading(source.name, DENIED, str(error), samples=samples)
    except TimedOut as error:
        return Reading(source.name, TIMED_OUT, str(error), samples=samples)
    except Malformed as error:
        return Reading(source.name, FAILED, f"malformed: {error}"[:QUOTED_REASON])
    except OSError as error:
        return Reading(source.name, FAILED, str(error)[:QUOTED_REASON])
    except Exception as error:  # noqa: BLE001 - a bug in one source must not cost the others
        reason = f"{type(error).__name__}: {error}"[:QUOTED_REASON]
        if source.bug != reason:  # once, not every round
            import traceback

            traceback.print_exc()
            source.bug = reason
        return Reading(source.name, FAILED, reason)
    if not samples:
        return Reading(source.name, ABSENT, "nothing to read")
    return Reading(source.name, OK, samples=samples)


def _late(source: Source) -> Reading:
    reason = f"no answer within {source.deadline_seconds:g} s"
    return Reading(source.name, TIMED_OUT, reason, source.deadline_seconds)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
