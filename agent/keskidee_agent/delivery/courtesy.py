"""When a backlog leaves the collector to the live reports of others: after hours away a whole fleet brings its own.

Nobody tells an agent that the collector has more to do than it can: that its own live report took long does. Not behind
a thin link, where everything takes long and the site's share of the link sets the pace (thrift.py).
"""

from __future__ import annotations

ROUNDS_AT_MOST = 8
"""So many rounds in a row without a batch, and then one goes whatever is slow: a backlog of 32 a batch always ends."""
TIMES_SLOWER = 4
SLOW_MS = (500, 2000)
"""What is quicker than the first is never slow, what is slower than the second always: a fleet that comes back to a
collector that is busy from the first moment has no quick answer to compare with."""
FADES = 1.01
"""So much more the quickest answer counts with each round: a link that became slow is the usual one after hours."""


class Courtesy:
    """Sees how long live reports take, one a round, and says whether a batch may follow."""

    __slots__ = ("_quickest_ms", "_rounds")

    def __init__(self) -> None:
        self._quickest_ms = float(SLOW_MS[0])
        self._rounds = 0

    def allows(self, took_ms: float) -> bool:
        """Whether a batch may follow a live report that took so long from its sending to its answer."""
        self._quickest_ms = min(self._quickest_ms * FADES, took_ms)
        least, most = SLOW_MS
        if took_ms <= min(max(self._quickest_ms * TIMES_SLOWER, least), most) or self._rounds == ROUNDS_AT_MOST:
            self._rounds = 0
            return True
        self._rounds += 1
        return False
