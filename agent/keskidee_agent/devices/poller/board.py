"""One server board from poll to poll, asked by Redfish: each resource as often as it moves (redfish/tree.py).

A board is asked in a thread, for requests wait. The loop asks AT_ONCE devices at once; as many threads are enough, also
where one goes on over a poll that nobody waits for any more.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.poller.loop import AT_ONCE
from keskidee_agent.devices.poller.watch import SECONDS, UP, WHOLE_SECONDS, Poll
from keskidee_agent.devices.redfish.metrics import part_samples, told_samples
from keskidee_agent.devices.redfish.read import Reader
from keskidee_agent.devices.redfish.service import Service
from keskidee_agent.devices.secrets import WrongSecret
from keskidee_report.model import DENIED, FAILED, OK, TIMED_OUT, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.devices.redfish.board import Board
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_report.items import Item

SOURCE = "redfish"
THREADS = threading.BoundedSemaphore(AT_ONCE)
PAUSE_SECONDS, PAUSE_SECONDS_AT_MOST = 300.0, 3600.0
"""A board that refused the password is not asked at once again: after a few it locks the user out."""
_LEAVING: set[threading.Thread] = set()

Result = TypeVar("Result")


class BoardWatch:
    """A board that is polled. `ticks` is a clock that only goes on."""

    def __init__(self, board: Board, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._board = board
        self._ticks = ticks
        self._reader: Reader | None = None
        self._reading = threading.Lock()
        self._told: list[Item] | None = None
        self._whole_at = float("-inf")
        self._refusal = ""
        self._pause_seconds, self._paused_until = 0.0, float("-inf")

    async def poll(self, _seconds: float) -> Poll:
        """One poll; the place where a board's failures end. It bounds itself (redfish/read.py)."""
        began = self._ticks()
        if began < self._paused_until:
            return self._failed(DENIED, self._refusal, began)
        try:
            reading = await in_thread(lambda: self._read(anew=began >= self._whole_at + WHOLE_SECONDS))
        except NoAnswer as error:
            return self._failed(TIMED_OUT, str(error), began)
        except Refused as error:
            self._pause_seconds = min(2 * self._pause_seconds or PAUSE_SECONDS, PAUSE_SECONDS_AT_MOST)
            self._paused_until, self._refusal = self._ticks() + self._pause_seconds, str(error)
            return self._failed(DENIED, str(error), began)
        except (Garbled, WrongSecret, OSError) as error:
            return self._failed(FAILED, str(error), began)
        self._pause_seconds = 0.0
        return self._took(reading, began)

    def close(self) -> None:
        """Signs out, once what goes on has ended, without waiting for it."""
        thread = threading.Thread(target=self._leave, name="board", daemon=True)
        _LEAVING.add(thread)
        thread.start()

    def _took(self, reading: BoardReading, began: float) -> Poll:
        took = self._ticks() - began
        is_due = began >= self._whole_at + WHOLE_SECONDS
        is_whole = (is_due or reading.found.items != self._told) and (bool(reading.found.told) or self._told is None)
        if is_due:
            self._whole_at = began
        if is_whole:
            self._told = reading.found.items
        answer = Reading(SOURCE, OK, "", took, [UP(1), SECONDS(took), *told_samples(reading)])
        sensors = Reading("sensors", OK, samples=list(part_samples(reading.found)))
        return Poll(readings=[answer, sensors], whole=reading if is_whole else None)

    def _failed(self, outcome: str, reason: str, began: float) -> Poll:
        took = self._ticks() - began
        return Poll(readings=[Reading(SOURCE, outcome, reason, took, [UP(0), SECONDS(took)])], is_up=False)

    def _read(self, *, anew: bool) -> BoardReading:
        with self._reading, THREADS:
            if self._reader is None:
                self._reader = Reader(Service(self._board), ticks=self._ticks)
            return self._reader.read(all_anew=anew)

    def _leave(self) -> None:
        try:
            with self._reading:
                if self._reader is not None:
                    self._reader.close()
        finally:
            _LEAVING.discard(threading.current_thread())


async def in_thread(function: Callable[[], Result]) -> Result:
    """What a function gives or raises, run in a thread that keeps no process from its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def tell(result: Result | None, error: BaseException | None) -> None:
        if future.done():  # nobody waits for it any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # without an error it is one

    def run() -> None:
        result, error = None, None
        try:
            result = function()
        except Exception as raised:  # noqa: BLE001 - it is raised where the function was called
            error = raised
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name="board", daemon=True).start()
    return await future


def wait_for_leaving(seconds: float) -> None:
    """Lets boards that are signed out of just now finish that."""
    until = time.monotonic() + seconds
    for thread in list(_LEAVING):
        thread.join(max(until - time.monotonic(), 0))
