"""Which sequence numbers were taken: exactly those that were added, in little room."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.fleet.sequences import RANGES_KEPT, Sequences


@given(st.lists(st.integers(0, 60)))
def test_what_was_added_is_there_and_nothing_else(numbers: list[int]) -> None:
    seen = Sequences()
    for number in numbers:
        seen.add(number)
    assert [number for number in range(62) if number in seen] == sorted(set(numbers))


@given(st.lists(st.integers(0, 60)))
def test_ranges_are_sorted_and_do_not_touch(numbers: list[int]) -> None:
    seen = Sequences()
    for number in numbers:
        seen.add(number)
    ranges = seen.ranges()
    assert all(first <= last for first, last in ranges)
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(ranges))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_what_is_stored_reads_back(numbers: list[int]) -> None:
    seen = Sequences()
    for number in numbers:
        seen.add(number)
    again = Sequences(seen.ranges())
    assert [number in again for number in numbers] == [True] * len(numbers)


def test_live_reports_and_a_backlog_make_one_range() -> None:
    seen = Sequences()
    for number in [*range(100, 200), *range(100)]:
        seen.add(number)
    assert seen.ranges() == [[0, 199]]


def test_holes_without_end_close_the_oldest_gap() -> None:
    seen = Sequences()
    for number in range(0, 1000, 2):
        seen.add(number)
    assert len(seen.ranges()) == RANGES_KEPT
    assert (seen.ranges()[0][0], seen.ranges()[-1], 997 in seen) == (0, [998, 998], False)
