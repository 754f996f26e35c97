"""The register as CSV: one asset a line. Source: RFC 4180; UTF-8."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.view import AssetRow

COLUMNS = (
    *("instance", "hostname", "id", "site", "role", "maker", "model", "serial", "system"),
    *("first_seen", "last_seen", "state", "asset_id", "asset_tag", "name", "kind", "room", "custodian"),
    *("supplier", "order_number", "bought_on", "warranty_until", "price", "currency", "funds", "note", "inventory_at"),
)
MOMENTS = frozenset({"first_seen", "last_seen", "inventory_at"})
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def write(rows: Iterable[AssetRow], out: TextIO) -> None:
    """Writes a header line and a line an asset; times in ISO 8601, UTC; unknown is empty."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(name, getattr(row, name)) for name in COLUMNS])


def defused(text: str) -> str:
    """A machine's text must not run as a formula in a spreadsheet."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) or text.startswith(("\t", "\r", "\n")) else text


def _cell(name: str, said: Any) -> str:
    return _moment(said) if name in MOMENTS else defused(said)


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
