"""What each agent is asked for in the answer to its report: how often, how many at once, how many bytes an hour.

A site may have a budget for its link. Then the wishes follow from it: first reports are sent several at once, because
headers are most of a small POST, then they are made rarer, for all machines of the site alike. Each machine also gets
its share as a bound of its own (thrift.py of the agent), which holds whatever else it wants to send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_report.rules import USER_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_collector.fleet.machine import Machine
    from keskidee_config import CollectorSettings, SiteSettings

POST_BYTES = 620
"""A POST beside its reports: HTTP heads both ways, TLS records, TCP and IP headers; 560 to 640 were measured."""
REPORT_BYTES_AT_FIRST = 250
"""A report's own bytes, before any was seen."""
SMOOTHING = 0.02
"""Weight of one POST in the mean size of a site's reports."""
SPARE = 0.7
"""The share of a budget that is planned for reports; the rest is for names, facts, handshakes and backlogs."""
LADDER = ((1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (8, 8), (16, 8), (32, 8), (64, 8), (128, 8), (240, 8))
"""How many times the interval, and how many reports at once, in the order in which they are tried."""
INTERVAL_SECONDS_AT_MOST = 3600
HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a machine is asked for. `bytes_per_hour` 0: as much as it wants.

    `user_names` is the place of a word in USER_NAMES.
    """

    interval_seconds: int
    batch: int = 1
    bytes_per_hour: int = 0
    user_names: int = 0

    def answer(self) -> bytes:
        """The body of a 2xx (agent/README.md, "Answers")."""
        more = b',"batch":%d' % self.batch if self.batch > 1 else b""
        if self.bytes_per_hour:
            more += b',"bytes_per_hour":%d' % self.bytes_per_hour
        if self.user_names:
            more += b',"user_names":%d' % self.user_names
        return b'{"interval_seconds":%d%b}' % (self.interval_seconds, more)


@dataclass(slots=True)
class Link:
    """The link of one site: its settings, mean bytes of a report, and what is wished now."""

    settings: SiteSettings
    report_bytes: float
    wishes: Wishes
    answer: bytes


class Links:
    """The wishes for every site; `plan` is to be called now and then."""

    def __init__(self, settings: CollectorSettings) -> None:
        self._interval_seconds = settings.interval_seconds
        self._user_names = settings.privacy.user_names
        named = USER_NAMES.index(self._user_names)
        self._more = b',"user_names":%d' % named if named else b""
        self._links = {each.name: self._link(each) for each in settings.sites}

    def wishes(self, site: str) -> Wishes | None:
        """What machines of this site are asked for; None where it is no site of the settings."""
        link = self._links.get(site)
        return None if link is None else link.wishes

    def answer(self, machine: Machine, body_bytes: int, reports: int) -> bytes:
        """The answer to a POST of so many reports, whose size tells what reports of that site weigh."""
        link = self._links.get(machine.site)
        if link is None:
            told = machine.interval_seconds if machine.keeps_interval else self._interval_seconds
            machine.expect(told)
            return b'{"interval_seconds":%d%b}' % (told, self._more)
        if reports:
            link.report_bytes += SMOOTHING * (body_bytes / reports - link.report_bytes)
        machine.batch = link.wishes.batch
        machine.expect(link.wishes.interval_seconds)
        return link.answer

    def plan(self, machines: Iterable[Machine]) -> None:
        """Shares each budget among the machines that are there now."""
        count = dict.fromkeys(self._links, 0)
        present = [each for each in machines if each.site in count and each.retired_at is each.revoked_at is None]
        for machine in present:
            count[machine.site] += 1
            machine.batch = self._links[machine.site].wishes.batch
        for name, link in self._links.items():
            link.wishes = self._wishes_for(link.settings, count[name], link.report_bytes)
            link.answer = link.wishes.answer()

    def budget(self, site: str) -> int:
        """Bytes an hour that all machines of the site may use together; 0 where there is no bound."""
        link = self._links.get(site)
        return 0 if link is None else budget_of(link.settings)

    def _link(self, settings: SiteSettings) -> Link:
        wishes = self._wishes_for(settings, 1, REPORT_BYTES_AT_FIRST)
        return Link(settings, REPORT_BYTES_AT_FIRST, wishes, wishes.answer())

    def _wishes_for(self, site: SiteSettings, machines: int, report_bytes: float) -> Wishes:
        interval = site.interval_seconds or self._interval_seconds
        budget = budget_of(site)
        named = USER_NAMES.index(site.user_names or self._user_names)
        if not budget:
            return Wishes(interval_seconds=interval, batch=site.batch, user_names=named)
        share = budget // max(machines, 1)
        tried = [(interval, site.batch)]
        tried += [(min(interval * times, INTERVAL_SECONDS_AT_MOST), max(batch, site.batch)) for times, batch in LADDER]
        fitting = [each for each in tried if bytes_an_hour(*each, report_bytes) <= share * SPARE]
        seconds, batch = fitting[0] if fitting else tried[-1]
        return Wishes(interval_seconds=seconds, batch=batch, bytes_per_hour=max(share, 1), user_names=named)


def budget_of(site: SiteSettings) -> int:
    """Bytes an hour, 0 without a bound."""
    bounds = [site.bytes_per_hour or 0, (site.bytes_per_day or 0) // HOURS]
    return min([each for each in bounds if each], default=0)


def bytes_an_hour(interval_seconds: int, batch: int, report_bytes: float) -> float:
    """What one machine puts on the wire."""
    return 3600 / interval_seconds * (report_bytes + POST_BYTES / batch)
