"""A backup of a collector that goes on, restored on an empty machine, is that collector as it was at one moment."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.backup import archive, backup
from keskidee_collector.backup.restore import NotEmpty, restore
from keskidee_collector.backup.unpacking import NotUsable
from keskidee_collector.files import InUse, only_one
from tests.collector.inside import Inside
from tests.collector.pictured import busy, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.collector.inside import Agent


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    (tmp_path / "first").mkdir()
    inside = Inside(tmp_path / "first")
    yield inside
    inside.state.close()


async def backed_up(collector: Inside) -> bytes:
    answer = await collector.administer("POST", "/v1/backup")
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(answer.body)))
    return answer.body


def restored(data: bytes, directory: Path, *, force: bool = False) -> Any:
    return restore(io.BytesIO(data), directory, force=force, begin=lambda _: lambda _: None)


def rows(data: bytes, directory: Path, query: str) -> list[tuple[Any, ...]]:
    """Of the register and the reports in a backup, as databases `register` and `main`."""
    restored(data, directory)
    with closing(sqlite3.connect(directory / "reports.db")) as database:
        database.execute("ATTACH ? AS register", [str(directory / "register.db")])
        return database.execute(query).fetchall()


def test_the_restored_collector_is_the_one_of_the_backup(collector: Inside, tmp_path: Path) -> None:
    def seen(inside: Inside) -> tuple[Any, ...]:
        state = inside.state
        return [picture(machine) for machine in state.fleet], state.access.tokens(), state.register.last_days()

    async def run() -> tuple[Any, Any]:
        await busy(collector)
        data = await backed_up(collector)
        before = seen(collector)
        await collector.report(await collector.enrol("later"))
        restored(data, tmp_path / "second")
        second = Inside(tmp_path / "second", collector.clock)
        after = seen(second)
        second.state.close()
        return before, after

    before, after = asyncio.run(run())
    assert before == after
    assert len(after[2]) == 7  # and the days of its machines were written for it


def test_an_agent_goes_on_at_a_restored_collector(collector: Inside, tmp_path: Path) -> None:
    async def run() -> tuple[list[int], float | None]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent, value=0.25)
        data = await backed_up(collector)
        lost = await collector.report(agent, value=0.5)
        restored(data, tmp_path / "second")
        second = Inside(tmp_path / "second", collector.clock)
        statuses = [lost.status, (await second.report(agent, value=0.75)).status]
        load = await second.load(agent)
        second.state.close()
        return statuses, load

    assert asyncio.run(run()) == ([200, 200], 0.75)


def test_register_and_reports_in_it_are_of_one_moment(collector: Inside, tmp_path: Path) -> None:
    """Machines join, report and are retired meanwhile: each step is acknowledged before the next is asked for."""

    async def life(number: int, stop: asyncio.Event) -> None:
        while not stop.is_set():
            agent = await collector.enrol(f"pc-{number}")
            for _ in range(3):
                await collector.report(agent)
            await collector.administer("POST", f"/v1/machines/{agent.id}/retire")

    async def run() -> list[bytes]:
        stop = asyncio.Event()
        lives = [asyncio.create_task(life(number, stop)) for number in range(4)]
        made = [await backed_up(collector) for _ in range(5)]
        stop.set()
        await asyncio.gather(*lives)
        return made

    strangers = "SELECT count(*) FROM log WHERE machine_id NOT IN (SELECT id FROM register.machines)"
    # a machine is retired in the register first; what it said goes before the answer, in the other file
    unheard = (
        "SELECT count(*) FROM register.machines m WHERE m.retired_at IS NULL"
        " AND m.id NOT IN (SELECT machine_id FROM log) AND m.id NOT IN (SELECT machine_id FROM latest)"
    )
    made = asyncio.run(run())
    for number, data in enumerate(made):
        assert rows(data, tmp_path / f"moment-{number}", strangers) == [(0,)]
        with closing(sqlite3.connect(tmp_path / f"moment-{number}" / "reports.db")) as database:
            database.execute("ATTACH ? AS register", [str(tmp_path / f"moment-{number}" / "register.db")])
            [(count,)] = database.execute(unheard).fetchall()
        assert count <= 4  # who just joined


def test_what_was_acknowledged_before_is_in_it_also_while_others_report(collector: Inside, tmp_path: Path) -> None:
    async def talk(agent: Agent, acknowledged: list[int], stop: asyncio.Event) -> None:
        while not stop.is_set():
            assert (await collector.report(agent)).status == 200
            acknowledged.append(agent.sequence)

    async def run() -> tuple[bytes, list[tuple[Agent, int]]]:
        agents = [await collector.enrol(f"srv-{number}") for number in range(5)]
        told: dict[str, list[int]] = {agent.id: [] for agent in agents}
        stop = asyncio.Event()
        tasks = [asyncio.create_task(talk(agent, told[agent.id], stop)) for agent in agents]
        while not all(told.values()):
            await asyncio.sleep(0.01)
        before = [(agent, told[agent.id][-1]) for agent in agents]
        data = await backed_up(collector)
        stop.set()
        await asyncio.gather(*tasks)
        return data, before

    data, before = asyncio.run(run())
    restored(data, tmp_path / "second")
    second = Inside(tmp_path / "second", collector.clock)
    missing = [
        (agent.instance, number)
        for agent, last in before
        for number in range(1, last + 1)
        if number not in second.machine(agent).sessions[agent.encoder.session]
    ]
    second.state.close()
    assert missing == []


def test_a_second_backup_at_once_is_refused_and_a_later_one_is_not(collector: Inside) -> None:
    async def run() -> tuple[list[int], int]:
        asked = [collector.administer("POST", "/v1/backup") for _ in range(2)]
        both = await asyncio.gather(*asked)
        return sorted(answer.status for answer in both), (await collector.administer("POST", "/v1/backup")).status

    assert asyncio.run(run()) == ([200, 409], 200)


def test_nothing_is_left_of_the_copy(collector: Inside, tmp_path: Path) -> None:
    before = sorted(path.name for path in (tmp_path / "first").iterdir())
    asyncio.run(backed_up(collector))
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == before


def test_what_a_backup_that_was_killed_left_is_removed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / backup.COPY_FOLDER / "tls").mkdir(parents=True)
    Inside(tmp_path).state.close()
    assert not (tmp_path / backup.COPY_FOLDER).exists()


def test_without_room_no_copy_is_made_and_reports_go_on(collector: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "SPARE_BYTES", 1 << 60)

    async def run() -> tuple[int, str, int]:
        answer = await collector.administer("POST", "/v1/backup")
        return answer.status, answer.json["detail"], (await collector.report(await collector.enrol("pc-01"))).status

    status, detail, then = asyncio.run(run())
    assert (status, "a backup needs" in detail, then) == (507, True, 200)


def test_a_database_that_is_gone_is_told_and_holds_up_nobody(collector: Inside, tmp_path: Path) -> None:
    async def run() -> tuple[int, str, int]:
        agent = await collector.enrol("pc-01")
        (tmp_path / "first" / "register.db").rename(tmp_path / "elsewhere")
        answer = await collector.administer("POST", "/v1/backup")
        return answer.status, answer.json["detail"], (await collector.report(agent)).status

    place = tmp_path / "first"
    assert asyncio.run(run()) == (507, f"{place}: its databases are not those of a collector", 200)


def stopped_backup(directory: Path) -> bytes:
    copy = backup.copy_stopped(directory, 1_800_000_000.0)
    data = b"".join(copy.pieces())
    copy.discard()
    return data


def test_one_of_a_stopped_collector_has_its_authority_and_not_its_admin_token(
    collector: Inside, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    (first / "tls").mkdir()
    for name in ("tls/ca.key", "tls/ca.pem", "tls/server.key", "tls/server.pem", "admin-token", "settings.yml"):
        (first / name).write_bytes(name.encode())
    restored(stopped_backup(first), tmp_path / "second")
    found = {str(path.relative_to(tmp_path / "second")): path for path in (tmp_path / "second").rglob("*")}
    assert sorted(found) == [
        "alive", "register.db", "reports.db", "restored-settings.yml", "tls", "tls/ca.key", "tls/ca.pem"
    ]  # fmt: skip
    assert (found["tls/ca.key"].read_bytes(), found["restored-settings.yml"].read_bytes()) == (
        b"tls/ca.key",
        b"settings.yml",
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in found.values() if path.is_file()} == {0o600}
    assert found["alive"].stat().st_mtime == 1_800_000_000.0


def data_of(directory: Path) -> bytes:
    """A backup of an empty collector."""
    directory.mkdir()
    Inside(directory).state.close()
    return stopped_backup(directory)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    data = data_of(tmp_path / "first")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "precious").write_text("yes")
    with pytest.raises(NotEmpty, match=r"second: not empty; --force moves what is there aside$"):
        restored(data, tmp_path / "second")
    assert (listed(tmp_path), listed(tmp_path / "second")) == (["first", "second"], ["precious"])


def test_with_force_what_was_there_is_moved_aside(tmp_path: Path) -> None:
    data = data_of(tmp_path / "first")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "precious").write_text("yes")
    done = restored(data, tmp_path / "second", force=True)
    assert (done.aside / "precious").read_text() == "yes"
    assert listed(tmp_path / "second") == ["alive", "register.db", "reports.db"]


def test_not_even_force_takes_the_directory_of_a_running_collector(tmp_path: Path) -> None:
    data = data_of(tmp_path / "first")
    before = listed(tmp_path)
    (tmp_path / "first" / "lock").touch()
    with only_one(tmp_path / "first"), pytest.raises(InUse):
        restored(data, tmp_path / "first", force=True)
    assert listed(tmp_path) == before


@pytest.mark.parametrize("is_there", [True, False])
def test_an_empty_directory_is_taken_and_an_interrupted_restore_is_no_hindrance(
    tmp_path: Path, *, is_there: bool
) -> None:
    data = data_of(tmp_path / "first")
    if is_there:
        (tmp_path / "second").mkdir()
    (tmp_path / "second.restoring").mkdir()
    (tmp_path / "second.restoring" / "register.db").write_text("half")
    restored(data, tmp_path / "second")
    assert (listed(tmp_path), listed(tmp_path / "second")) == (
        ["first", "second"],
        ["alive", "register.db", "reports.db"],
    )


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_one_that_is_cut_short_leaves_nothing(tmp_path: Path, part: float) -> None:
    data = data_of(tmp_path / "first")
    with pytest.raises(NotUsable):
        restored(data[: int(len(data) * part)], tmp_path / "new" / "second")
    assert listed(tmp_path) == ["first"]


def test_one_of_a_newer_program_leaves_nothing(tmp_path: Path) -> None:
    first = tmp_path / "first"
    data_of(first)
    with closing(sqlite3.connect(first / "register.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'register_9999'")
        database.commit()
    with pytest.raises(NotUsable, match=r"^written by a newer keskidee \(0\.1\.0, register_9999\)$"):
        restored(stopped_backup(first), tmp_path / "second")
    assert listed(tmp_path) == ["first"]


@pytest.mark.parametrize("content", [b"no database" * 1000, b""])
def test_one_whose_database_is_damaged_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    data_of(tmp_path / "first")
    folder = tmp_path / "made-up"
    shutil.copytree(tmp_path / "first", folder)
    damaged = bytearray((folder / "reports.db").read_bytes())
    damaged[4096:4106] = b"\xff" * 10  # the head of its second page
    (folder / "reports.db").write_bytes(content or damaged)
    manifest = archive.describe(folder, version="0.1.0", taken_at=0.0, revisions={})
    with pytest.raises(NotUsable, match=r"^damaged: reports\.db: "):
        restored(b"".join(archive.pieces(folder, manifest)), tmp_path / "second")
    assert listed(tmp_path) == ["first", "made-up"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_belongs_to_the_owner_of_the_place(tmp_path: Path) -> None:
    data = data_of(tmp_path / "first")
    (tmp_path / "second").mkdir()
    os.chown(tmp_path / "second", 1234, 2345)
    restored(data, tmp_path / "second" / "collector")
    everything = [tmp_path / "second" / "collector", *(tmp_path / "second" / "collector").iterdir()]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in everything} == {(1234, 2345)}
