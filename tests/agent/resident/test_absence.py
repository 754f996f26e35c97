"""Why an agent was away, from what the one before it left behind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.host import clock
from keskidee_agent.resident import absence
from keskidee_agent.resident.absence import MARKER, Absence, boot_of, is_same_boot

if TYPE_CHECKING:
    from pathlib import Path

ONE_BOOT, ANOTHER = "9f8b0c1e-5a52", "1c7d3b44-0e10"
NOW_MS = 1_800_000_000_000


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The machine's clock; `wall["ms"]` sets it."""
    now = {"ms": NOW_MS}
    monkeypatch.setattr(clock, "wall_ms", lambda: now["ms"])
    return now


def facts_after(folder: Path, wall: dict[str, int], *, word: str, boot: str, seconds: int = 300) -> dict[str, str]:
    """An agent lives for a minute, ends with a word or without one, and after so many seconds another starts."""
    before = Absence(str(folder), boot=ONE_BOOT)
    before.begin()
    wall["ms"] += 60_000
    if word:
        before.end(word)
    else:
        (folder / "live").touch()
        os.utime(folder / "live", ns=(wall["ms"] * 1_000_000,) * 2)
    wall["ms"] += seconds * 1000
    return Absence(str(folder), boot=boot).facts


@pytest.mark.parametrize(
    ("word", "boot", "reason"),
    [
        ("shutdown", ANOTHER, "shutdown"),
        ("shutdown", ONE_BOOT, "shutdown"),
        ("stop", ONE_BOOT, "stop"),
        ("stop", ANOTHER, "shutdown"),
        ("upgrade", ONE_BOOT, "upgrade"),
        ("", ONE_BOOT, "crash"),
        ("", ANOTHER, "power_loss"),
    ],
)
def test_the_reason_follows_from_the_last_word_and_the_boot(
    tmp_path: Path, wall: dict[str, int], word: str, boot: str, reason: str
) -> None:
    found = facts_after(tmp_path, wall, word=word, boot=boot)
    assert found == {"away_reason": reason, "away_seconds": "300", "away_since": "1800000060"}


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-3600, "power_loss"), (-5, "shutdown"), (60, "shutdown"), (301, "power_loss")]
)
def test_a_shutdown_that_the_system_has_noted_after_the_last_sign_of_life_is_one(
    tmp_path: Path, wall: dict[str, int], seconds: int, reason: str
) -> None:
    facts_after(tmp_path, wall, word="", boot=ANOTHER)
    down_ms = NOW_MS + (60 + seconds) * 1000
    assert Absence(str(tmp_path), boot=ANOTHER, down_ms=down_ms).facts["away_reason"] == reason
    assert Absence(str(tmp_path), boot=ONE_BOOT, down_ms=down_ms).facts["away_reason"] == "crash"


def test_an_agent_that_never_ran_here_starts_for_the_first_time(tmp_path: Path) -> None:
    assert Absence(str(tmp_path / "spool"), boot=ONE_BOOT).facts == {"away_reason": "first_start"}


@pytest.mark.parametrize("content", [b"", b"\0" * 40, b"9f8b noon -", b"9f8b 12"])
def test_a_marker_that_a_power_cut_left_broken_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MARKER).write_bytes(content)
    assert Absence(str(tmp_path), boot=ONE_BOOT).facts == {"away_reason": "first_start"}


def test_a_clock_that_went_back_tells_no_length(tmp_path: Path, wall: dict[str, int]) -> None:
    assert facts_after(tmp_path, wall, word="", boot=ANOTHER, seconds=-5000) == {"away_reason": "power_loss"}


def test_who_only_reads_its_settings_again_was_not_away_and_keeps_what_it_told(
    tmp_path: Path, wall: dict[str, int]
) -> None:
    told = facts_after(tmp_path, wall, word="shutdown", boot=ANOTHER)
    running = Absence(str(tmp_path), boot=ANOTHER)
    running.begin()
    running.end("reload")
    wall["ms"] += 5_000
    assert Absence(str(tmp_path), boot=ANOTHER).facts == told


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path: Path) -> None:
    missing = Absence(str(tmp_path / "missing"), boot=ONE_BOOT)
    missing.begin()
    missing.end("stop")
    assert os.listdir(tmp_path) == []


def test_a_machine_that_slept_says_how_long(
    tmp_path: Path, wall: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = {"ms": 7_000}
    monkeypatch.setattr(absence, "asleep_ms", lambda: asleep["ms"])
    sleeper = Absence(str(tmp_path), boot=ONE_BOOT)
    awake = sleeper.slept(), sleeper.facts
    asleep["ms"] += 1_800_000
    wall["ms"] += 1_800_000
    assert (awake, sleeper.slept(), sleeper.facts, sleeper.slept()) == (
        (False, {"away_reason": "first_start"}),
        True,
        {"away_reason": "sleep", "away_seconds": "1800", "away_since": "1800000000"},
        False,
    )


def test_a_machine_that_did_not_sleep_is_not_taken_for_one(tmp_path: Path) -> None:
    assert not Absence(str(tmp_path)).slept()


def test_a_system_without_an_id_of_its_boot_has_the_moment_of_it(tmp_path: Path) -> None:
    boot = boot_of(str(tmp_path / "boot_id"))
    assert abs(int(boot.removeprefix("@")) - (clock.wall_ms() - clock.boot_ms()) // 1000) <= 1
    assert [is_same_boot("@1000", other) for other in ("@1100", "@1200", ONE_BOOT)] == [True, False, False]
