"""Reports as requests: bounded, one age to a request, each series in order of time, markers where series end.

A request holds live reports of several machines, or a piece of one machine's backlog: what a destination finds wrong
with a backlog, such as its age, must not cost what is live.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from keskidee_exporters.remote_write.encode import STALE, Block, compressed, encode, fill, fits_template, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from keskidee_exporters.remote_write.feed import PassedReport
    from keskidee_exporters.remote_write.names import Catalogue, MachineSeries

SAMPLES_AT_MOST = 20_000
BYTES_AT_MOST = 8 << 20
"""Before snappy. VictoriaMetrics takes 32 MiB, and less where its administrator says so."""
SAMPLE_BYTES = 18


@dataclass(frozen=True, slots=True)
class Report:
    """All series of one machine at one time."""

    machine: MachineSeries
    at: int
    values: Sequence[float]

    @property
    def samples(self) -> int:
        return len(self.values)

    def block(self) -> Block:
        return Block(self.machine.series(), ((self.at, self.values),))

    def encoded(self) -> bytes:
        """A WriteRequest."""
        return fill(self.machine.template(), self.at, self.values) if fits_template(self.at) else encode(self.block())


class Batch:
    """One request: reports and blocks."""

    __slots__ = ("_items", "samples")

    def __init__(self, items: Iterable[Report | Block]) -> None:
        self._items = [item for item in items if item.samples]
        self.samples = sum([item.samples for item in self._items])

    def body(self) -> bytes:
        """What is posted."""
        return compressed(item.encoded() if isinstance(item, Report) else encode(item) for item in self._items)

    def halves(self) -> tuple[Batch, ...]:
        """Two batches with the same samples, by time where there is more than one, or by series; none of one sample."""
        if self.samples <= 1:
            return ()
        blocks = [item.block() if isinstance(item, Report) else item for item in self._items]
        times = sorted({at for block in blocks for at, _ in block.rows})
        if len(times) > 1:
            middle = times[len(times) // 2]
            early = [Block(b.series, tuple([row for row in b.rows if row[0] < middle])) for b in blocks]
            late = [Block(b.series, tuple([row for row in b.rows if row[0] >= middle])) for b in blocks]
            return Batch(early), Batch(late)
        if len(blocks) > 1:
            return Batch(blocks[: len(blocks) // 2]), Batch(blocks[len(blocks) // 2 :])
        [block] = blocks
        middle = len(block.series) // 2
        if middle:
            return Batch([_of_series(block, 0, middle)]), Batch([_of_series(block, middle, len(block.series))])
        middle = len(block.rows) // 2  # one series that has several values at one time
        return Batch([Block(block.series, block.rows[:middle])]), Batch([Block(block.series, block.rows[middle:])])

    def bounded(self) -> Iterator[Batch]:
        """The batch in pieces of at most SAMPLES_AT_MOST."""
        if self.samples <= SAMPLES_AT_MOST:
            if self.samples:
                yield self
            return
        for half in self.halves():
            yield from half.bounded()


class Batches:
    """Makes requests of reports, and remembers what each machine that reports is made of, to end what leaves."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._last: dict[str, tuple[MachineSeries, int]] = {}

    def of(self, reports: Sequence[PassedReport]) -> Iterator[Batch]:
        """The reports as requests, live ones first."""
        backlogs: defaultdict[str, list[PassedReport]] = defaultdict(list)
        live: list[PassedReport] = []
        for report in reports:
            (live if report.live else backlogs[report.machine_id]).append(report)
        for chunk in self._chunks(live):
            yield Batch(self._live_items(chunk))
        for backlog in backlogs.values():
            for chunk in self._chunks(sorted(backlog, key=_time)):
                yield Batch([item for machine, run in self._runs(chunk, None) for item in _items(machine, run)])

    def ended(self, states: Mapping[str, str], at: int) -> Batch:
        """Markers for all series of machines that are not on at `at` (ms), unless they have reported since."""
        left = [each for each, (_, last) in self._last.items() if last < at and states.get(each) != "on"]
        return Batch([_markers(self._last.pop(each)[0].series(), at) for each in left])

    def _chunks(self, reports: Iterable[PassedReport]) -> Iterator[list[PassedReport]]:
        chunk: list[PassedReport] = []
        samples = size = 0
        machine: MachineSeries | None = None
        for report in reports:
            known = self._last.get(report.machine_id)
            machine = self._catalogue.series_of(report, known[0] if known else machine)
            count = sum([len(values) for _, values in report.parts])
            length = machine.size + count * SAMPLE_BYTES
            if chunk and (samples + count > SAMPLES_AT_MOST or size + length > BYTES_AT_MOST):
                yield chunk
                chunk, samples, size = [], 0, 0
            chunk.append(report)
            samples, size = samples + count, size + length
        if chunk:
            yield chunk

    def _live_items(self, reports: Iterable[PassedReport]) -> Iterator[Report | Block]:
        machines: defaultdict[str, list[PassedReport]] = defaultdict(list)
        for report in reports:
            machines[report.machine_id].append(report)
        for machine_id, theirs in machines.items():
            last = self._last.get(machine_id)
            for machine, run in self._runs(sorted(theirs, key=_time), last[0] if last else None):
                if last is not None and last[0] is not machine and run[0].taken_ms > last[1]:
                    left = set(last[0].series()).difference(machine.series())
                    yield _markers(sorted(left), run[0].taken_ms)
                yield from _items(machine, run)
                last = (machine, run[-1].taken_ms)
                self._last[machine_id] = last

    def _runs(
        self, reports: Sequence[PassedReport], known: MachineSeries | None
    ) -> Iterator[tuple[MachineSeries, list[PassedReport]]]:
        """Reports of one machine, in order of time, as long as they name the same series."""
        named: list[tuple[MachineSeries, PassedReport]] = []
        for report in reports:
            known = self._catalogue.series_of(report, known)
            named.append((known, report))
        for _, group in groupby(named, key=lambda pair: id(pair[0])):
            run = list(group)
            yield run[0][0], [report for _, report in run]


def _items(machine: MachineSeries, run: Sequence[PassedReport]) -> list[Report | Block]:
    rows = [(report.taken_ms, numbers(machine.values(report))) for report in run]
    if len(rows) == 1:
        return [Report(machine, *rows[0])]
    return [Block(machine.series(), tuple(rows))]


def _markers(series: Sequence[bytes], at: int) -> Block:
    return Block(series, ((at, [STALE] * len(series)),))


def _of_series(block: Block, start: int, end: int) -> Block:
    return Block(block.series[start:end], tuple([(at, values[start:end]) for at, values in block.rows]))


def _time(report: PassedReport) -> int:
    return report.taken_ms
