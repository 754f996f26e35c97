"""A collector that is killed in the middle of its work has, when it starts again, everything that it acknowledged.

`KESKIDEE_KILLS=100 pytest tests/collector/test_kill.py` for a longer run.
"""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import Reading
from tests.collector.served import LOAD, Agent, Line, Served, difference

if TYPE_CHECKING:
    from collections.abc import Callable

AGENTS = 20
KILLS = int(os.environ.get("KESKIDEE_KILLS", "5"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 20 * KILLS)]


@dataclass
class Talker:
    """An agent that reports as fast as it gets answers, and remembers what was acknowledged."""

    agent: Agent
    acknowledged: list[bytes] = field(default_factory=list)
    shown: float = 0.0
    unanswered: tuple[bytes, float] | None = None
    statuses: set[int] = field(default_factory=set)

    def talk(self, collector: Served, stop: threading.Event) -> None:
        """Reports until it is stopped or the line breaks. Names go along with the first report of its life."""
        line = Line(collector.port)
        while not stop.is_set():
            value = float(self.agent.sequence + 1)
            report = self.agent.report(Reading("loadavg", "ok", samples=[LOAD(value)]))
            names = [] if self.acknowledged else self.agent.names(report)
            self.unanswered = (report.frame, value)
            try:
                line.send(self.agent.request(self.agent.packed([*names, report.frame])))
                status = line.answer().status
            except (OSError, EOFError):
                return
            self.statuses.add(status)
            if status == 200:
                self.acknowledged.append(report.frame)
                self.shown, self.unanswered = value, None

    def check(self, collector: Served) -> None:
        """All that was acknowledged is a repeat, and the page shows it or what was on its way."""
        shown = collector.sample("node_load1", instance=self.agent.instance, path=f"/metrics/machines/{self.agent.id}")
        assert shown in {self.shown, self.unanswered[1] if self.unanswered else self.shown}
        before = collector.counts()
        for start in range(0, len(self.acknowledged), 1000):
            frames = self.acknowledged[start : start + 1000]
            assert collector.post(self.agent, self.agent.packed(frames)).status == 200
        assert difference(before, collector.counts()) == {"repeat": len(self.acknowledged)}


def test_what_was_acknowledged_survives_kill_9_at_any_moment(serve: Callable[..., Served]) -> None:
    collector = serve()
    talkers = [Talker(collector.enrol(f"srv-{number:02}")) for number in range(AGENTS)]
    moments = random.Random(os.environ.get("KESKIDEE_KILL_SEED", "kiskadee"))
    for _ in range(KILLS):
        stop = threading.Event()
        threads = [threading.Thread(target=talker.talk, args=(collector, stop)) for talker in talkers]
        for thread in threads:
            thread.start()
        time.sleep(moments.uniform(0.3, 1.5))
        collector.kill()
        stop.set()
        for thread in threads:
            thread.join()
        collector.start()
        for talker in talkers:
            talker.check(collector)
    assert set().union(*[talker.statuses for talker in talkers]) == {200}  # and nobody was asked for names again
    assert min(len(talker.acknowledged) for talker in talkers) > KILLS
    assert "Traceback" not in collector.log
