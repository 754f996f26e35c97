"""How much of a thin link an agent may use: a bucket that fills at the rate that the collector gives it.

The share of a site's budget comes with each answer (`bytes_per_hour`). In no hour is more spent than that: the bucket
holds a quarter of it, and the other three quarters flow in. Loaded only by agents that were given a share.
"""

from __future__ import annotations

URGENT, LIVE, BACKLOG, INVENTORY = 0.0, 0.2, 0.5, 0.6
"""What of a full bucket has to be left over afterwards: something urgent may take the last of it. What changed of an
inventory goes like a backlog, a whole one after everything else.
"""

BUCKET_SHARE = 0.25
HOUR_MS = 3_600_000


class Thrift:
    """The bytes that may be spent, and those that were. Clocks are milliseconds since boot."""

    __slots__ = ("_at_ms", "_capacity", "_level", "_rate")

    def __init__(self, bytes_per_hour: int, now_ms: int) -> None:
        self._at_ms = now_ms
        self._level = self._capacity = self._rate = 0.0
        self.set_share(bytes_per_hour)
        self._level = self._capacity

    def set_share(self, bytes_per_hour: int) -> None:
        """From now on so many bytes an hour."""
        self._capacity = bytes_per_hour * BUCKET_SHARE
        self._rate = bytes_per_hour * (1 - BUCKET_SHARE) / HOUR_MS
        self._level = min(self._level, self._capacity)

    def allows(self, cost: int, left_over: float, now_ms: int) -> bool:
        """Whether `cost` bytes may go now. What is dearer than the bucket goes when it is full."""
        self._fill(now_ms)
        return self._level >= min(cost + left_over * self._capacity, self._capacity)

    def room(self, left_over: float, now_ms: int) -> int:
        """How many bytes may go now; less than nothing where it was overspent."""
        self._fill(now_ms)
        return int(self._level - left_over * self._capacity)

    def spend(self, cost: int, now_ms: int) -> None:
        """So many bytes were on the wire."""
        self._fill(now_ms)
        self._level -= cost

    def _fill(self, now_ms: int) -> None:
        self._level = min(self._level + (now_ms - self._at_ms) * self._rate, self._capacity)
        self._at_ms = now_ms
