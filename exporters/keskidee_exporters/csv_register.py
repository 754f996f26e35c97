"""The register as CSV: one machine a line. Source: RFC 4180; UTF-8."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.view import AssetRow

COLUMNS = (
    *("instance", "hostname", "id", "site", "role", "maker", "model", "serial", "system"),
    *("first_seen", "last_seen", "state"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def write(rows: Iterable[AssetRow], out: TextIO) -> None:
    """Writes a header line and a line a machine; times in ISO 8601, UTC; unknown is empty."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        texts = [row.instance, row.hostname, row.id, row.site, row.role, row.maker, row.model, row.serial, row.system]
        writer.writerow([*map(defused, texts), _moment(row.first_seen), _moment(row.last_seen), row.state])


def defused(text: str) -> str:
    """A machine's text must not run as a formula in a spreadsheet."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) or text.startswith(("\t", "\r", "\n")) else text


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
