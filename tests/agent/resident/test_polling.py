"""The poller's process: begun where there are devices, again when it ended, a minute later at the soonest."""

import os
import subprocess
import sys

from keskidee_agent.resident.polling import AGAIN_MS, NOBODY, Polling
from tests.processes import is_alive

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_poller_is_wanted_where_the_settings_or_the_collector_name_devices() -> None:
    assert [Polling(is_own=own).wants(0, is_asked=asked) for own in (False, True) for asked in (False, True)] == [
        False, True, True, True,
    ]  # fmt: skip


def test_one_that_runs_is_enough_and_one_that_ended_is_begun_again_after_a_minute() -> None:
    polling = Polling(is_own=True)
    process = subprocess.Popen(SLEEPS)
    polling.began(process.pid, 1000)
    assert not polling.wants(1000 + AGAIN_MS, is_asked=False)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is there to be waited for
    assert not polling.wants(1000 + AGAIN_MS - 1, is_asked=False)
    assert polling.wants(1000 + AGAIN_MS, is_asked=False)
    process.returncode = -9  # waited for already


def test_one_that_had_nobody_to_poll_is_begun_again_only_where_the_collector_names_devices() -> None:
    polling = Polling(is_own=True)
    process = subprocess.Popen([sys.executable, "-c", f"import os; os._exit({NOBODY})"])
    polling.began(process.pid, 0)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.returncode = NOBODY
    assert [polling.wants(AGAIN_MS, is_asked=asked) for asked in (False, True)] == [False, True]


def test_it_ends_with_the_agent() -> None:
    polling = Polling(is_own=True)
    process = subprocess.Popen(SLEEPS)
    polling.began(process.pid, 0)
    polling.end()
    process.returncode = -15  # waited for already
    assert not is_alive(process.pid)
    polling.end()
