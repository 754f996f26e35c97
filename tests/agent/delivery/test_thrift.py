"""An agent behind a thin link: reports wait for each other, no hour costs more than its share, what is urgent goes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent import sources
from keskidee_agent.delivery.thrift import BACKLOG, HOUR_MS, LIVE, URGENT, Thrift
from keskidee_agent.delivery.urgency import FAMILIES, SOURCES, state_of
from keskidee_agent.host import clock
from keskidee_report.model import FAILED, OK, Family, Reading
from tests.agent.collecting import Collector
from tests.agent.delivering import Agent
from tests.agent.listening import Listener
from tests.agent.recordings import SOURCES as ALL_SOURCES

READONLY = Family("node_filesystem_readonly", "gauge", "")


@given(
    st.integers(1000, 10_000_000),
    st.lists(st.tuples(st.integers(0, HOUR_MS // 2), st.integers(100, 5000), st.sampled_from([URGENT, LIVE, BACKLOG]))),
)
def test_no_hour_costs_more_than_its_share_and_the_last_post(share: int, posts: list[tuple[int, int, float]]) -> None:
    thrift, now = Thrift(share, 0), 0
    spent: list[tuple[int, int]] = []
    for wait_ms, cost, left_over in posts:
        now += wait_ms
        if thrift.allows(cost, left_over, now):
            thrift.spend(cost, now)
            spent.append((now, cost))
    for began, _ in spent:
        hour = [cost for at, cost in spent if began <= at < began + HOUR_MS]
        assert sum(hour) <= share + hour[-1]


def test_the_last_of_the_share_is_kept_for_what_is_urgent() -> None:
    thrift = Thrift(40_000, 0)  # a bucket of 10,000
    thrift.spend(5_500, 0)
    assert [thrift.allows(500, left_over, 0) for left_over in (URGENT, LIVE, BACKLOG)] == [True, True, False]
    thrift.spend(3_000, 0)
    assert [thrift.allows(500, left_over, 0) for left_over in (URGENT, LIVE, BACKLOG)] == [True, False, False]
    assert thrift.allows(500, LIVE, HOUR_MS // 20)


def test_a_post_that_is_dearer_than_the_bucket_goes_when_it_is_full_and_is_paid_off() -> None:
    thrift = Thrift(4_000, 0)
    assert thrift.allows(9_000, LIVE, 0)
    thrift.spend(9_000, 0)
    assert not thrift.allows(100, URGENT, 2 * HOUR_MS)
    assert thrift.allows(100, URGENT, 3 * HOUR_MS)


def test_reports_wait_for_each_other_and_go_as_one_chain(agent: Agent, collector: Collector) -> None:
    agent.round()
    collector.wishes["batch"] = 4
    agent.round()
    agent.rounds(8)
    assert collector.posts == [["facts", "part", "schema", "report"], ["delta"], ["delta"], ["delta"]]
    assert collector.reports == list(range(10))
    assert agent.spool.reports == 0
    assert [s.words for s in collector.snapshots][2:] != [collector.snapshots[2].words] * 8


def test_four_reports_in_a_post_save_most_of_what_four_posts_cost(agent: Agent, collector: Collector) -> None:
    agent.zones = [str(number) for number in range(100)]
    agent.rounds(5)
    single = sum(map(len, collector.bodies[1:]))
    collector.wishes["batch"] = 4
    agent.rounds(5)
    assert len(collector.bodies[-1]) < single * 0.8


def test_a_backlog_does_not_wait_for_a_thin_link_to_be_quick(agent: Agent, collector: Collector) -> None:
    collector.wishes["bytes_per_hour"] = 10_000_000
    agent.courteous = True
    agent.round()
    agent.rounds(3, send=False)
    collector.delays = [0.6]
    agent.round()
    assert collector.reports == [0, 4, 1, 2, 3]


def test_a_batch_brings_only_the_names_that_are_new(agent: Agent, collector: Collector) -> None:
    collector.wishes["batch"] = 3
    agent.zones = [f"zone-{number**9}" for number in range(300)]
    agent.rounds(2)
    agent.cores = ["0"]
    agent.rounds(2)
    agent.cores = []
    agent.rounds(3)
    assert collector.posts[1:] == [["part", "schema", "delta", "report", "delta"], ["report", "delta"]]
    assert collector.reports == list(range(7))
    assert len(collector.bodies[1]) < len(collector.bodies[0]) / 2


def test_a_batch_whose_base_was_lost_goes_again_with_its_names(agent: Agent, collector: Collector) -> None:
    collector.wishes["batch"] = 3
    agent.round()
    collector.forget()
    agent.rounds(3)
    assert collector.posts[1:] == [["delta"], ["facts", "part", "schema", "report", "delta"]]
    assert collector.reports == [0, 1, 2, 3]


def test_one_bad_report_in_a_batch_costs_no_other(agent: Agent, collector: Collector) -> None:
    collector.wishes["batch"] = 3
    agent.round()
    collector.refuse = lambda sequences: 422 if 2 in sequences else 0
    agent.rounds(18)
    assert sorted(collector.reports) == [n for n in range(19) if n != 2]
    assert agent.spool.dropped["refused"] == 1


def test_a_batch_that_is_lost_with_the_process_is_sent_by_the_next_one(
    agent: Agent, collector: Collector, tmp_path: Path
) -> None:
    listener = Listener(collector)
    collector.wishes["batch"] = 4
    agent.rounds(3)
    agent.spool.close()
    following = Agent(tmp_path / "spool", listener.url, b"session2")
    following.rounds(8)
    listener.close()
    assert [number for session, number in collector.taken if session == b"session1"] == [0, 1, 2]


def test_what_is_urgent_does_not_wait_and_takes_the_others_along(agent: Agent, collector: Collector) -> None:
    collector.wishes["batch"] = 10
    agent.rounds(3)
    agent.urgent = True
    agent.round()
    assert collector.reports == [0, 1, 2, 3]
    assert len(collector.posts) == 2


def test_what_is_urgent_stays_so_until_it_has_arrived(agent: Agent, collector: Collector) -> None:
    collector.wishes["batch"] = 10
    agent.rounds(3)
    collector.statuses = [503]
    agent.urgent = True
    agent.round()
    agent.urgent = False
    agent.rounds(2)
    assert collector.reports == [0, 1, 2, 3, 4]
    assert len(collector.posts) == 3


def test_a_machine_that_used_up_its_share_waits_and_says_so(
    agent: Agent, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000
    monkeypatch.setattr(clock, "boot_ms", lambda: now)
    collector.wishes["bytes_per_hour"] = 4_000
    for _ in range(240):  # an hour at 15 s
        agent.round()
        now += 15_000
    assert 2_000 < agent.delivery.wire_bytes < 4_000
    assert agent.delivery.deferred > 100
    assert agent.spool.reports > 100
    collector.wishes["bytes_per_hour"] = 0
    while agent.spool.reports > 1:
        agent.round()
        now += 15_000
    assert sorted(set(collector.reports)) == list(range(max(collector.reports) + 1))


def test_urgent_is_what_broke_or_works_again() -> None:
    whole = [Reading("filesystem", OK, samples=[READONLY(0, mountpoint="/")]), Reading("cpu", OK)]
    broken = [Reading("filesystem", OK, samples=[READONLY(1, mountpoint="/")]), Reading("cpu", OK)]
    failed = [*whole[:1], Reading("cpu", FAILED, "malformed")]
    assert len({state_of(whole), state_of(broken), state_of(failed)}) == 3
    assert state_of([*whole, Reading("loadavg", OK)]) == state_of(whole)


def test_urgent_families_are_those_of_sources_that_exist() -> None:
    assert set(ALL_SOURCES) >= SOURCES
    text = "".join((Path(sources.__path__[0]) / f"{name}.py").read_text() for name in SOURCES)
    stems = {name: name.removeprefix("node_").split("_")[0] for name in FAMILIES}
    assert [name for name, stem in stems.items() if f"node_{stem}_" not in text] == []


def test_bytes_on_the_wire_are_counted_by_the_kernel(agent: Agent, collector: Collector) -> None:
    agent.rounds(3)
    sent = sum(map(len, collector.bodies))
    assert sent + 3 * 200 < agent.delivery.wire_bytes < sent + 3 * 1500
