"""One thread writes: many callers share a commit, one bad row costs only itself, and a full disk is told once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from keskidee_collector.store.database import open_database
from keskidee_collector.store.tables import parts
from keskidee_collector.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keskidee_collector.store.writer import Statement

PART = insert(parts)


def row(number: int) -> list[Statement]:
    return [(PART, {"hash": number.to_bytes(4), "payload": b"x"})]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(tmp_path / "reports.db", "reports")


@pytest.fixture
def writer(engine: Engine) -> Iterator[Writer]:
    writer = Writer(engine, "test")
    yield writer
    writer.close()


def stored(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(select(parts.c.hash)).all())


async def all_of(writer: Writer, count: int) -> list[BaseException | None]:
    return await asyncio.gather(*[writer.save(row(number)) for number in range(count)], return_exceptions=True)


def test_what_was_saved_is_there(engine: Engine, writer: Writer) -> None:
    asyncio.run(writer.save(row(1)))
    assert stored(engine) == 1


def test_many_callers_share_few_commits(engine: Engine, writer: Writer) -> None:
    assert asyncio.run(all_of(writer, 300)) == [None] * 300
    assert (stored(engine), writer.commits < 30) == (300, True)


def test_what_comes_in_one_turn_of_the_loop_is_one_commit(engine: Engine, writer: Writer) -> None:
    assert asyncio.run(all_of(writer, 40)) == [None] * 40
    assert (stored(engine), writer.commits) == (40, 1)


def test_the_loop_can_wait_until_all_is_written(engine: Engine, writer: Writer) -> None:
    async def run() -> tuple[bool, int, int]:
        saving = asyncio.gather(*[writer.save(row(number)) for number in range(5)])
        for _ in range(3):
            await asyncio.sleep(0)
        found = (writer.wait_written(20.0), stored(engine), writer.waiting())
        await saving
        return found

    assert asyncio.run(run()) == (True, 5, 0)


def test_a_bad_row_costs_its_caller_and_nobody_else(engine: Engine, writer: Writer) -> None:
    async def run() -> list[BaseException | None]:
        good = [writer.save(row(number)) for number in range(20)]
        bad = writer.save([*row(1000), *row(0)])
        return await asyncio.gather(*good, bad, return_exceptions=True)

    *good, bad = asyncio.run(run())
    assert (good, type(bad), stored(engine), writer.failures) == ([None] * 20, IntegrityError, 20, 1)


def test_a_bad_row_does_not_make_the_collector_unready(writer: Writer) -> None:
    async def run() -> None:
        await writer.save(row(0))
        with pytest.raises(IntegrityError):
            await writer.save(row(0))

    asyncio.run(run())
    assert not writer.failing


def fill_the_disk(engine: Engine) -> None:
    """The file may not grow any more: what SQLite says then is what it says of a full disk."""
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))


def test_a_full_disk_is_told_to_callers_and_once_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = open_database(tmp_path / "reports.db", "reports")
    engine.dispose()
    from sqlalchemy import event

    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 12"))
    writer = Writer(engine, "test")

    async def run() -> list[BaseException | None]:
        big = [(PART, {"hash": number.to_bytes(4), "payload": bytes(100_000)}) for number in range(5)]
        return await asyncio.gather(*[writer.save([each]) for each in big], return_exceptions=True)

    with caplog.at_level(logging.ERROR):
        failed = asyncio.run(run())
    assert {type(each) for each in failed} == {OperationalError}
    assert (writer.failing, writer.failures, stored(engine)) == (True, 5, 0)
    assert [record.getMessage() for record in caplog.records] == ["commit failed error=database or disk is full"]
    writer.close()


def test_a_disk_that_has_room_again_is_written_to_again(engine: Engine, writer: Writer) -> None:
    async def run() -> bool:
        with pytest.raises(OperationalError):
            await writer.save([(text("INSERT INTO nothing VALUES (1)"), {})])
        failing = writer.failing
        await writer.save(row(1))
        return failing

    assert (asyncio.run(run()), writer.failing, stored(engine)) == (True, False, 1)


def test_a_job_has_a_commit_of_its_own_in_its_turn(engine: Engine, writer: Writer) -> None:
    seen: list[int] = []

    def count(connection: Connection) -> None:
        seen.append(len(connection.execute(select(parts.c.hash)).all()))

    async def run() -> None:
        await asyncio.gather(*[writer.save(work) for work in (row(1), count, row(2), row(3), count)])

    asyncio.run(run())
    assert (seen, stored(engine)) == ([1, 3], 3)


def test_a_job_that_fails_leaves_nothing_and_costs_nobody_else(engine: Engine, writer: Writer) -> None:
    def half(connection: Connection) -> None:
        connection.execute(PART, [{"hash": b"half", "payload": b""}])
        raise SQLAlchemyError("no")

    async def run() -> list[BaseException | None]:
        return await asyncio.gather(*[writer.save(work) for work in (row(1), half, row(2))], return_exceptions=True)

    first, failed, last = asyncio.run(run())
    assert (first, type(failed), last, stored(engine)) == (None, SQLAlchemyError, None, 2)


def test_what_was_queued_when_it_closes_is_written(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "reports.db", "reports")
    writer = Writer(engine, "test")

    async def run() -> None:
        for number in range(50):
            task = asyncio.create_task(writer.save(row(number)))
            await asyncio.sleep(0)
            task.cancel()

    asyncio.run(run())
    writer.close()
    assert stored(engine) == 50
