"""What a collector knows of its machines when it starts again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keskidee_collector.state import ALIVE_FILE, State
from keskidee_config import CollectorSettings
from tests.collector.web.collector import Collector

if TYPE_CHECKING:
    from pathlib import Path

OUTAGE_SECONDS = 3600


def states_after_a_restart(directory: Path, *, silent_seconds: float) -> list[str]:
    """The state of a machine whose last report was so long ago when the collector stopped, an hour later."""
    before = Collector(directory)
    before.report(before.join("srv-01"))
    before.wait(silent_seconds)
    (directory / ALIVE_FILE).touch()
    os.utime(directory / ALIVE_FILE, (before.at, before.at))
    before.state.close()
    restarted_at = before.at + OUTAGE_SECONDS
    after = State(CollectorSettings(), directory, version="0.1.0", now=lambda: restarted_at)
    found = [after.machine_state(machine) for machine in after.fleet]
    after.close()
    return found


def test_a_machine_that_was_on_is_on_while_it_has_had_no_time_to_report(tmp_path: Path) -> None:
    assert states_after_a_restart(tmp_path, silent_seconds=20) == ["on"]


def test_a_machine_that_was_silent_stays_silent_until_it_reports(tmp_path: Path) -> None:
    assert states_after_a_restart(tmp_path, silent_seconds=60) == ["silent"]
