"""What the two files hold makes, after a restart, the same collector as before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from keskidee_collector.fleet.sequences import Sequences
from keskidee_collector.store.reports import Latest, ReportStore
from keskidee_report.codec import facts_frame
from tests.collector.inside import Inside
from tests.collector.pictured import busy, picture

if TYPE_CHECKING:
    from pathlib import Path


def test_a_restarted_collector_is_the_one_from_before(tmp_path: Path) -> None:
    async def run() -> tuple[Any, Any]:
        collector = Inside(tmp_path)
        await busy(collector)
        before = {machine.id: picture(machine) for machine in collector.state.fleet}, await shown(collector)
        after = collector.again()
        found = {machine.id: picture(machine) for machine in after.state.fleet}, await shown(after)
        after.state.close()
        return before, found

    before, after = asyncio.run(run())
    assert after == before


async def shown(collector: Inside) -> dict[str, bytes]:
    """The pages, but for what the process says of itself."""
    page = (await collector.ask("GET", "/metrics")).body
    lines = [
        line for line in page.splitlines() if not line.startswith((b"process_", b"python_", b"keskidee_collector_"))
    ]
    return {"/metrics": b"\n".join(lines), "/v1/targets": (await collector.ask("GET", "/v1/targets")).body}


def test_after_a_restart_reports_go_on_without_names_and_repeats_are_repeats(tmp_path: Path) -> None:
    async def run() -> list[int]:
        collector = Inside(tmp_path)
        agent = await collector.enrol("pc-01")
        first = collector.round(agent)
        await collector.post(agent, first)
        after = collector.again()
        report = collector.round(agent)[-1]
        statuses = [(await after.post(agent, frames)).status for frames in ([report], first)]
        counted = await after.samples("/metrics/self")
        after.state.close()
        return [*statuses, int(counted["keskidee_collector_reports_total", (("result", "repeat"),)])]

    assert asyncio.run(run()) == [200, 200, 1]


def test_a_collector_that_cannot_read_what_a_newer_one_stored_asks_for_the_names_again(tmp_path: Path) -> None:
    async def run() -> list[int]:
        collector = Inside(tmp_path)
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        collector.state.close()
        with create_engine(f"sqlite:///{tmp_path / 'reports.db'}").begin() as connection:
            connection.execute(text("UPDATE parts SET payload = x'FF'"))
            connection.execute(text("UPDATE schemas SET payload = CAST(x'FF' || payload AS BLOB)"))
        after = Inside(tmp_path, collector.clock)
        report = after.round(agent)
        statuses = [(await after.post(agent, frames)).status for frames in (report[-1:], report)]
        after.state.close()
        return statuses

    assert asyncio.run(run()) == [409, 200]


def test_facts_survive(tmp_path: Path) -> None:
    async def run() -> dict[str, str]:
        collector = Inside(tmp_path)
        agent = await collector.enrol("pc-01")
        await collector.post(agent, [facts_frame({"hostname": "pc-02", "serial": "é'\"<b>"})])
        after = collector.again()
        facts = after.machine(agent).facts
        after.state.close()
        return {**facts, "instance": after.machine(agent).instance}

    assert asyncio.run(run()) == {"hostname": "pc-02", "serial": "é'\"<b>", "instance": "pc-02"}


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.dictionaries(
        st.binary(min_size=8, max_size=8), st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=5), max_size=4
    )
)
def test_any_sessions_and_sequences_read_back(
    tmp_path_factory: pytest.TempPathFactory, taken: dict[bytes, list[int]]
) -> None:
    store = ReportStore(tmp_path_factory.mktemp("store") / "reports.db")
    sessions = {}
    for session, numbers in taken.items():
        sessions[session] = Sequences()
        for number in numbers:
            sessions[session].add(number)
    row = Latest("x", 1.5, 2.5, -1e10, "sleep", sessions, b"12345678", b"report", 7)
    asyncio.run(store.writer.save([store.latest_row(row)]))
    [found] = store.all_latest()
    store.close()
    ranges = {session: seen.ranges() for session, seen in found.sessions.items()}
    assert (found._replace(sessions={}), ranges) == (
        row._replace(sessions={}), {session: seen.ranges() for session, seen in sessions.items()},
    )  # fmt: skip
