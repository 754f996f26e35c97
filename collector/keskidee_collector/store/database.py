"""Opens a SQLite file the way both stores need it, and brings its tables up to date with Alembic.

A new file gets the tables of today at once: Alembic takes ten megabytes of the process that imports it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError

from keskidee_collector.files import pretend_instead
from keskidee_collector.store.copies import keep_copy
from keskidee_collector.store.tables import register_metadata, reports_metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

HEADS = {"reports": "reports_0003", "register": "register_0009"}
"""The newest migration of each file."""
CACHE_KIB = 512
"""Pages that each connection keeps for itself; the system keeps the file in memory too. SQLite's own 2 MiB saved no CPU
here, and cost 1 MiB a file."""
METADATA = {"reports": reports_metadata, "register": register_metadata}

_migrated = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps which migration a file is at."""


class Unusable(Exception):
    """A database file that cannot be used, in one line for the person who started the program."""


def open_database(path: Path, kind: str) -> Engine:
    """The engine of a file in WAL with synchronous=FULL, migrated to HEADS[kind]. Raises Unusable."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 10})
    event.listen(engine, "connect", _configure)
    try:
        if not inspect(engine).get_table_names():
            _create(engine, kind)
        elif (version := _version(engine)) != HEADS[kind]:
            migrate(engine, kind, version)
    except DatabaseError as error:
        raise Unusable(f"{path}: {error.orig}") from error
    os.chmod(path, 0o600)
    return engine


def open_for_reading(path: Path) -> Engine:
    """A read-only engine of a file that another process may be writing. Raises Unusable where it cannot be read."""
    try:
        path.open("rb").close()
    except FileNotFoundError:
        hint = pretend_instead(path.parent) or "; is this the data directory of a collector?"
        raise Unusable(f"{path}: no such file{hint}") from None
    except PermissionError:
        raise Unusable(f"{path}: not yours to read; use the account that runs the collector") from None
    return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", connect_args={"timeout": 10})


def _configure(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    cursor.close()


def _create(engine: Engine, kind: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN")  # the driver begins none for tables, and half of them would be no use
        METADATA[kind].create_all(connection)
        _migrated.create(connection)
        connection.execute(_migrated.insert(), {"version_num": HEADS[kind]})


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        tables = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")).first()
        if tables is None:
            return None
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else None


def migrate(engine: Engine, kind: str, version: str | None) -> None:
    """Runs the migrations that are missing, all or none; refuses a file that a newer program wrote.

    A file that was there is copied first, to `<file>.before-<newest migration>`; older copies go.
    """
    from alembic import command

    path = Path(str(engine.url.database))
    if version is not None:
        if not is_known(kind, version):
            raise Unusable(f"{path}: written by a newer keskidee ({version})")
        _keep_before(path, HEADS[kind])
    config = _alembic(kind)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver would begin at the first row, after new tables
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_known(kind: str, version: str) -> bool:
    """Whether this program has that migration of `reports` or `register`, so that it can read such a file."""
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    try:
        return ScriptDirectory.from_config(_alembic(kind)).get_revision(version) is not None
    except CommandError:
        return False


def _alembic(kind: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", f"keskidee_collector.store:{kind}_migrations")
    return config


def _keep_before(path: Path, revision: str) -> None:
    kept = path.with_name(f"{path.name}.before-{revision}")
    try:
        keep_copy(path, kept)
    except (sqlite3.Error, OSError) as error:
        raise Unusable(f"{path}: no copy can be kept before it is brought up to date: {error}") from error
    for older in path.parent.glob(f"{path.name}.before-*"):
        if older != kept:
            older.unlink()
