"""Waiting for a socket, with a deadline for the whole of an exchange rather than for each call."""

from __future__ import annotations

import select
import time


class Waiter:
    """Waits until a descriptor is ready or a deadline (`time.monotonic()` seconds) has passed."""

    def left(self, deadline: float) -> float:
        """Seconds until the deadline; raises TimeoutError once it has passed."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left

    def after(self, seconds: float) -> float:
        """The deadline that lies so far ahead."""
        return time.monotonic() + seconds

    def until_ready(self, descriptor: int, deadline: float, *, writing: bool = False) -> None:
        """Returns when the descriptor can be read (or written, or has failed); raises TimeoutError."""
        while not self.select([descriptor], writing, self.left(deadline)):
            pass

    def select(self, any_of: list[int], writing: bool, seconds: float) -> list[int]:
        """One wait: those that are ready, or have failed; where it is none it is asked again while there is time."""
        return ready_of([] if writing else any_of, any_of if writing else [], seconds)


_polls: dict[tuple[int, ...], select.poll] = {}
"""An agent waits for the same few descriptors again and again: what asks the kernel for them is made once."""
POLLS_KEPT = 8


def ready_of(reads: list[int], writes: list[int], seconds: float) -> list[int]:
    """Which of them can be read or written, or have failed, once one has or so many seconds have passed.

    By poll(2) where there is one: select(2) knows no descriptor above 1023.
    """
    if not hasattr(select, "poll"):
        # Windows tells a refused connection as a failure only
        return list(set().union(*select.select(reads, writes, writes, seconds)))
    poll = _polls.get((*reads, -1, *writes)) or _new_poll(reads, writes)
    return [descriptor for descriptor, _ in poll.poll(seconds * 1000)]  # what has failed or hung up comes too


def _new_poll(reads: list[int], writes: list[int]) -> select.poll:
    if len(_polls) >= POLLS_KEPT:  # each new connection may have another number
        _polls.clear()
    poll = _polls[(*reads, -1, *writes)] = select.poll()
    for descriptor in reads:
        poll.register(descriptor, select.POLLIN)
    for descriptor in writes:
        poll.register(descriptor, select.POLLOUT)
    return poll
