"""How times and other people's text are written on the pages. Times come in as UTC epoch seconds."""

from __future__ import annotations

import time
from unicodedata import category

MINUTE, HOUR, DAY = 60, 3600, 86_400
REPLACEMENT = "\ufffd"
MARKS_AT_MOST = 3
"""Marks on one letter: what Vietnamese and Hebrew need. More of them grow over the lines above."""
OFF_REASONS = {"shutdown": "shut down", "sleep": "asleep", "unannounced": "without a goodbye"}
"""Why a machine is off as usual."""
AWAY_REASONS = {
    "shutdown": "shut down",
    "sleep": "asleep",
    "power_loss": "lost its power, or crashed",
    "crash": "its agent ended without a word",
    "stop": "its agent was stopped",
    "upgrade": "its agent was upgraded",
}
"""Why a machine was away, by its agent's word."""
SITE_LENGTH = 100
"""A site's name as it is shown and asked for, at most."""


def shown(text: str, limit: int = 0) -> str:
    """What a machine said, on one line: spaces for line breaks, a mark for what cannot be seen, cut at `limit`.

    Characters that print nothing (controls, and the bidirectional overrides that make a line read backwards) become
    U+FFFD, so that a name which hides something looks like it.
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text if text.isascii() else _unstacked(text)
    return _unstacked("".join(c if c.isprintable() else " " if c.isspace() else REPLACEMENT for c in text))


def _unstacked(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if category(character) in ("Mn", "Me") else 0
        if marks <= MARKS_AT_MOST:
            kept.append(character)
    return "".join(kept)


def span(seconds: float) -> str:
    """A length of time in one unit, rounded down: "12 s", "51 min", "7 h", "3 days"."""
    seconds = max(seconds, 0)
    if seconds < 2 * MINUTE:
        return f"{int(seconds)} s"
    if seconds < 2 * HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)} h"
    return f"{int(seconds // DAY)} days"


def moment(at: float) -> str:
    """Date and time to the second: "2026-03-02 07:12:40 UTC"."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def clock(at: float, now: float) -> str:
    """The time of day, with the date where that is not today's: "07:12", "1 Mar 07:12", "1 Mar 2025 07:12"."""
    then, today = time.gmtime(at), time.gmtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[then.tm_mon - 1]
    year = "" if then.tm_year == today.tm_year else f" {then.tm_year}"
    return f"{then.tm_mday} {month}{year} {time.strftime('%H:%M', then)}"


def iso(at: float) -> str:
    """For a `datetime` attribute: "2026-03-02T07:12:40Z"."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def amount(count: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 machine", "2,340 machines"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def offset(seconds: float) -> str:
    """A clock's distance from the collector's, in words: "42 min behind", "3 h ahead"."""
    return f"{span(abs(seconds))} {'behind' if seconds < 0 else 'ahead'}"
