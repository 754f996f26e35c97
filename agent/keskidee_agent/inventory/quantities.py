"""Quantities as tools write them for people ("16 GB", "3200 MT/s"), in base units. None is what says nothing."""

from __future__ import annotations

import re
from datetime import date

_BYTES = {"b": 0, "k": 1, "kb": 1, "m": 2, "mb": 2, "g": 3, "gb": 3, "t": 4, "tb": 4}
_SIZE = re.compile(r"(\d{1,18})(?:\.(\d{1,6}))?\s*(bytes|[kmgt]byte|[kmgt]?i?b|[kmgt])\b", re.IGNORECASE)
_SPEED = re.compile(r"(\d{1,9})(?:\.\d+)?\s*(?:MHz|MT/s)", re.IGNORECASE)
_GHZ = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*GHz", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,18}\b")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\b")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2,4})\b")
LARGEST = 1 << 63


def size_bytes(text: str) -> int | None:
    """`16 GB`, `8192 kB`, `512M` in bytes, a kilobyte being 1024, as firmware counts. None: no size, or 0."""
    found = _SIZE.match(text.strip())
    if not found:
        return None
    whole, fraction, unit = found.groups()
    factor = 1 << 10 * _BYTES.get(unit.lower().replace("ib", "b").replace("bytes", "b").replace("byte", "b"), 0)
    size = int(whole) * factor + (int(fraction) * factor // 10 ** len(fraction) if fraction else 0)
    return size if 0 < size < LARGEST else None


def megahertz(text: str) -> int | None:
    """`3200 MT/s`, `2400 MHz`, `533 MHz (1.9 ns)`: the number times a million; `2.40GHz` too. None: unknown or 0."""
    found = _SPEED.search(text)
    if found:
        return int(found[1]) * 1_000_000 or None
    found = _GHZ.search(text)
    return round(float(found[1]) * 1e9) or None if found else None


def number(text: str) -> int | None:
    """The whole number that a text begins with: `460 W` is 460. None where it begins with none."""
    found = _NUMBER.match(text.strip())
    return int(found[0]) if found else None


def positive(text: str) -> int | None:
    """As `number`, and 0 means that nobody filled it in."""
    found = number(text)
    return found if found and found > 0 else None


def iso_date(text: str) -> str | None:
    """`05/26/2016` (month first, as firmware writes it) or `2016-05-26` as `2016-05-26`; None: no day of a calendar."""
    found = _ISO.match(text.strip())
    if found:
        year, month, day = (int(part) for part in found.groups())
    else:
        found = _AMERICAN.match(text.strip())
        if not found:
            return None
        month, day, year = (int(part) for part in found.groups())
        if year < 100:
            year += 1900 if year >= 70 else 2000
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def plain_text(text: str) -> str:
    """What a text of hexadecimal digits spells, such as `0x4D33...`; other texts come back as they are."""
    digits = text.removeprefix("0x")
    if digits == text or len(digits) % 2 or len(digits) < 8:
        return text
    try:
        raw = bytes.fromhex(digits).rstrip(b"\0 \xff")
    except ValueError:
        return text
    spelled = raw.decode("ascii", "replace")
    return spelled if spelled.isascii() and spelled.isprintable() and spelled else text
