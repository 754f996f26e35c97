"""The event loop that the collector runs on: uvloop, which does not exist for Windows. And when it takes a breath.

asyncio's own loop keeps 256 KiB of buffer for every TLS connection.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

from keskidee_collector.serving.memory import return_large_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

BREATH_SECONDS = 0.1
BUSY_SECONDS = 0.25
ENOUGH = 16
"""So many reports in one turn warm the caches by themselves: no breath is needed."""
TURNS = 4
"""A report needs some rounds of callbacks before its rows are with the writer, and again before its answer is sent."""


class Breath:
    """A pause of the loop after a turn that brought reports, so that the next turn brings several.

    A report that comes alone finds its code and data in no cache, wakes the loop and has a commit of its own: it costs
    twice what one in company costs. So while reports come within BUSY_SECONDS of each other, the loop waits until they
    are `written` (which waits so many seconds at most), answers them, and sleeps: the kernel keeps what arrives
    meanwhile. Not while others are being answered, nor while `is_wanted` says that something else goes on, such as a
    handshake: they would wait for it at each of their steps.
    """

    def __init__(self, written: Callable[[float], object], is_wanted: Callable[[], bool]) -> None:
        self._written = written
        self._is_wanted = is_wanted
        self._reports = 0
        self._ended_at = float("-inf")

    def report(self, others: Collection[object]) -> None:
        """A report came; `others` are the requests of another kind that are being answered."""
        if not self._reports:
            _after_turns(self._wait, others)
        self._reports += 1

    def _wait(self, others: Collection[object]) -> None:
        began_at = time.monotonic()
        busy = began_at - self._ended_at < BUSY_SECONDS
        if busy and self._reports < ENOUGH and not others and not self._is_wanted():
            self._written(BREATH_SECONDS)
            _after_turns(self._sleep, others, began_at)
        else:
            self._sleep(others, float("-inf"))

    def _sleep(self, others: Collection[object], began_at: float) -> None:
        left = began_at + BREATH_SECONDS - time.monotonic()
        if left > 0 and not others and not self._is_wanted():
            time.sleep(left)
        self._reports = 0
        self._ended_at = time.monotonic()


def _after_turns(then: Callable[..., None], *arguments: Any, turns: int = TURNS) -> None:
    """Calls `then` when the callbacks that are due, and those that they call, have had so many rounds."""
    loop = asyncio.get_running_loop()

    def turn(left: int) -> None:
        if left:
            loop.call_soon(turn, left - 1)
        else:
            then(*arguments)

    loop.call_soon(turn, turns)


def run(main: Coroutine[Any, Any, None]) -> None:
    """As asyncio.run."""
    return_large_pieces()
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
