"""What a collector makes of reports, names and facts while its disk takes nothing, and once it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from keskidee_report.codec import facts_frame
from keskidee_report.model import Family, Reading
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from pathlib import Path

    from keskidee_collector.store.writer import Writer


def test_a_report_that_could_not_be_stored_is_neither_shown_nor_a_repeat(collector: Inside) -> None:
    async def run() -> list[object]:
        agent = await collector.enrol("pc-01")
        frames = collector.round(agent)
        with broken_disk(collector):
            refused = await collector.post(agent, frames)
            ready = await collector.ask("GET", "/readyz")
        shown = await collector.load(agent)
        taken = await collector.post(agent, frames)
        healed = await collector.ask("GET", "/readyz")
        return [
            refused.status, refused.headers["retry-after"], ready.status, shown, taken.status,
            await collector.load(agent), healed.status,
        ]  # fmt: skip

    assert asyncio.run(run()) == [503, "30", 503, None, 200, 0.5, 200]


def test_names_whose_commit_failed_are_stored_by_the_next_one_that_succeeds(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Inside:
        first, second = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        disk = Family("node_disk_io_now", "gauge", "Disk.")
        with broken_disk(collector):
            await collector.report(first, Reading("disk", "ok", samples=[disk(1.0)]))
        await collector.report(second)
        await collector.report(first, Reading("disk", "ok", samples=[disk(2.0)]))
        after = collector.again()
        collector.state = after.state
        assert (await after.samples())["node_disk_io_now", (("instance", "pc-01"),)] == 2.0
        return after

    definitions = asyncio.run(run()).state.definitions.all()
    assert sorted(definitions) == ["node_disk_io_now", "node_load1"]


def broken_disk(collector: Inside) -> _BrokenDisk:
    """While it is open every commit to reports.db fails, as on a disk that is full."""
    return _BrokenDisk(collector.state.reports.writer)


class _BrokenDisk:
    def __init__(self, writer: Writer) -> None:
        self._engine = writer._engine

    def __enter__(self) -> None:
        event.listen(self._engine, "checkout", self._fail)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "checkout", self._fail)

    def _fail(self, *_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))


def test_facts_that_the_disk_did_not_take_are_learned_when_they_come_again(tmp_path: Path) -> None:
    async def run() -> tuple[list[int], str, str]:
        collector = Inside(tmp_path)
        agent = await collector.enrol("pc-01")
        collector = collector.again()  # its register has no connection yet
        told = [facts_frame({"hostname": "srv-01", "os": "linux"})]
        with _BrokenDisk(collector.state.register.writer):
            statuses = [(await collector.post(agent, told)).status]
        statuses.append((await collector.post(agent, told)).status)
        after = collector.again()
        machine = after.machine(agent)
        after.state.close()
        return statuses, machine.facts["os"], machine.instance

    assert asyncio.run(run()) == ([503, 200], "linux", "srv-01")
