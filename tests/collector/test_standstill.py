"""A collector that stands still, or is stopped, says nothing of machines that it could not hear."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.stored import stored_days

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collector.served import Served

pytestmark = pytest.mark.slow

INTERVAL = 10
STOPPED_SECONDS = 3 * INTERVAL + 8


def test_a_process_that_was_stopped_for_longer_than_anybody_may_be_silent_finds_all_on(
    serve: Callable[..., Served],
) -> None:
    collector = serve()
    token = collector.token(site="suva", role="server")
    agents = [collector.enrol(name, token) for name in ("files", "mail")]
    for agent in agents:
        assert collector.post(agent, agent.body(facts={"interval_seconds": str(INTERVAL)})).status == 200
    collector.process.popen.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)
    collector.process.popen.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    page = collector.samples()
    found = {dict(labels)["instance"]: value for (name, labels), value in page.items() if name == "keskidee_machine_up"}
    assert (found, page["keskidee_site_up", (("site", "suva"),)]) == ({"files": 1, "mail": 1}, 1)


def test_a_collector_that_is_stopped_keeps_the_day_as_it_stands(serve: Callable[..., Served]) -> None:
    collector = serve()
    agent = collector.enrol("files", collector.token(site="suva", role="server"))
    assert collector.post(agent, agent.body()).status == 200
    collector.stop()
    days = stored_days(collector.data)
    assert {(day.instance, day.site) for day in days} == {("files", "suva")}
