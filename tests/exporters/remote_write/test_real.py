"""With real receivers: Prometheus with and without a window for late samples, and VictoriaMetrics."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.exporters.remote_write.standin import Log, Part
from tests.receivers import Points, Server, prometheus_server, victoria_server
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exporters.remote_write.conftest import Sending
    from tests.processes import Start

pytestmark = pytest.mark.slow

SERIES = 30
PART = Part(tuple([("node_test", (("at", str(at)),)) for at in range(SERIES)]))
STEP_MS = 15_000


@pytest.fixture
def prometheus(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> Callable[..., Server]:
    """`prometheus(window="6h")`: takes samples that are so late."""
    return lambda *, window: prometheus_server(start, program, free_port(), tmp_path, window=window)


@pytest.fixture
def victoria_metrics(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> Callable[[], Server]:
    """VictoriaMetrics as the README says: a sample that comes twice is one."""
    return lambda: victoria_server(start, program, free_port(), tmp_path)


@pytest.fixture(params=["prometheus", "victoria_metrics"])
def server(request: pytest.FixtureRequest) -> Server:
    made: Server = request.getfixturevalue(request.param)(**({"window": "6h"} if request.param == "prometheus" else {}))
    return made


def noon_ms() -> int:
    """A time of now, as receivers judge samples by their own clock."""
    return int(time.time()) * 1000


def add(log: Log, start_ms: int, count: int, *, live: bool, machine: str = "a") -> Points:
    """Adds reports; gives what must be stored of them."""
    times = [start_ms + each * STEP_MS for each in range(count)]
    for at in times:
        log.add(machine, at, (PART, [at / 1000 + each for each in range(SERIES)]), live=live)
    return {str(each): [(at, at / 1000 + each) for at in times] for each in range(SERIES)}


def test_live_samples_and_a_backlog_from_before_stand_at_their_own_times(server: Server, sending: Sending) -> None:
    log, now = Log(), noon_ms()
    live = add(log, now - 60_000, 4, live=True)
    sending(log, url=server.write)
    wait_until(lambda: log.is_read_by("a"), "the live samples")
    backlog = add(log, now - 3 * 3600_000, 600, live=False)
    wait_until(lambda: log.is_read_by("a"), "the backlog")
    wanted = {at: backlog[at] + live[at] for at in live}
    wait_until(lambda: server.points(now - 4 * 3600_000, now) == wanted, "every sample at its time, once")


def test_a_sender_that_is_killed_and_repeats_leaves_no_sample_twice(server: Server, sending: Sending) -> None:
    log, now = Log(), noon_ms()
    live = add(log, now - 60_000, 4, live=True)
    backlog = add(log, now - 3600_000, 100, live=False)
    sending(log, url=server.write)
    wait_until(lambda: log.is_read_by("a"), "the samples")
    log.cursors["again"] = 0  # nothing of it was noted when it was killed
    sending(log, url=server.write, name="again")
    wait_until(lambda: log.is_read_by("again"), "the repeat")
    wanted = {at: backlog[at] + live[at] for at in live}
    wait_until(lambda: server.points(now - 2 * 3600_000, now) == wanted, "every sample at its time, once")


def test_a_receiver_that_is_killed_in_the_middle_loses_nothing(
    prometheus: Callable[..., Server], sending: Sending, counted: Callable[..., float]
) -> None:
    server, log, now = prometheus(window="6h"), Log(), noon_ms()
    backlog = add(log, now - 3 * 3600_000, 700, live=False)
    sending(log, url=server.write)
    wait_until(lambda: counted("sent_samples_total") > 0, "the first samples")
    server.restart()
    wait_until(lambda: log.is_read_by("a"), "the backlog")
    wait_until(lambda: server.points(now - 4 * 3600_000, now) == backlog, "every sample at its time, once")


def test_what_is_older_than_the_window_is_given_up_and_the_rest_is_taken(
    prometheus: Callable[..., Server], sending: Sending, counted: Callable[..., float]
) -> None:
    server, log, now = prometheus(window="30m"), Log(), noon_ms()
    live = add(log, now - 15_000, 2, live=True)
    sending(log, url=server.write)
    wait_until(lambda: log.is_read_by("a"), "the live samples")
    add(log, now - 5 * 3600_000, 20, live=False)
    fresh = add(log, now - 20 * 60_000, 20, live=False)
    wait_until(lambda: log.is_read_by("a"), "the backlog")
    wait_until(lambda: server.points(now - 3600_000, now) == {at: fresh[at] + live[at] for at in live}, "the rest")
    assert sum(counted("dropped_samples_total", reason=reason) for reason in ("fault", "refused")) == 20 * SERIES


def test_one_sample_that_prometheus_refuses_costs_only_itself(
    prometheus: Callable[..., Server], sending: Sending, counted: Callable[..., float]
) -> None:
    server, log, now = prometheus(window="6h"), Log(), noon_ms()
    log.add("a", now - 60_000, (PART, [1.0] * SERIES))
    sending(log, url=server.write)
    wait_until(lambda: log.is_read_by("a"), "the first samples")
    again = [1.0] * SERIES
    again[17] = 2.0  # another value at a time that has one already
    log.add("a", now - 60_000, (PART, again))
    wanted = add(log, now - 45_000, 3, live=True, machine="b")
    wait_until(lambda: log.is_read_by("a"), "the samples")
    assert counted("dropped_samples_total", reason="refused") == 1.0
    assert server.points(now - 3600_000, now, 'node_test{instance="b"}') == wanted


def test_a_dead_destination_does_not_hold_up_a_real_one(
    server: Server, sending: Sending, free_port: Callable[[], int]
) -> None:
    log, now = Log(), noon_ms()
    sending(log, url=f"http://127.0.0.1:{free_port()}/", name="dead")
    sending(log, url=server.write)
    wanted = add(log, now - 600_000, 40, live=True)
    wait_until(lambda: log.is_read_by("a"), "the samples")
    wait_until(lambda: server.points(now - 3600_000, now) == wanted, "every sample at its time")
    assert log.cursors["dead"] == 0


def test_a_series_that_ended_is_gone_from_an_instant_query(prometheus: Callable[..., Server], sending: Sending) -> None:
    server, log, now = prometheus(window="6h"), Log(), noon_ms()
    log.add("a", now - 30_000, (PART, [1.0] * SERIES))
    log.add("a", now - 15_000, (Part(PART.series[:10]), [2.0] * 10))
    sending(log, url=server.write)
    wait_until(lambda: log.is_read_by("a"), "the samples")
    asked = urlencode({"query": "count(node_test)", "time": str(now / 1000)})
    with urlopen(f"{server.url}/api/v1/query?{asked}", timeout=10) as answer:
        assert [row["value"][1] for row in json.load(answer)["data"]["result"]] == ["10"]
