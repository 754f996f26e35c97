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
        ready = False
        while not ready:
            reads, writes, failures = self.select([descriptor], writing, self.left(deadline))
            ready = bool(reads or writes or failures)

    def select(self, any_of: list[int], writing: bool, seconds: float) -> tuple[list[int], list[int], list[int]]:
        """One wait; what comes back empty is asked again while there is time."""
        # Windows tells a refused connection as a failure only
        return select_any([] if writing else any_of, any_of if writing else [], any_of if writing else [], seconds)


_polls: dict[tuple[tuple[int, ...], tuple[int, ...]], select.poll] = {}
"""An agent waits for the same few descriptors again and again: what asks the kernel for them is made once."""
POLLS_KEPT = 8


def select_any(
    reads: list[int], writes: list[int], failures: list[int], seconds: float
) -> tuple[list[int], list[int], list[int]]:
    """As select.select, but by poll(2) where there is one: select knows no descriptor above 1023."""
    if not hasattr(select, "poll"):
        return select.select(reads, writes, failures, seconds)
    poll = _polls.get((tuple(reads), tuple(writes))) or _new_poll(reads, writes)
    ready = [descriptor for descriptor, _ in poll.poll(seconds * 1000)]  # what has failed or hung up comes too
    if not ready:
        return [], [], []
    return [one for one in reads if one in ready], [one for one in writes if one in ready], []


def _new_poll(reads: list[int], writes: list[int]) -> select.poll:
    if len(_polls) >= POLLS_KEPT:  # each new connection may have another number
        _polls.clear()
    poll = _polls[tuple(reads), tuple(writes)] = select.poll()
    for descriptor in reads:
        poll.register(descriptor, select.POLLIN)
    for descriptor in writes:
        poll.register(descriptor, select.POLLOUT)
    return poll
