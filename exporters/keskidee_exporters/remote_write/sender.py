"""One destination: a thread that reads the log behind its cursor and delivers at the pace of that destination."""

from __future__ import annotations

import logging
import re
from threading import Event, Thread
from typing import TYPE_CHECKING

from keskidee_collector.view import labels_text
from keskidee_exporters.remote_write.batches import Batch, Batches
from keskidee_exporters.remote_write.client import Client
from keskidee_exporters.remote_write.counters import AGE, QUEUE
from keskidee_exporters.remote_write.delivery import Delivery
from keskidee_exporters.remote_write.encode import Block
from keskidee_exporters.remote_write.names import Catalogue
from keskidee_exporters.remote_write.outlook import OwnSeries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from keskidee_collector.view import View
    from keskidee_exporters.remote_write.counters import DestinationCounters
    from keskidee_exporters.remote_write.feed import Feed, PassedReport
    from keskidee_exporters.remote_write.outlook import Outlook
    from keskidee_exporters.remote_write.settings import Settings

SAMPLES_READ = 100_000
REPORTS_READ = 1000
"""A reading of the log holds about so many at most."""
FIRST_READ = 50
WAIT_SECONDS = 1.0
PROBE = "keskidee_remote_write_probe_info"
"""What is sent, with value 1, to learn whether a destination that fails at a request takes anything else."""
TROUBLE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The sender was told to stop. What was not taken is read again by the next one."""


class Sender:
    """Runs in its thread from `start` to `stop`."""

    def __init__(
        self, view: View, feed: Feed, outlook: Outlook, settings: Settings, counters: DestinationCounters, instance: str
    ) -> None:
        self._now_ms: Callable[[], int] = lambda: int(view.now() * 1000)
        self._feed = feed
        self._outlook = outlook
        self._settings = settings
        self._counters = counters
        catalogue = Catalogue(settings.external_labels, _wanted(settings.keep, settings.drop))
        self._batches = Batches(catalogue)
        self._own = OwnSeries(catalogue, instance)
        everything = Catalogue(settings.external_labels, lambda _name: True)
        self._probe = OwnSeries(everything, instance).encoded(PROBE + labels_text({"destination": settings.name}))
        self._client = Client(settings, view.version)
        self._delivery = Delivery(
            self._client, counters, name=settings.name, fresh=self._fresh_body, wait=self._wait_or_stop
        )
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"remote write {settings.name}", daemon=True)
        self._reading = FIRST_READ
        self._lost = 0
        self._live_at = 0
        self._page_at = 0
        self._in_hand: Sequence[PassedReport] = ()
        counters.watch(lambda: len(self._in_hand), self._behind_seconds)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tells it to stop; `join` waits until it has."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Waits for its end. A thread that hangs on a dead connection ends with the process."""
        self._thread.join(seconds)

    def _run(self) -> None:
        """The boundary of an exporter's run: what goes wrong here is logged, and the rest goes on."""
        while not self._stopping.is_set():
            try:
                cursor = self._feed.cursor(self._settings.name)
                while not self._stopping.is_set():
                    cursor = self._step(cursor)
            except Stopped:
                break
            except Exception:
                logger.exception("remote write is interrupted destination=%s", self._settings.name)
                self._stopping.wait(TROUBLE_SECONDS)
        self._client.close()

    def _step(self, cursor: int) -> int:
        """Delivers what is behind the cursor, and what the collector sees by itself; gives the new cursor."""
        look = self._outlook.last  # before the reading: who is off by then has all its reports in it
        reports = self._feed.read(cursor, self._reading)
        self._count_lost()
        if reports:
            full = len(reports) >= self._reading
            if full and not all(each.live for each in reports):  # what is live does not wait behind a backlog
                self._deliver_live(cursor)
            self._deliver_reports([each for each in reports if not (each.live and each.position <= self._live_at)])
            cursor = reports[-1].position
            self._feed.advance(self._settings.name, cursor)
        else:
            full = False
        if look is not None and not full:
            self._deliver(self._batches.ended(look.states, look.at).bounded())
        if look is not None and look.page_at != self._page_at:  # earlier too: a clock may be set back
            self._deliver(self._own.batch(look.page, look.page_at).bounded())
            self._page_at = look.page_at
        if not reports:
            self._feed.wait(cursor, WAIT_SECONDS)
        return cursor

    def _deliver_live(self, cursor: int) -> None:
        """What is live by now. How far that went is not kept: the next sender repeats some, as after a kill."""
        live, position = self._feed.read_live(max(cursor, self._live_at), self._reading)
        self._deliver_reports(live)
        self._live_at = position

    def _deliver_reports(self, reports: Sequence[PassedReport]) -> None:
        if not reports:
            return
        self._in_hand = reports
        samples = sum([len(values) for report in reports for _, values in report.parts])
        self._deliver(self._batches.of(self._young_enough(reports)))
        self._reading = max(1, min(REPORTS_READ, SAMPLES_READ * len(reports) // max(samples, 1)))
        self._in_hand = ()

    def _deliver(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            if self._stopping.is_set():
                raise Stopped
            if batch.samples:
                self._delivery.deliver(batch)

    def _young_enough(self, reports: Sequence[PassedReport]) -> Sequence[PassedReport]:
        if self._settings.max_sample_age_seconds is None:
            return reports
        oldest = self._now_ms() - self._settings.max_sample_age_seconds * 1000
        young = [report for report in reports if report.taken_ms >= oldest]
        dropped = sum([len(v) for report in reports if report.taken_ms < oldest for _, v in report.parts])
        self._counters.dropped[AGE].inc(dropped)
        return young

    def _count_lost(self) -> None:
        _, samples = self._feed.lost(self._settings.name)
        self._counters.dropped[QUEUE].inc(max(samples - self._lost, 0))
        self._lost = samples

    def _behind_seconds(self) -> float:
        taken = [report.taken_ms for report in self._in_hand if report.live]
        return max(self._now_ms() - min(taken), 0) / 1000 if taken else 0.0

    def _fresh_body(self) -> bytes:
        assert self._probe is not None
        return Batch([Block([self._probe], ((self._now_ms(), [1.0]),))]).body()

    def _wait_or_stop(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopped


def _wanted(keep: Sequence[str], drop: Sequence[str]) -> Callable[[str], bool]:
    """Whether a series of this name is sent. Patterns are searched for, as those of the agent's settings are."""
    kept, dropped = [re.compile(each) for each in keep], [re.compile(each) for each in drop]

    def wanted(name: str) -> bool:
        return (not kept or any(each.search(name) for each in kept)) and not any(each.search(name) for each in dropped)

    return wanted
