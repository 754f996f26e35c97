"""Days of machines as CSV, from the function and from the command."""

from __future__ import annotations

import asyncio
import csv
import io
import sqlite3
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.store import writer
from keskidee_collector.view import DayView
from keskidee_exporters.csv_days import COLUMNS, write
from tests.collector.counted import BOOT, Counted
from tests.collector.inside import NOON

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # starts the program for each: together three seconds

ROW = DayView(
    day="2027-01-15", instance="pc-01", hostname="pc-01", id="0" * 32, site="suva", role="desktop",
    on_seconds=30_000.25, off_seconds=56_399.75, silent_seconds=0.0, link_down_seconds=0.0, unknown_seconds=0.0,
    boots=2, boot_seconds=41.5, memory_pressure_ratio=0.61, memory_pressure_worst_ratio=1 / 3, cpu_busy_ratio=None,
    disk_latency_seconds=0.0000123456, reports=2000, reports_lost=0, aways="sleep 1", away_seconds=600.0,
    os_supported=None, encrypted=1, pending_updates=0, model="OptiPlex 7050", fund="EDF 11",
)  # fmt: skip
LINE = (
    "2027-01-15,pc-01,pc-01,00000000000000000000000000000000,suva,desktop,30000.25,56399.75,0,0,0,2,41.5,0.61,"
    "0.333333333,,1.23456e-05,2000,0,sleep 1,600,,1,0,OptiPlex 7050,EDF 11\r\n"
)


def written(*rows: DayView) -> str:
    out = io.StringIO(newline="")
    write(rows, out)
    return out.getvalue()


def test_a_day_is_a_line_under_a_header_and_what_was_not_measured_is_empty() -> None:
    assert written(ROW) == ",".join(COLUMNS) + "\r\n" + LINE


def test_a_name_does_not_run_as_a_formula() -> None:
    [_, row] = csv.reader(io.StringIO(written(replace(ROW, instance="=1+1", hostname="@x"))))
    assert row[1:3] == ["'=1+1", "'@x"]


def days(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "keskidee", "register", "days", "--data", str(data), *words]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a collector kept of three days of one machine."""
    monkeypatch.setattr(writer, "LINGER_SECONDS", 0.0)
    collector = Counted(tmp_path)

    async def live() -> None:
        agent = await collector.join("pc-01", "desktop")
        await collector.tell(agent, BOOT(NOON - 100))
        await collector.goodbye(agent)
        collector.clock.wait(2 * 86_400)
        await collector.tell(agent, BOOT(NOON + 2 * 86_400 - 30))
        await collector.rows()

    asyncio.run(live())
    collector.state.close()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ([], ["2027-01-15", "2027-01-16", "2027-01-17"]),
        (["--from", "2027-01-16"], ["2027-01-16", "2027-01-17"]),
        (["--format", "csv", "--from", "2027-01-16", "--to", "2027-01-16"], ["2027-01-16"]),
        (["--to", "2026-12-31"], []),
    ],
)
def test_the_command_prints_the_days_that_are_asked_for(data: Path, words: list[str], kept: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(days(data, *words).stdout)))
    assert [row["day"] for row in rows] == kept


def test_the_command_prints_what_was_measured(data: Path) -> None:
    row = list(csv.DictReader(io.StringIO(days(data).stdout)))[-1]
    told = [row[name] for name in ("instance", "site", "off_seconds", "boots", "boot_seconds", "encrypted")]
    assert told == ["pc-01", "suva", "28800", "1", "30", ""]


def test_a_day_that_is_none_is_told(data: Path) -> None:
    refused = days(data, "--from", "2027-13-01")
    told = "keskidee register days: argument --from: a day is YYYY-MM-DD, not '2027-13-01' "
    assert (refused.returncode, refused.stderr) == (2, told + "(keskidee register days --help tells more)\n")


def test_a_register_of_before_days_were_counted_is_told(data: Path) -> None:
    with sqlite3.connect(data / "register.db") as database:
        database.execute("DROP TABLE machine_days")
    refused = days(data)
    told = f"keskidee: {data}/register.db: kept by an older keskidee; its collector brings it up to date\n"
    assert (refused.returncode, refused.stderr) == (1, told)
