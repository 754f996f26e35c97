"""How times and other people's text are written."""

import pytest

from keskidee_collector.web.wording import amount, clock, iso, moment, offset, shown, span
from tests.collector.web.collector import MORNING


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (12.9, "12 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_800, "2 days"),
    ],
)
def test_a_length_of_time_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(("ago", "words"), [(0, "07:12"), (86_400, "1 Mar 07:12"), (365 * 86_400, "2 Mar 2025 07:12")])
def test_a_time_of_day_carries_the_date_where_it_is_not_today_s(ago: float, words: str) -> None:
    assert clock(MORNING - ago, MORNING) == words


def test_a_moment_is_told_to_the_second_in_utc() -> None:
    assert (moment(MORNING), iso(MORNING)) == ("2026-03-02 07:12:40 UTC", "2026-03-02T07:12:40Z")


def test_a_clock_is_behind_or_ahead() -> None:
    assert (offset(-2520), offset(90_000)) == ("42 min behind", "25 h ahead")


def test_a_count_agrees_with_its_noun() -> None:
    assert (amount(1, "machine"), amount(2340, "machine"), amount(0, "family", "families")) == (
        "1 machine",
        "2,340 machines",
        "0 families",
    )


def test_text_is_put_on_one_line() -> None:
    assert shown("one\nline\ttwo") == "one line two"


def test_characters_that_cannot_be_seen_are_marked() -> None:
    assert shown("\u202egnp.exe\x1b") == "\ufffdgnp.exe\ufffd"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shown("A" * 61, 60) == "A" * 59 + "…"


def test_stacked_marks_are_thinned_and_those_of_real_scripts_kept() -> None:
    assert shown("Z" + "\u0301" * 300) == "Z" + "\u0301" * 3
    assert shown("Ngu\u0302\u0301i sha\u05b8lom") == "Ngu\u0302\u0301i sha\u05b8lom"
