"""Days of machines as CSV: one machine and day a line. Source: RFC 4180; UTF-8."""

from __future__ import annotations

import csv
from dataclasses import fields
from typing import TYPE_CHECKING, TextIO

from keskidee_collector.view import DayView
from keskidee_exporters.csv_register import defused

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = tuple([field.name for field in fields(DayView)])


def write(rows: Iterable[DayView], out: TextIO) -> None:
    """Writes a header line and a line a day; units end the columns' names, what was not measured is empty."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(getattr(row, column)) for column in COLUMNS])


def _cell(value: str | float | None) -> str:
    if isinstance(value, str):
        return defused(value)
    return "" if value is None else f"{value:.9g}"
