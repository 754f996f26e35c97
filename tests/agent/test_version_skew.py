"""An agent and a collector of different versions, upgraded in whichever order: nothing is lost, all is told."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.delivery.delivery import OLDER_MS
from keskidee_agent.host import clock
from keskidee_report.model import OK, Columns, Family, Reading
from tests.agent.collecting import Collector
from tests.agent.delivering import Agent
from tests.agent.listening import Listener
from tests.agent.spooling import kill

if TYPE_CHECKING:
    from keskidee_report.model import Names

KIB, PAGES = 1 << 10, 1 << 12
FREE = Family("node_memory_MemFree_bytes", "gauge", "Memory", digits=-10)
LOAD = Family("node_load1", "gauge", "1m load average", digits=2)
RESIDENT = Family("keskidee_agent_resident_memory_bytes", "gauge", "Memory", digits=-12)
NAMES: "Names" = ((RESIDENT, {}),)


class Newer(Agent):
    """An agent of today whose sources give columns that the collectors of yesterday do not know."""

    def round(self, *, send: bool = True) -> None:
        readings = [
            Reading("loadavg", OK, samples=[LOAD(0.25)]),
            Reading("meminfo", OK, samples=[FREE(KIB * (5 + self.sequence))]),
            Reading("agent", OK, samples=Columns(NAMES, [7 + self.sequence])),
        ]
        now, wall = clock.boot_ms(), clock.wall_ms()
        self.spool.hold(self.encoder.report(readings, sequence=self.sequence, boot_ms=now, wall_ms=wall))
        self.sequence += 1
        if send:
            self.deliver()

    def backlog_is_due(self) -> None:
        """Ten minutes later."""
        self.delivery._older_until_ms = min(self.delivery._older_until_ms, 1)


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def agent(tmp_path: Path, collector: Collector) -> Iterator[Newer]:
    listener = Listener(collector)
    agent = Newer(tmp_path / "spool", listener.url)
    yield agent
    kill(agent.spool)
    listener.close()


@pytest.mark.parametrize("status", [415, 422])
def test_a_newer_agent_is_seen_at_once_by_an_older_collector_and_loses_nothing(
    agent: Newer, collector: Collector, status: int
) -> None:
    collector.speaks, collector.not_read = 1, status
    agent.rounds(4)
    assert collector.reports == [1, 2, 3]
    assert (agent.spool.reports, sum(agent.spool.dropped.values())) == (1, 0)
    collector.speaks = 2
    agent.backlog_is_due()
    agent.rounds(3)
    assert sorted(collector.reports) == list(range(7))
    assert (agent.spool.reports, agent.encoder.speaks) == (0, 2)
    told = [line.partition(" reason")[0] for line in agent.told]
    assert told == ["delivery=form speaks=1", "delivery=form speaks=2"]


def test_what_is_written_for_an_older_collector_says_the_same(agent: Newer, collector: Collector) -> None:
    collector.speaks = 1
    agent.rounds(3)
    plain = [part.as_doubles for part in agent.encoder._parts.values()]
    assert plain == [False, True, True]
    values = struct.unpack("<qdd", collector.snapshots[-1].words)
    assert values == (25, 7 * KIB, 9 * PAGES)
    assert collector.posts[-1] == ["delta"]


def test_what_is_kept_holds_up_no_live_report_and_is_tried_again_each_ten_minutes(
    agent: Newer, collector: Collector
) -> None:
    collector.speaks = 1
    before = clock.boot_ms()
    agent.rounds(2)
    due = agent.delivery._older_until_ms
    assert before + OLDER_MS <= due <= clock.boot_ms() + OLDER_MS
    agent.rounds(5)
    assert len(collector.posts) == 8  # refused, live and what was kept, and from then on live alone
    assert collector.reports == [1, 2, 3, 4, 5, 6]


def test_a_collector_that_was_away_is_offered_what_was_kept_at_once(agent: Newer, collector: Collector) -> None:
    collector.speaks = 1
    agent.rounds(3)
    collector.speaks, collector.statuses = 2, [503]
    agent.rounds(4)
    assert (sorted(collector.reports), agent.encoder.speaks) == (list(range(7)), 2)


def test_a_collector_that_reads_nothing_of_a_newer_agent_costs_no_report(agent: Newer, collector: Collector) -> None:
    collector.speaks, collector.not_read = 0, 415
    agent.rounds(3)
    assert (collector.reports, agent.spool.reports, sum(agent.spool.dropped.values())) == ([], 3, 0)
    assert agent.told[-1].startswith("delivery=failing reason='the collector is older than this agent")
    collector.speaks = 2
    agent.rounds(4)
    assert (sorted(collector.reports), agent.encoder.speaks) == (list(range(7)), 2)


def test_reports_that_go_together_behind_a_thin_link_are_kept_too(agent: Newer, collector: Collector) -> None:
    agent.rounds(1)
    collector.wishes["batch"] = 3
    agent.rounds(1)
    collector.forget()
    collector.speaks = 1
    agent.rounds(9)
    assert sum(agent.spool.dropped.values()) == 0
    assert agent.encoder.speaks == 1
    collector.speaks = 2
    agent.backlog_is_due()
    agent.rounds(30)
    assert (sorted({*collector.reports}), sum(agent.spool.dropped.values())) == (list(range(agent.sequence)), 0)


def test_an_older_agent_goes_on_as_before(agent: Newer, collector: Collector) -> None:
    agent.encoder.speak(1)
    agent.rounds(3)
    assert (collector.reports, agent.told, agent.encoder.speaks) == ([0, 1, 2], [], 1)
