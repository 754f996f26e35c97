"""Which reports of a session were already taken: closed ranges of sequence numbers."""

from __future__ import annotations

from bisect import bisect_right

RANGES_KEPT = 64


class Sequences:
    """A set of sequence numbers as sorted closed ranges; live reports and a backlog make only a few.

    Bounded: past RANGES_KEPT the oldest gap is closed, so that a sender with holes without end costs nothing;
    a report from that gap would then count as a repeat.
    """

    __slots__ = ("_ranges",)

    def __init__(self, ranges: list[list[int]] | None = None) -> None:
        self._ranges: list[list[int]] = [list(pair) for pair in ranges] if ranges else []

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._ranges, number, key=lambda pair: pair[0])
        return at > 0 and number <= self._ranges[at - 1][1]

    def add(self, number: int) -> None:
        """Adds one number, joining ranges that touch."""
        ranges = self._ranges
        at = bisect_right(ranges, number, key=lambda pair: pair[0])
        if at and number <= ranges[at - 1][1]:
            return
        joins_left = at > 0 and ranges[at - 1][1] == number - 1
        joins_right = at < len(ranges) and ranges[at][0] == number + 1
        if joins_left and joins_right:
            ranges[at - 1][1] = ranges.pop(at)[1]
        elif joins_left:
            ranges[at - 1][1] = number
        elif joins_right:
            ranges[at][0] = number
        else:
            ranges.insert(at, [number, number])
        if len(ranges) > RANGES_KEPT:
            ranges[0:2] = [[ranges[0][0], ranges[1][1]]]

    def ranges(self) -> list[list[int]]:
        """The ranges [first, last], as they are stored."""
        return [list(pair) for pair in self._ranges]
