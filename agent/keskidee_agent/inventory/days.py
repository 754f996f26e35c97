"""Days as Windows, WMI and installers write them, in ISO 8601. None is what names no day, or more than one.

Sources: CIM's datetime (DMTF DSP0004, 5.2.4), ConvertTo-Json of PowerShell 5 and 7, FILETIME (minwinbase.h).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

FIRST_YEAR, LAST_YEAR = 1980, 2107  # before there was a PC; the last that a disk of its time can write
TICKS_A_SECOND = 10_000_000
BEFORE_1970 = 11_644_473_600  # seconds since 1601
DAY = timedelta(days=1)
_JSON = re.compile(r"/Date\((-?\d{1,14})([+-]\d{4})?\)/\Z")
_CIM = re.compile(r"(\d{4})(\d\d)(\d\d)[\d*]{6}(?:\.[\d*]+)?(?:[+-][\d*]+)?\Z")
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_MONTH_OR_DAY_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?!\d)")
_SECONDS = re.compile(r"[1-4]\d{8,9}\Z")
_FILE_TIME = re.compile(r"(?:0x)?(01[0-9A-Fa-f]{14})\Z")


def day_of(text: str, *, midnight: bool = False) -> str | None:
    """`20130813153755.000000+120`, `/Date(1376401075000)/`, `20101015`, `1/15/2011`, `2011-01-15...`, `15.1.2011`.

    `midnight`: of what is a day and no time. PowerShell makes that an instant, the midnight of some place, which is
    told as another's; the nearest midnight is meant.
    """
    text = text.strip()
    at = _instant(text, midnight=midnight)
    if at is not None:
        return _told((at + DAY / 2 if midnight else at).date())
    found = _CIM.match(text) or _ISO.match(text)
    if found:
        return _day(*(int(part) for part in found.groups() if part.isdecimal()))
    found = _MONTH_OR_DAY_FIRST.match(text)
    if found:
        first, sign, second, year = int(found[1]), found[2], int(found[3]), int(found[4])
        # a slash is American order, as everywhere in Windows itself, unless that is no day
        return (None if sign == "." else _day(year, first, second)) or _day(year, second, first)
    return _of_digits(text)


def file_time_day(ticks: int) -> str | None:
    """The day of a FILETIME: tenths of microseconds since 1601."""
    return _of_seconds(ticks // TICKS_A_SECOND - BEFORE_1970)


def _instant(text: str, *, midnight: bool) -> datetime | None:
    """JSON's times, in UTC or where they say; those of ISO 8601 with a zone only where another's midnight is meant."""
    found = _JSON.match(text)
    try:
        if found:
            zone = int(found[2] or 0)
            away = timedelta(hours=abs(zone) // 100, minutes=abs(zone) % 100)
            return datetime.fromtimestamp(int(found[1]) / 1000, UTC) + (away if zone > 0 else -away)
        if midnight and _ISO.match(text):
            told = datetime.fromisoformat(text)
            return told.astimezone(UTC) if told.tzinfo and (told.hour or told.minute) else None
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _of_digits(text: str) -> str | None:
    """`20101015`, or without a zero where one reading alone is a day; seconds since 1970; a FILETIME in hexadecimal."""
    if re.fullmatch(r"\d{8}", text):
        return _day(int(text[:4]), int(text[4:6]), int(text[6:]))
    if re.fullmatch(r"\d{7}", text):
        readings = {_day(int(text[:4]), int(text[4:at]), int(text[at:])) for at in (5, 6)} - {None}
        return readings.pop() if len(readings) == 1 else None
    if _SECONDS.match(text):
        return _of_seconds(int(text))
    found = _FILE_TIME.match(text)
    return file_time_day(int(found[1], 16)) if found else None


def _of_seconds(seconds: int) -> str | None:
    return _told(date(1970, 1, 1) + timedelta(seconds=seconds)) if 0 < seconds < 1 << 32 else None


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return _told(date(year, month, day))
    except ValueError:
        return None


def _told(day: date) -> str | None:
    return day.isoformat() if FIRST_YEAR <= day.year <= LAST_YEAR else None
