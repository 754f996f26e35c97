"""The backlog: after the live report and oldest first, in batches, with the names it needs and little more."""

import os
from pathlib import Path

from keskidee_agent.delivery.delivery import BATCH_REPORTS
from tests.agent.collecting import Collector
from tests.agent.delivering import Agent
from tests.agent.listening import Listener


def test_after_an_outage_the_live_report_goes_first_and_the_backlog_oldest_first(
    agent: Agent, collector: Collector
) -> None:
    agent.round()
    collector.statuses = [503] * 5
    agent.rounds(5)
    agent.round()
    assert collector.reports == [0, 6, 1, 2, 3, 4, 5]
    assert agent.spool.reports == 0


def test_a_long_backlog_goes_out_one_batch_a_round(agent: Agent, collector: Collector) -> None:
    agent.rounds(3 * BATCH_REPORTS, send=False)
    sizes = []
    for _ in range(4):
        before = len(collector.reports)
        agent.round()
        sizes.append(len(collector.reports) - before)
    assert sizes == [1 + BATCH_REPORTS] * 3 + [1]
    assert sorted(collector.reports) == list(range(agent.sequence))


def test_no_batch_follows_a_live_report_that_the_collector_was_slow_to_take(agent: Agent, collector: Collector) -> None:
    agent.rounds(2 * BATCH_REPORTS, send=False)
    agent.round()
    collector.delays, before, agent.courteous = [0.6], len(collector.reports), True
    agent.round()
    assert collector.reports[before:] == [agent.sequence - 1]
    agent.courteous = False
    agent.rounds(2)
    assert sorted(collector.reports) == list(range(agent.sequence))


def test_the_reports_of_an_earlier_process_bring_their_names(
    agent: Agent, collector: Collector, listener: Listener, tmp_path: Path
) -> None:
    agent.zones = ["a", "b", "c"]
    agent.rounds(3, send=False)
    agent.spool.close()
    following = Agent(tmp_path / "spool", listener.url, b"session2")
    following.rounds(2)  # the live report of the earlier process is a segment of its own
    one, two = b"session1", b"session2"
    assert collector.taken == [(two, 0), (one, 0), (one, 1), (two, 1), (one, 2)]


def test_a_backlog_whose_names_were_forgotten_brings_them(agent: Agent, collector: Collector) -> None:
    agent.round()
    agent.rounds(2, send=False)
    agent.zones = ["b"]
    collector.forget()
    agent.round()
    assert collector.reports == [0, 3, 1, 2]
    assert collector.posts[-1] == ["part", "schema", "report", "delta"]


def test_a_backlog_brings_only_the_names_that_are_new(agent: Agent, collector: Collector) -> None:
    agent.zones = [f"zone-{number**9}" for number in range(300)]
    agent.round()
    agent.cores = ["0"]
    agent.rounds(2, send=False)
    agent.cores = []
    agent.round()
    assert collector.posts[1:] == [["delta"], ["part", "schema", "report", "delta"]]
    assert len(collector.bodies[2]) < len(collector.bodies[0]) / 2


def test_a_backlog_is_one_whole_report_and_what_changed_after_it(agent: Agent, collector: Collector) -> None:
    agent.zones = [str(number) for number in range(200)]
    agent.rounds(31, send=False)
    agent.round()
    assert collector.reports == [31, *range(31)]
    assert collector.posts[-1] == ["report", "delta"]
    assert len(collector.bodies[-1]) < 31 * len(collector.bodies[-2]) / 10


def test_one_bad_report_in_the_backlog_costs_no_other(agent: Agent, collector: Collector) -> None:
    collector.refuse = lambda sequences: 422 if 3 in sequences else 0
    agent.rounds(7, send=False)
    agent.rounds(12)
    assert sorted(collector.reports) == [n for n in range(19) if n != 3]
    assert agent.spool.dropped["refused"] == 1


def test_what_was_taken_is_delivered_or_counted_as_dropped(agent: Agent, collector: Collector) -> None:
    agent.rounds(3)
    collector.refuse = lambda sequences: 422 if 5 in sequences else 0
    agent.rounds(40, send=False)
    agent.rounds(50)
    missing = agent.sequence - len({*collector.reports})
    assert (agent.spool.taken, agent.spool.reports) == (93, 0)
    assert missing == sum(agent.spool.dropped.values()) == 1


def test_a_thinned_backlog_arrives_with_names_that_fit_it(
    agent: Agent, collector: Collector, tmp_path: Path, listener: Listener
) -> None:
    agent.zones = ["a", "b"]
    agent.rounds(2)
    agent.rounds(30, send=False)
    agent.spool.close()
    for path in (tmp_path / "spool").glob("*.segment"):
        os.utime(path, (0, path.stat().st_mtime - 2 * 86400))
    following = Agent(tmp_path / "spool", listener.url, b"session2")
    following.round(send=False)  # which thins
    following.rounds(3)
    missing = agent.sequence + following.sequence - len({*collector.taken})
    assert missing == following.spool.dropped["thinned"] > 0
    assert following.spool.reports == 0
    assert {len(snapshot.words) // 8 for snapshot in collector.snapshots} == {3, 2, 1}  # of which one is needed
