"""A backlog waits while the collector is slow, and never for long."""

from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.delivery.courtesy import ROUNDS_AT_MOST, Courtesy


def answers(*took_ms: float) -> list[bool]:
    courtesy = Courtesy()
    return [courtesy.allows(each) for each in took_ms]


def test_no_batch_follows_a_live_report_that_took_much_longer_than_the_quickest() -> None:
    assert answers(5, 110, 499, 501, 700, 110) == [True, True, True, False, False, True]


def test_a_link_on_which_everything_takes_long_is_not_slow() -> None:
    assert answers(400, 700, 1500, 1700) == [True, True, True, False]


def test_a_collector_that_is_busy_from_the_first_moment_is_left_alone() -> None:
    assert answers(2500, 3000, 1900) == [False, False, True]


def test_what_was_quick_hours_ago_is_forgotten() -> None:
    assert answers(5, *[1000] * 700)[-1] is True


@given(st.lists(st.floats(0, 60_000), min_size=ROUNDS_AT_MOST + 1))
def test_a_backlog_always_ends(took_ms: list[float]) -> None:
    allowed = answers(*took_ms)
    assert all(any(allowed[at : at + ROUNDS_AT_MOST + 1]) for at in range(len(allowed) - ROUNDS_AT_MOST))
