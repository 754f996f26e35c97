"""What a collector answers to reports that are not as they should be, over real connections: status, counter, peace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from keskidee_report.codec import envelope
from keskidee_report.model import Family, Reading
from keskidee_report.wire import SPEAKS
from tests.collector.bad_reports import BAD, BODY_BYTES, LIMITS, samples
from tests.collector.served import LOAD, Answer, Served, difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.collector.served import Agent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("bad-reports"), {"limits": LIMITS})
    yield served
    served.stop()


@pytest.fixture
def agent(collector: Served) -> Agent:
    return collector.enrol("pc-01")


@pytest.fixture
def neighbour(collector: Served) -> Agent:
    return collector.enrol("pc-02")


class Watch:
    """What a collector counted and logged while something happened to it."""

    def __init__(self, collector: Served) -> None:
        self._collector = collector
        self._counts = collector.counts()
        self._log = len(collector.log)

    def counted(self) -> dict[str, float]:
        return difference(self._counts, self._collector.counts())

    def log(self) -> str:
        return self._collector.log[self._log :]


@pytest.fixture
def watch(collector: Served) -> Iterator[Watch]:
    """Whatever was sent: no traceback, and the next machine goes on."""
    watch = Watch(collector)
    yield watch
    assert "Traceback" not in watch.log()
    neighbour = collector.enrol("neighbour")
    assert collector.post(neighbour, neighbour.body()).status == 200


@pytest.mark.parametrize(("make", "status", "reason", "said"), BAD.values(), ids=BAD)
def test_a_report_is_refused_once_counted_and_told(
    collector: Served, agent: Agent, watch: Watch, make: Callable[[Agent], bytes], status: int, reason: str, said: str
) -> None:
    answer = collector.post(agent, make(agent))
    assert (answer.status, watch.counted()) == (status, {reason: 1})
    assert (answer.headers["content-type"], answer.json["status"]) == ("application/problem+json", status)
    assert (answer.json["title"], answer.json["speaks"]) == (reason, SPEAKS)
    assert said in answer.json["detail"]
    path = f"/metrics/machines/{agent.id}"
    assert collector.sample("keskidee_machine_refused_reports_total", instance=agent.instance) == 1
    assert collector.ask("GET", path).status == 503


def test_a_machine_that_was_refused_is_heard_again(collector: Served, agent: Agent, watch: Watch) -> None:
    collector.post(agent, b"?")
    assert collector.post(agent, agent.body()).status == 200
    assert watch.counted() == {"malformed": 1, "stored": 1}


def test_a_machine_that_goes_on_sending_rubbish_is_logged_once(collector: Served, agent: Agent, watch: Watch) -> None:
    for _ in range(5):
        collector.post(agent, b"?")
    assert watch.log().count("report refused") == 1


def test_a_machine_that_is_wrong_and_right_by_turns_does_not_fill_the_log(
    collector: Served, agent: Agent, watch: Watch
) -> None:
    for _ in range(5):
        assert [collector.post(agent, body).status for body in (b"?", agent.body(samples(501)), agent.body())] == [
            422, 422, 200,
        ]  # fmt: skip
    assert watch.log().count("report refused") == 1


def test_a_reserved_label_costs_its_family_alone(collector: Served, agent: Agent, watch: Watch) -> None:
    family = Family("backup_age_seconds", "gauge", "")
    answer = collector.post(agent, agent.body(Reading("textfile", "ok", samples=[family(1.0, job="x"), LOAD(0.5)])))
    path = f"/metrics/machines/{agent.id}"
    assert (answer.status, watch.counted()) == (200, {"stored": 1})
    assert collector.sample("node_load1", path, instance=agent.instance) == 0.5
    assert collector.sample("keskidee_machine_refused_families", instance=agent.instance) == 1
    assert b"backup_age_seconds" not in collector.ask("GET", "/metrics").body


def test_a_repeat_is_accepted_stored_once_and_counted(collector: Served, agent: Agent, watch: Watch) -> None:
    body = agent.body()
    assert [collector.post(agent, body).status for _ in range(3)] == [200, 200, 200]
    assert watch.counted() == {"stored": 1, "repeat": 2}


def test_a_report_twice_in_one_post_is_stored_once(collector: Served, agent: Agent, watch: Watch) -> None:
    report = agent.report()
    assert collector.post(agent, agent.packed([*agent.names(report), report.frame, report.frame])).status == 200
    assert watch.counted() == {"stored": 1, "repeat": 1}


def test_names_that_are_asked_for_and_sent_again_are_taken(collector: Served, agent: Agent, watch: Watch) -> None:
    report = agent.report()
    first = collector.post(agent, agent.packed([report.frame]))
    again = collector.post(agent, agent.packed([*agent.names(report), report.frame]))
    then = collector.post(agent, agent.packed([agent.report().frame]))
    assert [first.status, again.status, then.status] == [409, 200, 200]
    assert watch.counted() == {"schema_unknown": 1, "stored": 2}


@pytest.mark.parametrize("off_seconds", [-40 * 365 * 86400, -3600, 86400, 40 * 365 * 86400])
def test_a_clock_far_off_is_accepted_and_told(collector: Served, agent: Agent, watch: Watch, off_seconds: int) -> None:
    began = time.time()
    body = agent.body(wall_ms=int((began + off_seconds) * 1000))
    assert collector.post(agent, body).status == 200
    took = time.time() - began
    offset = collector.sample("keskidee_machine_clock_offset_seconds", instance=agent.instance)
    assert offset == pytest.approx(off_seconds, abs=0.1 + took)
    assert collector.sample("node_load1", f"/metrics/machines/{agent.id}", instance=agent.instance) == 0.5
    assert watch.counted() == {"stored": 1}


@pytest.mark.parametrize("sent", [(0, 0), (2**64 - 1, 2**64 - 1), (0, 2**64 - 1)])
def test_clocks_at_the_end_of_their_numbers_spoil_no_page(
    collector: Served, agent: Agent, watch: Watch, sent: tuple[int, int]
) -> None:
    found = [Reading("loadavg", "ok", samples=[LOAD(0.5)]), Reading("dmi", "denied", "needs root")]
    for sequence, (boot_ms, wall_ms) in enumerate([(0, 0), (2**64 - 1, 2**64 - 1), sent]):
        report = agent.encoder.report(found, sequence=sequence, boot_ms=boot_ms, wall_ms=wall_ms)
        body = envelope(agent.encoder.session, *sent, [*agent.names(report), report.frame])
        assert collector.post(agent, body).status == 200
    pages = ["/", "/metrics", "/metrics/self", f"/metrics/machines/{agent.id}", "/v1/targets"]
    assert [collector.ask("GET", page).status for page in pages] == [200] * len(pages)
    assert watch.counted() == {"stored": 3}


def wrong(collector: Served, agent: Agent, answer: Answer, watch: Watch) -> tuple[int, dict[str, float]]:
    assert collector.ask("GET", f"/metrics/machines/{agent.id}").status in (404, 503)
    return answer.status, watch.counted()


@pytest.mark.parametrize("credential", ["x", "x" * 43, "é" * 10, "Bearer x", "\u00ff"])
def test_a_wrong_credential_is_refused(collector: Served, agent: Agent, watch: Watch, credential: str) -> None:
    line = collector.line()
    line.send(agent.request(agent.body(), credential=credential))
    assert wrong(collector, agent, line.answer(), watch) == (401, {"credential": 1})


def test_another_machines_credential_is_refused(
    collector: Served, agent: Agent, neighbour: Agent, watch: Watch
) -> None:
    line = collector.line()
    line.send(agent.request(agent.body(), credential=neighbour.credential))
    assert wrong(collector, agent, line.answer(), watch) == (401, {"credential": 1})


def test_a_machine_that_never_enrolled_is_refused(collector: Served, agent: Agent, watch: Watch) -> None:
    line = collector.line()
    line.send(agent.request(agent.body(), path=f"/v1/machines/{'0' * 32}/reports"))
    assert wrong(collector, agent, line.answer(), watch) == (401, {"credential": 1})


@pytest.mark.parametrize(("change", "status", "reason"), [("revoke", 403, "revoked"), ("retire", 410, "retired")])
def test_a_machine_that_was_sent_away_is_refused(
    collector: Served, agent: Agent, watch: Watch, change: str, status: int, reason: str
) -> None:
    assert collector.administer("POST", f"/v1/machines/{agent.id}/{change}").status == 200
    assert wrong(collector, agent, collector.post(agent, agent.body()), watch) == (status, {reason: 1})


def test_an_agent_hears_why_its_large_report_was_refused_before_the_line_is_cut(
    collector: Served, agent: Agent, watch: Watch
) -> None:
    line = collector.line()
    line.send(agent.request(bytes(3 * BODY_BYTES)))
    answer = line.answer()
    assert (answer.status, answer.headers["connection"], line.is_closed()) == (413, "close", True)
    assert watch.counted() == {"too_large": 1}


def test_many_reports_of_one_machine_at_once_are_bounded(collector: Served, agent: Agent, watch: Watch) -> None:
    lines = [collector.line() for _ in range(7)]
    body = agent.body()
    for line in lines[:4]:
        line.send(agent.request(body, headers="Expect: 100-continue\r\n")[: -len(body)])
        assert line.answer().status == 100  # its body is being waited for
    for line in lines[4:]:
        line.send(agent.request(body))
    refused = [line.answer() for line in lines[4:]]
    for line in lines[:4]:
        line.send(body)
    assert [(answer.status, answer.headers["retry-after"]) for answer in refused] == [(429, "30")] * 3
    assert [line.answer().status for line in lines[:4]] == [200] * 4
    assert watch.counted() == {"limit": 3, "stored": 1, "repeat": 3}
