"""The durable log as remote write sees it, in memory: parts, reports, and a feed with cursors."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Own = tuple[tuple[str, str], ...]
NOON_MS = 1_800_000_000_000


@dataclass(frozen=True, eq=False)
class Part:
    """Names of one source."""

    series: tuple[tuple[str, Own], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A report."""

    position: int
    machine_id: str
    instance: str
    site: str = "suva"
    role: str = "server"
    os: str = "linux"
    taken_ms: int
    live: bool = True
    parts: tuple[tuple[Part, Sequence[float]], ...]


@dataclass
class Log:
    """A feed. `gone` is what left before anybody had it."""

    reports: list[Passed] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    gone: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self._news = threading.Condition()

    def add(
        self,
        machine: str,
        taken_ms: int,
        *parts: tuple[Part, Sequence[float]],
        live: bool = True,
        os: str = "linux",
        machine_id: str = "",
    ) -> None:
        with self._news:
            position = self.reports[-1].position + 2 if self.reports else 1
            self.reports.append(
                Passed(
                    position=position,
                    machine_id=machine_id or f"id of {machine}",
                    instance=machine,
                    taken_ms=taken_ms,
                    live=live,
                    parts=parts,
                    os=os,
                )
            )
            self._news.notify_all()

    def read(self, after: int, limit: int) -> list[Passed]:
        return [report for report in list(self.reports) if report.position > after][:limit]

    def read_live(self, after: int, limit: int) -> tuple[list[Passed], int]:
        live = [report for report in list(self.reports) if report.position > after and report.live][:limit]
        return live, live[-1].position if live else after

    def wait(self, after: int, seconds: float) -> bool:
        with self._news:
            return self._news.wait_for(lambda: bool(self.read(after, 1)), seconds)

    def cursor(self, name: str) -> int:
        return self.cursors.setdefault(name, self.reports[-1].position if self.reports else 0)

    def advance(self, name: str, position: int) -> None:
        self.cursors[name] = position

    def lost(self, name: str) -> tuple[int, int]:
        return self.gone

    def is_read_by(self, name: str) -> bool:
        """Whether this destination has everything."""
        return bool(self.reports) and self.cursors.get(name) == self.reports[-1].position


LOAD = Part((("load", ()),))
MANY = Part(tuple([("many", (("at", str(at)),)) for at in range(30)]))


def log_of(reports: int, part: Part = LOAD, *, live: bool = True) -> Log:
    log = Log()
    for at in range(reports):
        log.add("a", NOON_MS + at * 15_000, (part, [float(at)] * len(part.series)), live=live)
    return log
