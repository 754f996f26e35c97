"""Samples that a destination never gets: refused, faulty, too old, unwanted, or gone; at no other sample's cost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from keskidee_exporters.remote_write import delivery
from tests.exporters.remote_write.receiver import Receiver, Reply, Sample, values
from tests.exporters.remote_write.standin import LOAD, MANY, NOON_MS, Log, Part, log_of
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exporters.remote_write.conftest import Sending

pytestmark = pytest.mark.slow  # waits between tries: seconds together


def with_bad_samples(*bad: tuple[int, int], live: bool = False) -> Log:
    """Twenty reports of thirty samples; `bad` are (report, sample), with the value -1."""
    log = Log()
    for report in range(20):
        row = [-1.0 if (report, at) in bad else float(report) for at in range(30)]
        log.add("a", NOON_MS + report * 15_000, (MANY, row), live=live)
    return log


def refusing(status: int) -> Callable[[list[Sample]], Reply]:
    """Refuses a request in which anything is bad, as Prometheus does."""
    return lambda samples: Reply(status, "too old\nmore") if any(each.value == -1.0 for each in samples) else Reply()


@pytest.mark.parametrize(("status", "reason"), [(400, "refused"), (500, "fault")])
@pytest.mark.parametrize("live", [False, True])
def test_a_bad_sample_costs_only_itself(
    receiver: Callable[..., Receiver],
    sending: Sending,
    counted: Callable[..., float],
    *,
    status: int,
    reason: str,
    live: bool,
) -> None:
    log, there = with_bad_samples((7, 13), (8, 0), live=live), receiver(refusing(status))
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    taken = sorted(values(there, "many"))
    assert taken == sorted([float(at) for at in range(20) for _ in range(30 - (at in (7, 8)))])
    assert counted("dropped_samples_total", reason=reason) == 2.0
    assert counted("sent_samples_total") == 598.0


def test_a_request_of_which_all_is_refused_is_given_up_before_it_costs_a_request_a_sample(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "HALVINGS", 20)
    log, there = with_bad_samples(), receiver(lambda _: Reply(400))
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    assert (there.requests, counted("dropped_samples_total", reason="refused")) == (1 + 2 * 20, 600.0)


def test_a_machines_old_backlog_does_not_cost_what_is_live(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float]
) -> None:
    log = log_of(4)
    log.add("a", NOON_MS - 10**9, (MANY, [-1.0] * 30), live=False)
    there = receiver(refusing(500))
    sending(log, url=there.url)
    wait_until(lambda: log.is_read_by("a"))
    assert values(there) == [0.0, 1.0, 2.0, 3.0]
    assert counted("dropped_samples_total", reason="fault") == 30.0


def test_samples_over_the_age_that_is_set_are_not_sent(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float]
) -> None:
    log, there = Log(), receiver()
    log.add("a", NOON_MS - 3_600_001, (MANY, [1.0] * 30), live=False)
    log.add("a", NOON_MS - 3_600_000, (LOAD, [2.0]), live=False)
    sending(log, url=there.url, max_sample_age_seconds=3600)
    wait_until(lambda: log.is_read_by("a"))
    assert (values(there), counted("dropped_samples_total", reason="age")) == ([2.0], 30.0)


def test_what_left_the_queue_is_counted(
    receiver: Callable[..., Receiver], sending: Sending, counted: Callable[..., float]
) -> None:
    log = log_of(1)
    log.gone = (2, 700)
    sending(log, url=receiver().url)
    wait_until(lambda: log.is_read_by("a"))
    assert counted("dropped_samples_total", reason="queue") == 700.0


def test_only_series_that_are_wanted_are_sent(receiver: Callable[..., Receiver], sending: Sending) -> None:
    log, there = Log(), receiver()
    part = Part((("node_load1", ()), ("node_load5", ()), ("go_threads", ())))
    log.add("a", NOON_MS, (part, [1.0, 2.0, 3.0]))
    sending(log, url=there.url, keep=("^node_",), drop=("5$",))
    wait_until(lambda: log.is_read_by("a"))
    assert [series["__name__"] for series in there.series] == ["node_load1"]


def test_each_change_of_state_is_one_line_with_the_first_line_of_the_answer(
    receiver: Callable[..., Receiver], sending: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    log, there = with_bad_samples((3, 3)), receiver()
    there.judge = lambda samples: Reply(429, "slow\ndown") if there.requests < 5 else refusing(422)(samples)
    with caplog.at_level(logging.WARNING):
        sending(log, url=there.url)
        wait_until(lambda: log.is_read_by("a"))
    assert [record.getMessage() for record in caplog.records] == [
        "remote write waits destination=a answer=429 slow",
        "remote write is refused destination=a answer=422 too old",
        "remote write goes on destination=a",
    ]
