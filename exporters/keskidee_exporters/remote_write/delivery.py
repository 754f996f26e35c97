"""One batch to its destination: tried again where that helps, taken apart where it does not.

- No answer, 429, and what speaks of credentials or the address: the batch waits, with back-off.
- Another 4xx: never the same request again. It is halved down to what is refused, and the rest gets through.
- 5xx: tried again. Where one request fails each time while a fresh sample is taken, the request is what is wrong
  (Prometheus says 500 to a sample that is too old for it), and is halved likewise.

Bodies are logged and never decide. Halving has a bound: past it what still fails is given up whole, because a request
of which everything is refused would otherwise cost as many requests as it has samples.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from typing import TYPE_CHECKING

from keskidee_exporters.remote_write.client import FAULT, REFUSED, TAKEN
from keskidee_exporters.remote_write.counters import FAULTY_SAMPLE, REFUSED_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_exporters.remote_write.batches import Batch
    from keskidee_exporters.remote_write.client import Answer, Client
    from keskidee_exporters.remote_write.counters import DestinationCounters

FAULTS_SUSPECT = 3
FRESH_SECONDS = 1.0
"""A request that was taken so lately shows that the destination is well."""
HALVINGS = 200
"""Enough for some ten bad samples in different places of a full request."""
HALVINGS_AFTER_A_LOSS = 16
"""Where nothing of the last request was taken, this one will hardly fare better."""
FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS = 0.5, 30.0
QUIET_SECONDS = 600.0
"""Refusals are logged again when there was none for so long."""

logger = logging.getLogger(__name__)


class Delivery:
    """Delivers to one destination. `fresh` makes a body with a sample of now; `wait` ends early by an exception."""

    def __init__(
        self,
        client: Client,
        counters: DestinationCounters,
        *,
        name: str,
        fresh: Callable[[], bytes],
        wait: Callable[[float], None],
    ) -> None:
        self._client = client
        self._counters = counters
        self._name = name
        self._fresh = fresh
        self._wait = wait
        self._taken_at = float("-inf")
        self._refused_at = float("-inf")
        self._state = ""
        self._is_lost = False  # nothing of the last request was taken

    def deliver(self, batch: Batch) -> None:
        """Comes back when every sample of the batch was taken, or given up and counted."""
        answer = self._word_on(batch, 1 if self._is_lost else FAULTS_SUSPECT)
        if answer.kind == TAKEN:
            self._is_lost = False
        else:
            self._is_lost = not self._take_apart(batch, answer)

    def _take_apart(self, batch: Batch, answer: Answer) -> bool:
        """Halves, and halves of halves, breadth first: what is left when they become too many is small.

        Gives whether any of it was taken.
        """
        waiting, any_taken = deque([(batch, answer)]), False
        halvings = HALVINGS_AFTER_A_LOSS if self._is_lost else HALVINGS
        while waiting:
            piece, answer = waiting.popleft()
            halves = piece.halves() if halvings > 0 else ()
            halvings -= 1
            if not halves and (
                self._is_lost or answer.kind == REFUSED or self._word_on(piece, FAULTS_SUSPECT).kind != TAKEN
            ):
                self._give_up(piece, answer)
            for half in halves:
                word = self._word_on(half, 1)
                any_taken = any_taken or word.kind == TAKEN
                if word.kind != TAKEN:
                    waiting.append((half, word))
        return any_taken

    def _word_on(self, batch: Batch, faults_suspect: int) -> Answer:
        """The destination's word: taken, refused, or a fault that is the batch's own.

        That is so where it fails `faults_suspect` times, and something else was taken meanwhile.
        """
        body, faults, waits = batch.body(), 0, 0
        while True:
            answer = self._post(body)
            if answer.kind == TAKEN:
                self._counters.sent.inc(batch.samples)
            if answer.kind in (TAKEN, REFUSED):
                return answer
            if answer.kind == FAULT:
                faults += 1
                if faults >= faults_suspect and self._takes_fresh():
                    return answer
            pause = min(FIRST_WAIT_SECONDS * 2**waits, LAST_WAIT_SECONDS) * random.uniform(0.5, 1.0)
            waits = min(waits + 1, 16)
            self._wait(max(pause, answer.retry_after_seconds or 0.0))

    def _takes_fresh(self) -> bool:
        return time.monotonic() - self._taken_at < FRESH_SECONDS or self._post(self._fresh()).kind == TAKEN

    def _post(self, body: bytes) -> Answer:
        answer = self._client.post(body)
        if answer.kind == TAKEN:
            self._taken_at = time.monotonic()
            self._counters.requests.inc()
        else:
            self._counters.failed.inc()
        self._counters.up.set(answer.kind in (TAKEN, REFUSED))
        self._tell(answer)
        return answer

    def _tell(self, answer: Answer) -> None:
        """One line a change of state; refusals apart, since the destination is well."""
        if answer.kind == REFUSED:
            now = time.monotonic()
            if now - self._refused_at > QUIET_SECONDS:
                logger.warning("remote write is refused destination=%s answer=%s", self._name, answer)
            self._refused_at = now
        state = "up" if answer.kind in (TAKEN, REFUSED) else f"{answer.kind} {answer.status}"
        if state != self._state and state != "up":
            logger.warning("remote write waits destination=%s answer=%s", self._name, answer)
        elif state != self._state and self._state:
            logger.warning("remote write goes on destination=%s", self._name)
        self._state = state

    def _give_up(self, batch: Batch, answer: Answer) -> None:
        reason = FAULTY_SAMPLE if answer.kind == FAULT else REFUSED_SAMPLE
        self._counters.dropped[reason].inc(batch.samples)
