"""One thread writes one file; what arrives in one turn of the loop, or while it commits, goes into one commit together.

A caller awaits `save` and goes on when its rows are durable. Many callers then share one fsync: under load a commit
holds some tens of reports, and a lone report waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import defaultdict
from itertools import groupby
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine, Executable

    Statement = tuple[Executable, dict[str, Any]]
    """A statement and one row of its parameters."""
    Job = Callable[[Connection], None]
    """Work of several statements that depend on each other; it has a commit of its own."""
    Entry = tuple[Sequence[Statement] | Job, asyncio.Future[None] | None]
    """What waits to be written, and who waits for it."""
    Told = tuple[asyncio.Future[None], Exception | None]

COMMIT_AT_MOST = 100
LINGER_SECONDS = 0.02
BUSY_SECONDS = 0.25
"""One report alone, when the last commit was so short a time ago, waits LINGER_SECONDS for company.

Nobody waits for an acknowledgement but a program that sleeps until its next report, and a commit shared by five costs
each a quarter of one alone. Where reports come fast, the loop has gathered some before they come here (loop.py).
"""

BAD_ROW = (IntegrityError, DataError)
"""What a row does to itself; anything else that a database raises says that it cannot be written to."""

logger = logging.getLogger(__name__)


class Writer:
    """The only writer of one database."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._turn: list[Entry] = []
        self._queue: SimpleQueue[list[Entry] | None] = SimpleQueue()
        self._handed = 0
        self._begun = 0
        self._written = threading.Event()
        self._rows_connection: Any = None
        self._compiled: dict[Executable, tuple[str, list[str]]] = {}
        self._thread = threading.Thread(target=self._run, name=f"{name} writer", daemon=True)
        self._thread.start()
        self.commits = 0
        self.failures = 0
        self.failing = False

    async def save(self, work: Sequence[Statement] | Job) -> None:
        """Durable when it returns. Raises what the database raised; then nothing of `work` is stored."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if not self._turn:
            loop.call_soon(self._hand_over)
        self._turn.append((work, future))
        await future

    def post(self, work: Sequence[Statement]) -> None:
        """Durable with one of the next commits; nobody waits for it. From any thread."""
        self._queue.put([(work, None)])

    def waiting(self) -> int:
        """Callers whose rows are not yet in a commit."""
        return len(self._turn) + self._handed - self._begun

    def wait_written(self, seconds: float) -> bool:
        """Blocks until everything handed over is durable and its callers are told, or for so long."""
        return self._written.wait(seconds)

    def close(self) -> None:
        """Commits what is queued and ends the thread."""
        self._hand_over()
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _hand_over(self) -> None:
        """Everything of this turn of the loop at once: the thread is woken once, and does not commit half of it."""
        if self._turn:
            self._handed += len(self._turn)
            self._written.clear()
            self._queue.put(self._turn)
            self._turn = []

    def _run(self) -> None:
        committed_at = 0.0
        while (batch := self._queue.get()) is not None:
            if len(batch) == 1 and time.monotonic() - committed_at < BUSY_SECONDS:
                time.sleep(LINGER_SECONDS)
            closing = False
            while len(batch) < COMMIT_AT_MOST and not self._queue.empty() and not closing:
                more = self._queue.get()
                closing = more is None
                batch += more or []
            self._write(batch)
            committed_at = time.monotonic()
            if self._queue.empty():
                self._written.set()
            if closing:
                break
        if self._rows_connection is not None:
            self._rows_connection.close()

    def _write(self, batch: list[Entry]) -> None:
        for is_job, group in groupby(batch, key=lambda entry: callable(entry[0])):
            for entries in [[job] for job in group] if is_job else [list(group)]:
                told: list[Told] = []
                self._begun += sum([future is not None for _, future in entries])
                self._commit(entries, told)
                _tell(told)

    def _commit(self, batch: list[Entry], told: list[Told]) -> None:
        try:
            self._execute([work for work, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it was, the callers must hear of it
            if len(batch) > 1:  # one bad row must not lose its neighbours' reports
                for entry in batch:
                    self._commit([entry], told)
                return
            self._failed(error)
            told += [(future, error) for _, future in batch if future is not None]
            return
        told += [(future, None) for _, future in batch if future is not None]

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        is_disk = isinstance(error, DatabaseError) and not isinstance(error, BAD_ROW)
        if not (is_disk and self.failing):  # a full disk is told once, not for each report that it cannot take
            logger.error("commit failed error=%s", getattr(error, "orig", error))
        self.failing = self.failing or is_disk

    def _execute(self, batch: list[Sequence[Statement] | Job]) -> None:
        if callable(batch[0]):
            with self._engine.begin() as connection:
                batch[0](connection)
        else:
            self._execute_rows([statement for work in batch if not callable(work) for statement in work])
        self.failing = False
        self.commits += 1

    def _execute_rows(self, statements: list[Statement]) -> None:
        """Rows of the same statement in one call; the order of different statements is that of their first row.

        The driver is called directly: through SQLAlchemy a commit costs eight times as much CPU. Errors are
        translated, so that callers see one kind.
        """
        rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for statement, row in statements:
            sql, names = self._sql(statement)
            rows[sql].append(tuple([row[name] for name in names]))
        connection = self._rows_connection = self._rows_connection or self._engine.raw_connection()
        try:
            for sql, values in rows.items():
                connection.cursor().executemany(sql, values)
            connection.commit()
        except sqlite3.Error as error:
            connection.rollback()
            raise _translated(error) from error

    def _sql(self, statement: Executable) -> tuple[str, list[str]]:
        """The text of a statement and its parameters in order. Statements are constants of the stores, so they stay."""
        known = self._compiled.get(statement)
        if known is None:
            compiled = statement.compile(dialect=self._engine.dialect)  # type: ignore[attr-defined]  # every Executable
            known = self._compiled[statement] = (str(compiled), list(compiled.positiontup))
        return known


def _translated(error: sqlite3.Error) -> DatabaseError:
    kinds: dict[type[Exception], type[DatabaseError]] = {
        sqlite3.IntegrityError: IntegrityError,
        sqlite3.DataError: DataError,
    }
    return kinds.get(type(error), OperationalError)("commit", None, error)


def _tell(told: list[Told]) -> None:
    """Wakes each loop once for all of its callers."""
    for loop, group in groupby(told, key=lambda each: each[0].get_loop()):
        try:
            loop.call_soon_threadsafe(_settle, list(group))
        except RuntimeError:  # the loop was closed while its last rows were written: nobody is waiting
            logger.info("commit after the end of its caller")


def _settle(told: list[Told]) -> None:
    for future, error in told:
        if not future.done():
            future.set_result(None) if error is None else future.set_exception(error)
