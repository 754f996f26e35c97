"""One thread writes one file; what arrives while it commits goes into the next commit together.

A caller awaits `save` and goes on when its rows are durable. Many callers then share one fsync: under load a commit
holds some tens of reports, and a lone report waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine, Executable

    Statement = tuple[Executable, dict[str, Any]]
    """A statement and one row of its parameters."""

COMMIT_AT_MOST = 100
LINGER_SECONDS = 0.005
BUSY_SECONDS = 0.05
"""A commit that follows the one before within this time waits LINGER_SECONDS for company; a lone report never does."""

logger = logging.getLogger(__name__)


class Writer:
    """The only writer of one database."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._queue: SimpleQueue[tuple[Sequence[Statement], Callable[[Exception | None], None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"{name} writer", daemon=True)
        self._thread.start()
        self.commits = 0
        self.rows = 0
        self.failures = 0
        self.failing = False

    async def save(self, statements: Sequence[Statement]) -> None:
        """Durable when it returns. Raises what the database raised; then none of `statements` is stored."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle(error: Exception | None) -> None:
            if not future.done():
                future.set_result(None) if error is None else future.set_exception(error)

        self._queue.put((statements, lambda error: _tell(loop, settle, error)))
        await future

    def waiting(self) -> int:
        """Callers whose rows are not yet in a commit."""
        return self._queue.qsize()

    def close(self) -> None:
        """Commits what is queued and ends the thread."""
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def _run(self) -> None:
        closing = False
        committed_at = 0.0
        while not closing:
            batch = [self._queue.get()]
            if time.monotonic() - committed_at < BUSY_SECONDS:
                time.sleep(LINGER_SECONDS)
            while len(batch) < COMMIT_AT_MOST and not self._queue.empty():
                batch.append(self._queue.get())
            closing = None in batch
            self._commit([entry for entry in batch if entry is not None])
            committed_at = time.monotonic()

    def _commit(self, batch: list[tuple[Sequence[Statement], Callable[[Exception | None], None]]]) -> None:
        if not batch:
            return
        try:
            self._execute([statement for statements, _ in batch for statement in statements])
        except Exception as error:  # noqa: BLE001 - whatever it was, the callers must hear of it
            if len(batch) > 1:  # one bad row must not lose its neighbours' reports
                for entry in batch:
                    self._commit([entry])
                return
            self.failures += 1
            self.failing = True
            logger.error("commit failed error=%s", error)
            batch[0][1](error)
            return
        for _, done in batch:
            done(None)

    def _execute(self, statements: list[Statement]) -> None:
        """Rows of the same statement in one call; the order of different statements is that of their first row."""
        rows: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        by_id: dict[int, Executable] = {}
        for statement, row in statements:
            by_id[id(statement)] = statement
            rows[id(statement)].append(row)
        with self._engine.begin() as connection:
            for key, statement in by_id.items():
                connection.execute(statement, rows[key])
        self.failing = False
        self.commits += 1
        self.rows += len(statements)


def _tell(loop: asyncio.AbstractEventLoop, settle: Callable[[Exception | None], None], error: Exception | None) -> None:
    try:
        loop.call_soon_threadsafe(settle, error)
    except RuntimeError:  # the loop was closed while its last rows were written: nobody is waiting
        logger.info("commit after the end of its caller")
