"""When a machine's POST left it, on the collector's clock: that of its quickest POSTs, by the clock since its boot.

A POST that was under way for long would put its report late, and two that waited for the same pause of the collector or
of the link would put theirs at the same moment, of which a receiver keeps one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keskidee_collector.ingest.unfolding import Arrival
    from keskidee_report.decode import Envelope

POSTS_REMEMBERED = 8
"""At least so many POSTs back, at most twice as many: clocks drift, by some parts in 10,000."""
UNDER_WAY_SECONDS = 15.0
"""An agent gives a POST up earlier. Over that its clock stood still (a virtual machine that was paused)."""


class Departures:
    """The boot of one machine on the collector's steady clock, as its last POSTs show it."""

    __slots__ = ("_before", "_booted", "_posts")

    def __init__(self) -> None:
        self._booted = self._before = float("inf")
        self._posts = 0

    def left(self, envelope: Envelope, arrival: Arrival) -> Arrival:
        """The arrival, had this POST been as quick as the quickest of the last ones."""
        booted = arrival.ticks - envelope.sent_boot_ms / 1000
        late = booted - min(self._booted, self._before)
        if late > UNDER_WAY_SECONDS or late < -UNDER_WAY_SECONDS:  # another boot
            self._booted, self._before, self._posts = booted, float("inf"), 1
            return arrival
        if self._posts == POSTS_REMEMBERED:
            self._booted, self._before, self._posts = float("inf"), self._booted, 0
        self._booted = min(self._booted, booted)
        self._posts += 1
        return replace(arrival, at=arrival.at - late, ticks=arrival.ticks - late) if late > 0 else arrival
