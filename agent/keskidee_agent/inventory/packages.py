"""The item of an installed package, whichever manager installed it, and the days such managers write."""

from __future__ import annotations

from datetime import UTC, datetime

from keskidee_report.items import item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_report.items import Item, Value

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
