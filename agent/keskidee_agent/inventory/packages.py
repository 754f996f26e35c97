"""The item of an installed package, whichever manager installed it, and the days such managers write."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime

from keskidee_report.items import item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_report.items import Item, Value

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"\w{3} (?:(?P<day>\d\d?) (?P<month>\w{3}) (?P<year>\d{4})|(\w{3}) {1,2}(\d\d?) [\d:]{8} (\d{4}))\b")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
LATEST = 1 << 33  # seconds since 1970: the year 2242


def package(format: str, name: str, version: str, **fields: Value | None) -> Item:  # noqa: A002 - the field's name
    """`software`, keyed by its name; where it is not the system's own format, by the format and the name."""
    key = name if format in SYSTEM_FORMATS else f"{format} {name}"
    return item("software", key, {"name": name, "version": version, "format": format, **fields})


SYSTEM_FORMATS = ("deb", "rpm", "apk", "pacman")


def day_of_seconds(text: str) -> str | None:
    """Seconds since 1970 as the day they were in, in UTC; None where they are no time of a package."""
    text = text.strip()
    if not text.isdecimal() or not 0 < len(text) < 12 or not 0 < int(text) < LATEST:
        return None
    return datetime.fromtimestamp(int(text), UTC).date().isoformat()


def whole(text: str, factor: int = 1) -> int | None:
    """Digits as a number times `factor`; None for another text, and for 0."""
    text = text.strip()
    return int(text) * factor or None if text.isdecimal() and len(text) < 16 else None


def day_in_words(text: str) -> str | None:
    """`Sat 21 Sep 2024 10:00:00 AM CEST`, of old `Sat Sep 21 10:00:00 2024`: the day where the machine stands."""
    found, iso = _DATE.match(text), _ISO.match(text)
    with suppress(ValueError):
        if found:
            day, month, year = found.group("day", "month", "year") if found["day"] else found.group(5, 4, 6)
            return date(int(year), MONTHS.index(month) + 1, int(day)).isoformat()
        return date.fromisoformat(iso[0]).isoformat() if iso else None
    return None
