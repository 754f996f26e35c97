"""When the resident sees to what others do for it: every few rounds, each round while somebody waits, and in time."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from keskidee_agent.delivery.delivery import Delivery
from keskidee_agent.resident.errands import LOOK_MS, SERVICES_EARLY_MS, Errands
from keskidee_agent.transport.transport import Wishes
from tests.waiting import wait_until

NOW, INTERVAL_MS = 1_000_000, 15_000
QUIET: dict[str, Any] = {
    "machine_id": "7f3a",
    "polls": False,
    "inventory_seconds": 0,
    "services": {"every_seconds": 0},
}


def a_delivery(**wishes: bool) -> Delivery:
    told = SimpleNamespace(wishes=Wishes(15, **wishes), stock=None, is_unknown=False, is_thrifty=False)
    return cast("Delivery", told)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Of an agent whose processes write the task's name into `begun`."""
    identity = tmp_path / "identity.json"
    identity.touch()
    command = ["/bin/sh", "-c", f'echo "$0" >> {tmp_path}/begun']
    return {**QUIET, "identity_file": str(identity), "command": command}


def errands_of(settings: dict[str, Any], delivery: Delivery) -> Errands:
    return Errands(settings, delivery, b"session1", warn=pytest.fail)


@pytest.mark.parametrize(("interval_ms", "rounds"), [(1_000, 4), (15_000, 4), (60_000, 1), (300_000, 1)])
def test_they_are_seen_to_every_fourth_round_and_at_least_each_minute(
    settings: dict[str, Any], interval_ms: int, rounds: int
) -> None:
    errands = errands_of(settings, a_delivery())
    assert not errands.see_to(NOW, interval_ms)
    at = next(number for number in range(1, 10) if NOW + number * interval_ms >= errands.due_ms)
    assert (at, interval_ms * (at - 1) < LOOK_MS) == (rounds, True)


def test_an_identity_that_was_written_anew_is_told_once(settings: dict[str, Any]) -> None:
    errands = errands_of(settings, a_delivery())
    os.utime(settings["identity_file"], (1, 1))
    assert [errands.see_to(NOW, INTERVAL_MS) for _ in range(2)] == [True, False]


def test_a_new_credential_is_awaited_in_each_round_and_told_when_its_process_has_ended(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    settings["command"] = ["/bin/sh", "-c", f"read line < {held}"]
    errands = errands_of(settings, a_delivery(renew=True))
    assert not errands.see_to(NOW, INTERVAL_MS)
    assert errands.due_ms == NOW
    os.utime(settings["identity_file"], (1, 1))
    assert not errands.see_to(NOW, INTERVAL_MS)
    held.write_text("go on\n")
    wait_until(lambda: errands.see_to(NOW, INTERVAL_MS))
    assert errands.due_ms > NOW


@pytest.mark.parametrize("every_seconds", [15, 60, 600])
def test_services_are_read_each_interval_of_theirs(
    settings: dict[str, Any], tmp_path: Path, every_seconds: int
) -> None:
    settings["services"] = {"every_seconds": every_seconds}
    errands = errands_of(settings, a_delivery())
    begun = tmp_path / "begun"

    def rest_seen_to() -> bool:
        errands.see_to(NOW, INTERVAL_MS)
        return errands.due_ms > NOW

    wait_until(rest_seen_to)
    assert begun.read_text() == "--services\n"
    assert errands.due_ms <= NOW + every_seconds * 1000 - SERVICES_EARLY_MS
    errands.see_to(NOW + every_seconds * 1000, INTERVAL_MS)
    wait_until(lambda: begun.read_text() == "--services\n" * 2)
