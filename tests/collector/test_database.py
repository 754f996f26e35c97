"""The two files themselves: their tables and owners, migrations that keep a copy first, and files that are refused."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, create_engine, inspect, text

from keskidee_collector.store.database import HEADS, Unusable, migrate, open_database, open_for_reading
from keskidee_collector.store.days import read_days
from keskidee_collector.store.register import read_machines
from keskidee_collector.store.tables import register_metadata
from tests.agent.recordings import as_nobody
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.mark.parametrize("kind", HEADS)
def test_a_new_file_has_the_tables_that_all_migrations_together_make(tmp_path: Path, kind: str) -> None:
    def tables(engine: Engine) -> dict[str, object]:
        found = inspect(engine)
        return {
            name: (
                {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(name)},
                found.get_pk_constraint(name)["constrained_columns"],
                sorted([each["column_names"] for each in found.get_unique_constraints(name)]),
                sorted([(str(each["name"]), each["column_names"]) for each in found.get_indexes(name)]),
            )
            for name in found.get_table_names()
        }

    old = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate(old, kind, None)
    new = open_database(tmp_path / "new.db", kind)
    assert tables(new) == tables(old)
    with old.connect() as before, new.connect() as now:
        heads = [each.execute(text("SELECT version_num FROM alembic_version")).scalar_one() for each in (before, now)]
    assert heads == [HEADS[kind]] * 2


def test_both_files_are_their_owners_alone(tmp_path: Path) -> None:
    Inside(tmp_path).state.close()
    modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("reports.db", "register.db")}
    assert modes == {"reports.db": 0o600, "register.db": 0o600}


REGISTER_0001 = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('register_0001');
CREATE TABLE machines (id VARCHAR NOT NULL PRIMARY KEY, instance VARCHAR NOT NULL UNIQUE, site VARCHAR NOT NULL,
    role VARCHAR NOT NULL, credential_hash BLOB NOT NULL, facts BLOB NOT NULL, enrolled_at FLOAT NOT NULL,
    revoked_at FLOAT, retired_at FLOAT);
CREATE TABLE tokens (id VARCHAR NOT NULL PRIMARY KEY, scope VARCHAR NOT NULL, hash BLOB NOT NULL UNIQUE,
    site VARCHAR NOT NULL, role VARCHAR NOT NULL, created_at FLOAT NOT NULL, expires_at FLOAT, uses_left INTEGER);
INSERT INTO machines VALUES ('a1', 'pc-01', 'suva', 'desktop', x'00', x'7b7d', 1800000000.0, NULL, NULL);
"""


@pytest.mark.parametrize("pragma", [("journal_mode", "wal"), ("synchronous", 2)])
def test_commits_are_durable_when_they_return(tmp_path: Path, pragma: tuple[str, object]) -> None:
    engine = open_database(tmp_path / "reports.db", "reports")
    with engine.connect() as connection:
        assert connection.execute(text(f"PRAGMA {pragma[0]}")).scalar_one() == pragma[1]


@pytest.mark.parametrize("kind", ["reports", "register"])
def test_a_file_of_a_newer_program_is_refused_in_one_line_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.db"
    engine = open_database(path, kind)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{kind}_9999'"))
    engine.dispose()
    before = path.read_bytes()
    with pytest.raises(Unusable) as refused:
        open_database(path, kind)
    assert (str(refused.value), path.read_bytes()) == (f"{path}: written by a newer keskidee ({kind}_9999)", before)
    assert [each.name for each in tmp_path.glob("*.before-*")] == []


def test_a_register_of_before_days_were_counted_is_brought_up_to_date(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "register.db") as database:
        database.executescript(REGISTER_0001)
    engine = open_database(tmp_path / "register.db", "register")
    with engine.connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    [row] = read_machines(engine)
    assert (version, row.instance, row.next_credential_hash, row.credential_at, read_days(engine)) == (
        HEADS["register"],
        "pc-01",
        None,
        row.enrolled_at,  # so it is as old as it is
        [],
    )


def tables_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return sorted(row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))


def test_before_a_migration_the_file_as_it_was_is_kept_beside_and_older_copies_go(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(REGISTER_0001)
    (tmp_path / "register.db.before-register_0001").touch()
    (tmp_path / f"register.db.before-{HEADS['register']}.new").write_bytes(b"left by a start that was killed")
    open_database(path, "register").dispose()
    [kept] = tmp_path.glob("*.before-*")
    assert (kept.name, stat.S_IMODE(kept.stat().st_mode), tables_of(kept)) == (
        f"register.db.before-{HEADS['register']}",
        0o600,
        ["alembic_version", "machines", "tokens"],
    )


def test_a_new_file_and_one_that_is_up_to_date_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        open_database(tmp_path / "register.db", "register").dispose()
    assert list(tmp_path.glob("*.before-*")) == []


def test_a_migration_that_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            REGISTER_0001 + "CREATE TABLE odd (id); CREATE INDEX machine_days_by_machine ON odd (id)"
        )
    with pytest.raises(Unusable, match="index machine_days_by_machine already exists"):
        open_database(path, "register")
    assert tables_of(path) == ["alembic_version", "machines", "odd", "tokens"]


def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(REGISTER_0001)
    (tmp_path / f"register.db.before-{HEADS['register']}").mkdir()  # as good as a full disk: the name cannot be taken
    with pytest.raises(Unusable, match=r"register.db: no copy can be kept before it is brought up to date"):
        open_database(path, "register")
    assert tables_of(path) == ["alembic_version", "machines", "tokens"]


def test_the_migrations_make_the_tables_that_the_program_knows(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "register.db", "register")
    made = MetaData()
    made.reflect(engine)
    columns = {
        table.name: [(c.name, str(c.type), c.nullable, c.primary_key) for c in table.columns]
        for table in register_metadata.sorted_tables
    }
    found = {
        table.name: [(c.name, str(c.type), c.nullable, c.primary_key) for c in table.columns]
        for table in made.sorted_tables
        if table.name != "alembic_version"
    }
    assert found == columns


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "reports.db").write_bytes(content)
    if content:
        with pytest.raises(Unusable, match="file is not a database"):
            open_database(tmp_path / "reports.db", "reports")
    else:
        for name in ("reports.db", "new.db"):
            open_database(tmp_path / name, "reports").dispose()
        assert tables_of(tmp_path / "reports.db") == tables_of(tmp_path / "new.db")


def test_a_register_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no such file"):
        open_for_reading(tmp_path / "register.db")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_account_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "register.db").touch(mode=0o600)
    with as_nobody(), pytest.raises(Unusable, match=r"register\.db: not yours to read; use the account that runs"):
        open_for_reading(tmp_path / "register.db")
