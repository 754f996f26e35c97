"""One round of the inventory: every source found, read with a deadline, and what became of each.

Short-lived, so comfort is allowed; the resident agent imports nothing of this package.
"""

from __future__ import annotations

import threading
import time
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import NamedTuple

from keskidee_agent.gather.source import names_in
from keskidee_agent.host.machine import DARWIN, WINDOWS
from keskidee_agent.inventory import sources as packaged
from keskidee_report.items import Item, unique
from keskidee_report.model import ABSENT, DENIED, FAILED, OK, TIMED_OUT, Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from keskidee_agent.host.machine import Machine

    class SourceModule(Protocol):
        """What a module in the sources folder gives."""

        def read(self, machine: Machine, /) -> Iterable[Item]: ...


DEADLINE_SECONDS = 30.0
"""How long a source may take; a module may say otherwise in DEADLINE_SECONDS."""
LONGEST_REASON = 200
BEGINNINGS = {"windows": WINDOWS, "mac": DARWIN}
_OUTCOMES = {NotHere: ABSENT, Denied: DENIED, TimedOut: TIMED_OUT}


class Source(NamedTuple):
    """A source as found. `kinds` are those of its items: where it is not ok, what is missing of them is not gone.

    `moving` are fields that change while nothing happened (a disk's hours): they are no change worth telling.
    """

    name: str
    module: SourceModule
    kinds: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    deadline_seconds: float = DEADLINE_SECONDS


class Found(NamedTuple):
    """What one source gave. `outcome` is one of model.OUTCOMES; `reason` says why it is not ok."""

    source: Source
    outcome: str
    reason: str = ""
    seconds: float = 0.0
    items: tuple[Item, ...] = ()


def found_sources(platform: str = "") -> list[Source]:
    """Every module of the sources folder, by name. No list is kept: a new file is a new source.

    For a `platform` those of another, by the beginning of their names (`windows_disk`, `mac`), are not even loaded.
    """
    others = tuple(begin for begin, own in BEGINNINGS.items() if platform not in ("", own))
    names = [name for name in sorted(names_in(packaged)) if not name.startswith(others)]
    return [source_of(name, import_module(f"{packaged.__name__}.{name}")) for name in names]


def source_of(name: str, module: SourceModule) -> Source:
    """A module as a source, with what its constants say."""
    return Source(
        name=name,
        module=module,
        kinds=getattr(module, "KINDS", ()),
        platforms=getattr(module, "PLATFORMS", ()),
        moving=getattr(module, "MOVING", ()),
        deadline_seconds=getattr(module, "DEADLINE_SECONDS", DEADLINE_SECONDS),
    )


def gathered(machine: Machine, sources: Sequence[Source] | None = None) -> list[Found]:
    """One result a source, in their order. A source that hangs costs itself: its thread is left behind."""
    results = []
    worker = Worker(machine)
    for source in found_sources(machine.platform) if sources is None else sources:
        if source.platforms and machine.platform not in source.platforms:
            results.append(Found(source=source, outcome=ABSENT, reason=f"not on {machine.platform}"))
            continue
        try:
            results.append(worker.read(source))
        except Empty:
            seconds, worker = source.deadline_seconds, Worker(machine)
            reason = f"no answer within {seconds:g} s"
            results.append(Found(source=source, outcome=TIMED_OUT, reason=reason, seconds=seconds))
    worker.end()
    return results


class Worker:
    """A thread that reads one source after the other; a thread each would cost as much as some of them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._asked: SimpleQueue[Source | None] = SimpleQueue()
        self._told: SimpleQueue[Found] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def read(self, source: Source) -> Found:
        """The source's result. Raises Empty where it does not come within the source's deadline: it is to be left."""
        self._asked.put(source)
        return self._told.get(timeout=source.deadline_seconds)

    def end(self) -> None:
        """No more will be asked."""
        self._asked.put(None)

    def _run(self) -> None:
        while (source := self._asked.get()) is not None:
            self._told.put(read(source, self._machine))


def by_kind(results: Iterable[Found]) -> dict[str, list[Item]]:
    """The items of all sources: kinds by name, each with its items in order, every key once."""
    kinds: dict[str, list[Item]] = {}
    for each in unique(_told_once(results)):
        kinds.setdefault(each.kind, []).append(each)
    return dict(sorted(kinds.items()))


def _told_once(results: Iterable[Found]) -> list[Item]:
    """All items. A disk that two sources tell of, as smartctl and system_profiler do on a Mac, is one, by its serial
    number: with the second's key, which is the system's name, and the fields of both, the first's before the second's.
    """
    items: list[Item] = []
    told: dict[str, int] = {}
    for found in results:
        now: dict[str, int] = {}
        for each in found.items:
            serial = str(each.fields.get("serial", "")).casefold() if each.kind == "disk" else ""
            if serial in told:
                at = told[serial]
                items[at] = Item(each.kind, each.key, {**each.fields, **items[at].fields})
                continue
            if serial:
                now[serial] = len(items)
            items.append(each)
        told |= now
    return items


def read(source: Source, machine: Machine) -> Found:
    """One source's result: the place where every failure of a source becomes an outcome and a reason.

    Items that came before a failure stand; the outcome says that more may be there.
    """
    items: list[Item] = []
    started = time.monotonic()
    try:
        for each in source.module.read(machine):
            items.append(each)  # noqa: PERF402 - what came before an error is kept
        outcome, reason = (OK, "") if items else (ABSENT, "nothing to read")
    except (NotHere, Denied, TimedOut) as error:
        outcome, reason = _OUTCOMES[type(error)], str(error)
    except Malformed as error:
        outcome, reason = FAILED, f"malformed: {error}"
    except OSError as error:
        outcome, reason = FAILED, str(error)
    except Exception as error:  # noqa: BLE001 - a bug in one source must not cost the others
        import traceback

        traceback.print_exc()
        outcome, reason = FAILED, f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    return Found(source=source, outcome=outcome, reason=reason[:LONGEST_REASON], seconds=seconds, items=tuple(items))
