"""Copies of SQLite files as they were at one moment, made while others write to them.

Source: sqlite.org/isolation.html, sqlite.org/backup.html.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Self

from keskidee_collector.files import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

PAGES_AT_ONCE = 256
"""A megabyte or so: the interpreter goes on with others' work between two of them."""


class Pinned:
    """A file as it was when this was made, whatever is committed to it later. Its log grows until this is closed.

    Raises sqlite3.Error where there is no such file, or it is no database.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment is that of a reading
            self.size_bytes = self._number("page_count") * self._number("page_size")
        except sqlite3.Error:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets the moment go."""
        self._connection.close()

    def revision(self) -> str:
        """The newest migration in it; empty where there was none."""
        try:
            row = self._connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:  # no such table
            return ""
        return str(row[0]) if row else ""

    def problem(self) -> str:
        """What is wrong with its structure; empty where nothing is."""
        found = str(self._connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found

    def copy(self, path: Path) -> None:
        """Writes it to a new file of its owner alone; who wants to keep it makes it durable."""
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        copy = sqlite3.connect(path)
        try:
            copy.execute("PRAGMA journal_mode=OFF")  # whoever is interrupted begins anew
            copy.execute("PRAGMA synchronous=OFF")
            self._connection.backup(copy, pages=PAGES_AT_ONCE)
        finally:
            copy.close()

    def _number(self, pragma: str) -> int:
        return int(self._connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def keep_copy(path: Path, kept: Path) -> None:
    """Keeps a copy of a database file beside it, in place of an older one of that name.

    Raises sqlite3.Error, OSError.
    """
    beside = kept.with_name(kept.name + ".new")
    beside.unlink(missing_ok=True)
    try:
        with Pinned(path) as pinned:
            pinned.copy(beside)
        sync_file(beside)
        beside.replace(kept)
    except (sqlite3.Error, OSError):
        beside.unlink(missing_ok=True)
        raise
    sync_folder(kept.parent)


def sync_file(path: Path) -> None:
    """Makes a file durable that somebody else wrote."""
    with open(path, "r+b") as file:
        os.fsync(file.fileno())
