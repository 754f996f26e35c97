"""A collector under attack: what it counted, logged and stored meanwhile, and how a bystander's reports fared."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Self

from tests.collector.served import Line, Served, difference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.collector.served import Agent

Rows = dict[str, list[tuple[object, ...]]]
PATIENCE_SECONDS = 30.0
OF_THE_LOG = ("report refused", "enrolment refused", "address refused")
"""All that a collector may log of whoever attacks it."""
OF_THE_CLOCK = frozenset({"assets", "machine_days", "sqlite_sequence"})
"""Tables that are written as time goes on, whoever asks: assets follow the machines that are there each 15 s, and what
anybody else does to one is a row of `changes` or `items` too.
"""


class House:
    """A collector that others reach, with two machines: `agent`, whose owner attacks, and `bystander`."""

    def __init__(self, collector: Served) -> None:
        self.collector = collector
        self.agent = collector.enrol("attacker")
        self.bystander = collector.enrol("bystander")
        self._bystanders = collector.line()
        self.ask_bystander()
        self.begin()

    def begin(self) -> None:
        """What follows is the attack."""
        self._counts = self.collector.counts()
        self._stored = self.stored()
        self._log = len(self.collector.log)

    def ask_bystander(self) -> None:
        """The bystander goes on as before, on the connection that it has."""
        self._bystanders.send(self.bystander.request(self.bystander.body()))
        assert self._bystanders.answer().status == 200

    def stored(self) -> Rows:
        """Every row of both databases that the bystander has no part in."""
        return {
            name: rows
            for path in ("register.db", "reports.db")
            for name, rows in _tables(self.collector.data / path, self.bystander.id).items()
        }

    def kept(self) -> Rows:
        """The rows that came since the beginning, or are different now."""
        before, now = self._stored, self.stored()
        found = {name: [row for row in rows if row not in before.get(name, [])] for name, rows in now.items()}
        return {name: rows for name, rows in found.items() if rows}

    def counted(self, is_right: Callable[[dict[str, float]], bool], *, stored: int = 0) -> dict[str, float]:
        """What was counted since the beginning, once it is right or cannot be any more.

        What ends without an answer is counted a moment later. `stored` reports of the bystander are left out.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            counted = difference(self._counts, self.collector.counts())
            counted["stored"] = counted.get("stored", 0) - stored
            counted = {reason: count for reason, count in counted.items() if count}
            if is_right(counted) or time.monotonic() > until:
                return counted
            time.sleep(0.05)

    def logged(self) -> list[str]:
        """Lines of the log that should not be there."""
        lines = self.collector.log[self._log :].splitlines()
        return [line for line in lines if not any(words in line for words in OF_THE_LOG)]

    def path(self, route: str) -> str:
        """Where machines enrol, or where the attacker renews its credential."""
        return "/v1/enrol" if route == "enrol" else f"/v1/machines/{self.agent.id}/credential"

    def line(self) -> Line:
        return self.collector.line()

    def said(self, request: bytes, *, tls: bool = True) -> int:
        """The status of the answer to these bytes; 0 where the connection ends without one."""
        line = self.line() if tls else Line(self.collector.port)
        try:
            line.send(request)
            return line.answer().status
        except (EOFError, OSError):
            return 0
        finally:
            line.close()

    def said_once(self, request: bytes) -> int:
        """The same, where the connection must end after the one answer: whatever stood behind it is not read."""
        line = self.line()
        try:
            line.send(request)
            status = line.answer().status
            assert line.is_closed()
        except (EOFError, OSError):
            return 0
        finally:
            line.close()
        return status


def _tables(path: Path, machine_id: str) -> Rows:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = [str(name) for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [row for row in database.execute(f"SELECT * FROM {name}") if machine_id not in row]
            for name in sorted(set(names) - OF_THE_CLOCK)
        }


class Bystander:
    """Reports of another machine, one after the other on one connection, in a thread, while the block runs.

    `seconds` of each, from request to answer; `failures` are those that were not answered 200.
    """

    def __init__(self, collector: Served, agent: Agent, *, at_least: int, pause_seconds: float) -> None:
        self.seconds: list[float] = []
        self.failures: list[object] = []
        self._collector = collector
        self._agent = agent
        self._at_least = at_least
        self._pause_seconds = pause_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._report)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def quantile(self, share: float) -> float:
        """So long or shorter took this share of the reports."""
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]

    def _report(self) -> None:
        line = self._collector.line()
        while not self.failures and not (self._over.is_set() and len(self.seconds) >= self._at_least):
            request, began = self._agent.request(self._agent.body()), time.perf_counter()
            try:
                line.send(request)
                answer = line.answer()
            except (OSError, EOFError) as error:  # an answer that takes longer than an agent waits is one too
                self.failures.append(error)
                break
            self.seconds.append(time.perf_counter() - began)
            if answer.status != 200:
                self.failures.append(answer)
            time.sleep(self._pause_seconds)
        line.close()
