"""What an agent sends in a round: names once, the live report first, the backlog after it and oldest first."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from keskidee_agent import clock
from keskidee_agent.courtesy import ROUNDS_AT_MOST
from keskidee_agent.delivery import BATCH_REPORTS, Delivery
from keskidee_agent.origin import origin_of
from keskidee_agent.spool import Spool
from keskidee_agent.transport import Transport
from keskidee_agent.waiting import Waiter
from keskidee_report.codec import Encoder
from keskidee_report.model import OK, Family, Reading
from tests.agent.collecting import Collector
from tests.agent.listening import Listener
from tests.agent.spooling import kill

TEMPERATURE = Family("node_cooling_device_cur_state", "gauge", "What cools, and how much")
LOAD = Family("node_load1", "gauge", "1m load average")


class Agent:
    """Encoder, spool and delivery as the resident has them, with a round that is called by the test."""

    def __init__(self, folder: Path, url: str, session: bytes = b"session1") -> None:
        self.told: list[str] = []
        self.facts = {"hostname": "pc-01"}
        self.encoder = Encoder(session)
        self.spool = Spool(str(folder), self.encoder.schema_frames, warn=self.told.append)
        transport = Transport(origin_of(url), "ab12", "secret", "", Waiter())
        self.delivery = Delivery(transport, self.spool, self.encoder, facts=lambda: self.facts, warn=self.told.append)
        self.sequence = 0
        self.zones = ["a"]
        self.cores: list[str] = []
        self.urgent = False
        self.courteous = False

    def round(self, *, send: bool = True) -> None:
        samples = [TEMPERATURE(20.0 + self.sequence, zone=zone) for zone in self.zones]
        loads = [LOAD(0.5), *[LOAD(0.5, core=core) for core in self.cores]]
        readings = [Reading("loadavg", OK, samples=loads), Reading("thermal", OK, samples=samples)]
        now, wall = clock.boot_ms(), clock.wall_ms()
        self.spool.hold(self.encoder.report(readings, sequence=self.sequence, boot_ms=now, wall_ms=wall))
        self.sequence += 1
        if send:
            self.deliver()

    def deliver(self) -> None:
        self.delivery._paused_until_ms = 0  # the pauses have tests of their own
        if not self.courteous:  # the machine of the test may be slow
            self.delivery._courtesy._rounds = ROUNDS_AT_MOST
        self.delivery.deliver(5, 15, urgent=self.urgent)

    def rounds(self, count: int, *, send: bool = True) -> None:
        for _ in range(count):
            self.round(send=send)


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def listener(collector: Collector) -> Iterator[Listener]:
    listener = Listener(collector)
    yield listener
    listener.close()


@pytest.fixture
def agent(tmp_path: Path, listener: Listener) -> Iterator[Agent]:
    agent = Agent(tmp_path / "spool", listener.url)
    yield agent
    kill(agent.spool)


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


def test_what_is_refused_for_good_is_dropped_counted_and_told(agent: Agent, collector: Collector) -> None:
    collector.statuses = [422]
    agent.rounds(2)
    assert collector.reports == [1]
    assert agent.spool.dropped["refused"] == 1
    assert [line.partition(" reason")[0] for line in agent.told] == ["delivery=refused reports=1"]


def test_one_bad_report_in_the_backlog_costs_no_other(agent: Agent, collector: Collector) -> None:
    collector.refuse = lambda sequences: 422 if 3 in sequences else 0
    agent.rounds(7, send=False)
    agent.rounds(12)
    assert sorted(collector.reports) == [n for n in range(19) if n != 3]
    assert agent.spool.dropped["refused"] == 1


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
