"""Days in the forms of WMI, PowerShell and installers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.days import day_of
from keskidee_agent.inventory.wmi_rows import from_json


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("20130813153755.000000+120", "2013-08-13"),
        ("20130813******.******+***", "2013-08-13"),
        ("/Date(1376401075000)/", "2013-08-13"),
        ("/Date(1376431200000+0200)/", "2013-08-14"),
        ("20101015", "2010-10-15"),
        ("2010521", "2010-05-21"),
        ("2010112", None),
        ("1/15/2011", "2011-01-15"),
        ("15/1/2011", "2011-01-15"),
        ("2/1/2011 12:00:00 AM", "2011-02-01"),
        ("2.1.2011", "2011-01-02"),
        ("2011-01-15T00:00:00", "2011-01-15"),
        ("2011/01/15", "2011-01-15"),
        ("1594657339", "2020-07-13"),
        ("01cb5aa0d2b3a000", "2010-09-22"),
        ("20101399", None),
        ("18991230", None),
        ("00000000", None),
        ("", None),
    ],
)
def test_days_as_windows_writes_them(told: str, day: str | None) -> None:
    assert day_of(told) == day


@pytest.mark.parametrize(
    "told",
    [
        "/Date(1714608000000)/",  # midnight in UTC
        "/Date(1714600800000)/",  # two hours east of it
        "/Date(1714622400000)/",  # four hours west
        "2024-05-02T00:00:00+12:00",
        "2024-05-01T20:00:00-04:00",  # midnight in UTC, told four hours west of it
    ],
)
def test_a_day_that_was_made_a_time_is_that_day_wherever_the_machine_stands(told: str) -> None:
    assert day_of(told, midnight=True) == "2024-05-02"


def test_an_update_that_powershell_dates_by_its_own_midnight() -> None:
    told = {"value": "/Date(1714600800000)/", "DisplayHint": 2, "DateTime": "Thursday, May 2, 2024 12:00:00 AM"}
    [row] = from_json(str({"InstalledOn": told}).replace("'", '"').encode())
    assert row.day("InstalledOn") == "2024-05-02"


@given(st.text(max_size=40) | st.from_regex(r"[/\\dDate()T:+.*-]{0,30}"), st.booleans())
def test_any_text_is_a_day_or_none(told: str, midnight: bool) -> None:
    found = day_of(told, midnight=midnight)
    assert found is None or len(found) == 10
