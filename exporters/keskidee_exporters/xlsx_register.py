"""The register as a workbook: a sheet of assets and one of their history (Office Open XML, ECMA-376).

Rows are written one after the other to temporary files, so that a large register takes no more memory than a small one.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

from keskidee_exporters.csv_register import COLUMNS, MOMENTS, defused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keskidee_collector.view import AssetRow, Change

HISTORY = ("at", "name", "asset_id", "what", "kind", "key", "before", "after", "by")
ROWS_AT_MOST = 1_048_575
"""Below the header, by the format: of a longer history the newest."""
LONGEST_TEXT = 32_767
DAYS = frozenset({"bought_on", "warranty_until"})
SETTINGS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FIRST_YEAR = 1900
"""A sheet knows no day before."""
WIDTH = 16


def write(rows: Iterable[AssetRow], history: Iterable[tuple[str, Change]], out: BinaryIO) -> None:
    """Writes the workbook. Days, moments (UTC) and prices are values to sort and to add up; the rest is text.

    Raises OSError where `out` takes no more, or the temporary folder.
    """
    with tempfile.TemporaryFile() as whole:  # what a zip file could not write it tries again when it is collected
        try:
            _write_book(rows, history, whole)
        except FileCreateError as error:
            raise error.args[0] from None
        whole.seek(0)
        shutil.copyfileobj(whole, out)


def _write_book(rows: Iterable[AssetRow], history: Iterable[tuple[str, Change]], file: IO[bytes]) -> None:
    with xlsxwriter.Workbook(file, SETTINGS) as book:
        sheet = _Sheet(book, "Assets", COLUMNS)
        for row in rows:
            sheet.add([_value(name, getattr(row, name)) for name in COLUMNS])
        sheet.close()
        sheet = _Sheet(book, "History", HISTORY)
        for name, change in history:
            before, after = _fields(change.before), _fields(change.after)
            moment = datetime.fromtimestamp(change.at, UTC)
            sheet.add(
                [moment, name, change.asset_id, change.what, change.kind, change.key, before, after, change.by],
            )
        sheet.close()


class _Sheet:
    """A table under a header that stays, with a filter on each column."""

    def __init__(self, book: Any, name: str, columns: Sequence[str]) -> None:
        self._sheet = book.add_worksheet(name)
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._columns = len(columns)
        self._row = 0
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, self._columns - 1, WIDTH)
        self._sheet.write_row(0, 0, columns, book.add_format({"bold": True}))

    def add(self, values: Sequence[str | float | date | datetime | None]) -> None:
        self._row += 1
        for column, value in enumerate(values):
            if isinstance(value, str):
                self._sheet.write_string(self._row, column, defused(value)[:LONGEST_TEXT])
            elif isinstance(value, datetime):
                self._sheet.write_datetime(self._row, column, value.replace(tzinfo=None), self._moment)
            elif isinstance(value, date):
                self._sheet.write_datetime(self._row, column, value, self._day)
            elif value is not None:
                self._sheet.write_number(self._row, column, value)

    def close(self) -> None:
        self._sheet.autofilter(0, 0, self._row, self._columns - 1)


def _value(name: str, said: Any) -> str | float | date | datetime | None:
    if said in (None, ""):
        return None
    if name in MOMENTS:
        return datetime.fromtimestamp(said, UTC).replace(microsecond=0)
    if name in DAYS:
        day = date.fromisoformat(said)
        return day if day.year >= FIRST_YEAR else str(said)
    return float(said) if name == "price" else str(said)


def _fields(fields: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {said}" for name, said in (fields or {}).items())
