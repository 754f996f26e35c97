"""What the collector itself sees, for all destinations: looked at on its event loop, where the fleet lives.

Each 5 s the state of every machine, so that the series of one that left end; each 15 s what /metrics/self shows, which
is sent as samples of that moment. A destination that cannot take them then does not get them later: they were of then.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keskidee_exporters.prometheus import TEXT, self_page
from keskidee_exporters.remote_write.batches import Batch
from keskidee_exporters.remote_write.encode import STALE, Block, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keskidee_collector.view import View
    from keskidee_exporters.remote_write.names import Catalogue

LOOK_SECONDS = 5.0
PAGE_EACH = 3
"""Looks from one page to the next."""
PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`at` is UTC epoch ms; `states` by machine id; `page` is /metrics/self of `page_at`, as text."""

    at: int
    states: Mapping[str, str]
    page: str
    page_at: int


class Outlook:
    """Looks again and again; `last` is for everybody, from any thread."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.last: Look | None = None

    async def keep_looking(self) -> None:
        """Runs until it is cancelled."""
        while True:
            for turn in range(PAGE_EACH):
                await self.look(page=turn == 0)
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self, *, page: bool) -> None:
        """Looks once."""
        before = self.last
        at = int(self._view.now() * 1000)
        states = {machine.id: machine.state for machine in self._view.machines(retired=True)}
        if page or before is None:
            pieces = []
            for piece in self_page(self._view, TEXT):
                pieces.append(piece)
                await asyncio.sleep(0)  # reports come in between two families
            self.last = Look(at=at, states=states, page=b"".join(pieces).decode(), page_at=at)
        else:
            self.last = Look(at=at, states=states, page=before.page, page_at=before.page_at)


class OwnSeries:
    """The series of /metrics/self at one destination. `instance` is of those that are no machine's."""

    def __init__(self, catalogue: Catalogue, instance: str) -> None:
        self._catalogue = catalogue
        self._instance = instance
        self._series: dict[str, bytes | None] = {}

    def batch(self, page: str, at: int) -> Batch:
        """The samples of a page, as of `at` (ms), and markers for the series that were on the one before."""
        lines = [line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#")]
        before, self._series = self._series, {}
        for key, _, _ in lines:
            self._series[key] = before[key] if key in before else self.encoded(key)
        kept = [(series, float(value)) for key, _, value in lines if (series := self._series[key]) is not None]
        left = [series for key, series in before.items() if series is not None and key not in self._series]
        return Batch(
            [
                Block([series for series, _ in kept], ((at, numbers([value for _, value in kept])),)),
                Block(left, ((at, [STALE] * len(left)),)),
            ]
        )

    def encoded(self, key: str) -> bytes | None:
        """The encoded labels of a line's `name{a="b"}`; None where it is not wanted."""
        name, _, labels = key.partition("{")
        own = tuple([(label, ESCAPED.sub(_unescaped, value)) for label, value in PAIR.findall(labels)])
        return self._catalogue.own(name, own, self._instance)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]
