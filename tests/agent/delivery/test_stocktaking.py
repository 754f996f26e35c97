"""When the inventory is due: once after the start, each day, when something was installed, an hour after a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keskidee_agent.delivery.stocktaking import DAY_MS, HOUR_MS, LOOK_MS, START_MS, Stocktaking
from keskidee_agent.host.clock import phase_ms

MACHINE = "7f3a"
JITTER = phase_ms(MACHINE, HOUR_MS)
SOON = START_MS + JITTER * START_MS // HOUR_MS
SOON_SECONDS = -(-SOON // 1000) * 1000
"""As `due_at` finds it, which looks each second."""


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    path = tmp_path / "status"
    path.touch()
    return path


def due_at(stocktaking: Stocktaking, moments: range) -> list[int]:
    """When it was due and was taken."""
    found = []
    for now in moments:
        if stocktaking.is_due(now):
            stocktaking.began(now)
            found.append(now)
    return found


def test_it_is_due_once_the_collector_answered_and_then_each_day_at_another_time_on_each_machine(mark: Path) -> None:
    stocktaking = Stocktaking(MACHINE, (str(mark),))
    assert due_at(stocktaking, range(0, HOUR_MS, 60_000)) == []
    stocktaking.begin(HOUR_MS)
    stocktaking.begin(HOUR_MS + 60_000)
    first, second, third = due_at(stocktaking, range(HOUR_MS, 3 * DAY_MS, 1000))[:3]
    assert first == HOUR_MS + SOON_SECONDS
    day = DAY_MS + JITTER - HOUR_MS // 2
    assert [(second - first) // 1000, (third - second) // 1000] == [-(-day // 1000)] * 2


def test_the_settings_say_how_often_it_is_due(mark: Path) -> None:
    stocktaking = Stocktaking(MACHINE, (str(mark),), every_ms=6 * HOUR_MS)
    stocktaking.begin(0)
    first, second = due_at(stocktaking, range(0, DAY_MS // 2, 1000))[:2]
    assert (second - first) // 1000 == -(-(6 * HOUR_MS + JITTER - HOUR_MS // 2) // 1000)


def test_behind_a_thin_link_machines_that_start_together_do_not_tell_together(mark: Path) -> None:
    stocktaking = Stocktaking(MACHINE, (str(mark),))
    stocktaking.begin(0)
    due = HOUR_MS // 6 + JITTER * 5 // 6
    assert [stocktaking.is_due(now, thrifty=True) for now in (SOON, due - 1, due)] == [False, False, True]


def test_after_something_was_installed_it_waits_until_that_is_over(mark: Path) -> None:
    stocktaking = Stocktaking(MACHINE, (str(mark),))
    stocktaking.begin(0)
    found = due_at(stocktaking, range(0, LOOK_MS, 1000))
    for look in range(1, 4):  # three looks see it move
        os.utime(mark, ns=(look, look))
        found += due_at(stocktaking, range(look * LOOK_MS, (look + 1) * LOOK_MS, 1000))
    found += due_at(stocktaking, range(4 * LOOK_MS, 20 * LOOK_MS, 1000))
    assert found == [SOON_SECONDS, 4 * LOOK_MS]


def test_what_failed_is_tried_again_within_two_hours(mark: Path) -> None:
    stocktaking = Stocktaking(MACHINE, (str(mark),))
    stocktaking.begin(0)
    stocktaking.began(0)
    stocktaking.failed(1000)
    assert due_at(stocktaking, range(0, 2 * HOUR_MS, 1000))[0] <= 2 * HOUR_MS


def test_marks_that_are_not_there_are_no_marks(tmp_path: Path) -> None:
    stocktaking = Stocktaking(MACHINE, (str(tmp_path / "none"),))
    stocktaking.begin(0)
    assert due_at(stocktaking, range(0, HOUR_MS, 1000)) == [SOON_SECONDS]
