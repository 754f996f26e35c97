"""What an agent sends in a round: names once, then what changed; and what a refusal, a pause and a goodbye do to it."""

import shutil
from pathlib import Path

import pytest

from keskidee_agent.host import clock
from tests.agent.collecting import Collector
from tests.agent.delivering import Agent
from tests.agent.listening import Listener


def test_names_and_facts_go_out_once(agent: Agent, collector: Collector) -> None:
    agent.rounds(3)
    assert collector.posts == [["facts", "part", "schema", "report"], ["delta"], ["delta"]]
    assert collector.reports == [0, 1, 2]
    assert collector.facts == [{"hostname": "pc-01"}]


def test_facts_go_out_again_when_they_changed(agent: Agent, collector: Collector) -> None:
    agent.round()
    agent.facts = {"hostname": "pc-02"}
    agent.rounds(2)
    assert collector.facts == [{"hostname": "pc-01"}, {"hostname": "pc-02"}]


def test_a_new_zone_sends_the_names_of_its_source_only(agent: Agent, collector: Collector) -> None:
    agent.round()
    agent.zones = ["a", "b"]
    agent.rounds(2)
    assert collector.posts[1:] == [["part", "schema", "report"], ["delta"]]
    assert len(collector.bodies[2]) < len(collector.bodies[1]) < len(collector.bodies[0])


def test_a_collector_that_forgot_all_names_gets_them_at_once(agent: Agent, collector: Collector) -> None:
    agent.round()
    collector.forget()
    agent.rounds(2)
    assert collector.posts[1:] == [["delta"], ["report"], ["facts", "part", "schema", "report"], ["delta"]]
    assert collector.reports == [0, 1, 2]
    assert agent.delivery.failures == 0


def test_a_collector_that_lost_the_base_gets_the_whole_report_without_its_names(
    agent: Agent, collector: Collector
) -> None:
    agent.rounds(2)
    collector.forget_bases()
    agent.rounds(2)
    assert collector.posts[2:] == [["delta"], ["report"], ["delta"]]
    assert agent.delivery.failures == 0


def test_a_delta_says_the_same_as_the_whole_report(agent: Agent, collector: Collector) -> None:
    agent.zones = ["a", "b"]
    for _ in range(4):
        agent.round(send=False)
        live = agent.spool.live
        assert live is not None
        agent.deliver()
        assert collector.snapshots[-1].words == live.snapshot.words
        assert collector.snapshots[-1].sequence == live.sequence
    assert collector.posts[1:] == [["delta"]] * 3


def test_after_a_lost_answer_the_next_delta_is_taken_from_the_last_report_that_was_acknowledged(
    agent: Agent, collector: Collector
) -> None:
    agent.rounds(2)
    collector.lose_answers = 2  # a request on a connection that was kept is tried again at once
    agent.rounds(2)
    assert collector.posts[2:] == [["delta"], ["delta"], ["delta"], ["report"]]
    assert collector.reports == [0, 1, 2, 2, 3, 2]  # repeats, which a collector counts and forgets


def test_a_collector_that_never_knows_the_names_is_asked_once_and_no_more(agent: Agent, collector: Collector) -> None:
    collector.statuses = [409]
    agent.round()
    assert len(collector.posts) == 1
    agent.round()
    assert collector.reports == [1, 0]


def test_what_is_refused_for_good_is_dropped_counted_and_told(agent: Agent, collector: Collector) -> None:
    collector.statuses = [422]
    agent.rounds(2)
    assert collector.reports == [1]
    assert agent.spool.dropped["refused"] == 1
    assert [line.partition(" reason")[0] for line in agent.told] == ["delivery=refused reports=1"]


def test_failures_are_told_once_a_change_and_counted_each_time(agent: Agent, collector: Collector) -> None:
    collector.statuses = [503, 503, 500]
    agent.rounds(4)
    assert [line.split(" ")[0] for line in agent.told] == ["delivery=failing", "delivery=failing", "delivery=working"]
    assert agent.delivery.failures == 3


def test_nothing_is_sent_in_a_pause(agent: Agent, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000_000
    monkeypatch.setattr(clock, "boot_ms", lambda: moment)
    collector.statuses = [401]
    agent.round()
    for _ in range(19):  # a refused credential is tried again after five minutes at the soonest
        moment += 15_000
        agent.round(send=False)
        agent.delivery.deliver(5, 15)
    assert len(collector.posts) == 1
    moment += 330_000
    agent.round(send=False)
    agent.delivery.deliver(5, 15)
    assert len(collector.posts) == 3


def test_the_goodbye_takes_the_waiting_report_along(agent: Agent, collector: Collector) -> None:
    agent.round()
    agent.round(send=False)
    agent.delivery.goodbye(agent.sequence, "shutdown", 2)
    assert collector.posts[-1] == ["report", "goodbye"]
    assert (collector.reports, collector.goodbyes) == ([0, 1], [("shutdown", 2)])
    assert agent.spool.live is None


def test_a_goodbye_that_does_not_arrive_keeps_the_report(
    agent: Agent, collector: Collector, listener: Listener, tmp_path: Path
) -> None:
    agent.round()
    agent.round(send=False)
    collector.statuses = [503]
    agent.delivery.goodbye(agent.sequence, "stop", 2)
    agent.spool.close()
    Agent(tmp_path / "spool", listener.url, b"session2").round()
    assert collector.taken == [(b"session1", 0), (b"session2", 0), (b"session1", 1)]


def test_a_spool_that_is_taken_away_costs_no_live_report(agent: Agent, collector: Collector, tmp_path: Path) -> None:
    agent.round()
    shutil.rmtree(tmp_path / "spool")
    collector.statuses = [503]
    agent.rounds(3)
    assert collector.reports[:2] == [0, 2]
