"""The clock as the kernel steers it: units, overflows, and records that are none."""

from pathlib import Path

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import timex
from keskidee_report.model import DENIED, FAILED
from tests.agent.recordings import reading_at, reading_of, values, write_files


def test_an_offset_that_cannot_be_is_counted(tmp_path: Path) -> None:
    calls = '{"timex": {"offset": 4294967296, "status": 8193}}'
    machine = RecordedMachine(str(write_files(tmp_path, {"calls.json": calls})))
    counts = [values(reading_of("timex", machine))["node_timex_offset_overflow_total", ()] for _ in range(3)]
    assert counts == [1, 2, 3]


def test_microseconds_count_unless_the_status_says_nanoseconds() -> None:
    found = dict(timex.describe({"offset": 1500, "jitter": 20, "status": 64}))
    assert (found[timex.OFFSET], found[timex.JITTER]) == (0.0015, 0.00002)


def test_this_machines_clock_is_described_in_full() -> None:
    reading = reading_of("timex", Machine())
    if reading.outcome == DENIED:
        pytest.skip(reading.reason)
    found = values(reading)
    assert (len(found), found["node_timex_tick_seconds", ()]) == (18, 0.01)


@pytest.mark.parametrize(
    "recorded", ["[]", "7", '{"offset": "1"}', '{"tick": 1.5}', '{"tai": true}', '{"freq": 1e400}']
)
def test_a_recorded_clock_that_is_no_struct_timex_is_refused(recorded: str, tmp_path: Path) -> None:
    reading = reading_at("timex", write_files(tmp_path, {"calls.json": f'{{"timex": {recorded}}}'}))
    assert (reading.outcome, reading.samples) == (FAILED, [])
