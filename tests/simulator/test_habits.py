"""When the pretend machines are on."""

from __future__ import annotations

from itertools import pairwise

import pytest

from keskidee_simulator.fleet import FALLING_SILENT, Pretend, build_fleet
from keskidee_simulator.habits import ASLEEP, DAY, OFF, ON, SILENT, presence

FLEET = build_fleet("keskidee", 200)
MONDAY = 1_790_000_000.0


def moments(seconds: float, step: float = 60.0) -> list[float]:
    return [MONDAY + step * n for n in range(int(seconds / step))]


def states(machine: Pretend, seconds: float) -> set[str]:
    return {presence(machine, now).state for now in moments(seconds)}


def test_servers_are_never_off_for_the_night() -> None:
    off = [sum(presence(m, now).state == OFF for now in moments(DAY)) for m in FLEET if m.kind == "server"]
    assert max(off) <= 2  # minutes: a reboot


def test_some_desktops_are_off_at_night_and_on_in_the_afternoon() -> None:
    machines = [m for m in FLEET if m.kind == "desktop"]
    local_noon = [MONDAY - MONDAY % DAY + DAY / 2 - m.site.utc_offset_seconds for m in machines]
    night = [presence(m, noon + DAY / 2).state for m, noon in zip(machines, local_noon, strict=True)]
    day = [presence(m, noon).state for m, noon in zip(machines, local_noon, strict=True)]
    assert 0.25 < night.count(OFF) / len(night) < 0.55
    assert day.count(OFF) <= 1


def test_half_of_those_that_go_for_the_night_are_switched_off_at_the_wall() -> None:
    midnight = [MONDAY - MONDAY % DAY - m.site.utc_offset_seconds for m in FLEET]
    night = [presence(m, at) for m, at in zip(FLEET, midnight, strict=True) if m.kind != "server"]
    gone = [found.unplugged for found in night if found.state == OFF]
    assert 0.35 < sum(gone) / len(gone) < 0.65


def test_they_do_not_all_leave_at_once() -> None:
    nightly = [m for m in FLEET if m.kind == "desktop" and OFF in states(m, DAY)]
    leaving = {round(presence(m, MONDAY - MONDAY % DAY + DAY * 0.75).until) for m in nightly}
    assert len(leaving) > len(nightly) // 2


def test_some_laptops_sleep_and_wake_within_an_hour() -> None:
    assert [m for m in FLEET if m.kind == "laptop" and states(m, 3600) == {ON, ASLEEP}]


def test_a_machine_that_falls_silent_is_heard_again() -> None:
    machine = next(m for m in FLEET if m.ailment == FALLING_SILENT)
    silent = [presence(machine, now).state == SILENT for now in moments(2700)]
    assert 4 <= sum(silent) <= 6


@pytest.mark.parametrize("machine", FLEET[:20], ids=lambda m: m.hostname)
def test_a_state_lasts_until_the_moment_it_says(machine: Pretend) -> None:
    now = presence(machine, MONDAY)
    just_before = presence(machine, now.until - 1.0)
    after = presence(machine, now.until + 1.0)
    assert (just_before.state, just_before.booted_at) == (now.state, now.booted_at)
    assert (after.state, after.booted_at) != (now.state, now.booted_at)


@pytest.mark.parametrize("machine", FLEET[:20], ids=lambda m: m.hostname)
def test_the_moment_of_the_last_boot_only_moves_forward(machine: Pretend) -> None:
    boots = [presence(machine, now).booted_at for now in moments(3 * DAY, 300)]
    assert all(earlier <= later for earlier, later in pairwise(boots))
    assert all(booted <= now for booted, now in zip(boots, moments(3 * DAY, 300), strict=True))
