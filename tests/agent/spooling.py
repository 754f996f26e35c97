"""Spools in a folder, reports to hold, and what a kill or a full disk does to them."""

import contextlib
import os
import resource
import signal
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.spool.spool import Spool
from keskidee_report.codec import Encoder, Report
from keskidee_report.model import FAILED, OK, Family, Reading, Sample
from keskidee_report.wire import SESSION_BYTES, Reader

ALL = 1_000_000
INTERVAL_MS = 15_000
A, B = "alpha", "beta"
LOAD = Family("node_load1", "gauge", "Needed by a panel")
NOISE = Family("node_netstat_noise", "gauge", "Needed by no panel")
ENCODER = Encoder(b"session1")
"""Its schemas: A and B have a part of their own, and one that they share."""


def report(number: int, schema: str = A, size: int = 40, reason: str = "") -> Report:
    """Taken `number` intervals after the boot; so many bytes of noise."""
    noise: list[Sample] = [
        NOISE(value, word=str(at))
        for at, value in enumerate(struct.unpack(f"<{size // 8}d", os.urandom(size // 8 * 8)))
    ]
    readings = [
        Reading("shared", OK, samples=[LOAD(float(number))]),
        Reading(schema, OK, samples=noise),
        Reading("reason", FAILED, reason or "as always"),
    ]
    taken_ms = number * INTERVAL_MS
    return ENCODER.report(readings, sequence=number, boot_ms=taken_ms, wall_ms=1_772_000_000_000 + taken_ms)


class Clock:
    """A boot clock that the test moves."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


class Told(list[str]):
    """What the spool warned of."""

    def __call__(self, line: str) -> None:
        self.append(line)

    @property
    def events(self) -> list[str]:
        """The first words of the lines."""
        return [line.partition(" ")[0] for line in self]


def spool_at(folder: Path, **options: Any) -> Spool:
    options.setdefault("warn", Told())
    return Spool(str(folder), ENCODER.schema_frames, **options)


def filled(folder: Path, count: int, **options: Any) -> Spool:
    """A spool with the reports 0 to count-1, of which the last one is live."""
    spool = spool_at(folder, **options)
    for number in range(count):
        spool.hold(report(number))
    return spool


def kill(spool: Spool) -> None:
    """What the kernel does with a killed process: its descriptors close, nothing else happens."""
    for descriptor in (
        spool._lock,
        spool._slot._descriptor,
        spool._backlog._writer,
        spool._backlog._cursor._descriptor,
    ):
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture(autouse=True)
def held_as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this process has open is not replaced, moved or removed: Windows refuses all of it."""

    def unless_open(change: Callable[..., None]) -> Callable[..., None]:
        def changed(*paths: str) -> None:
            open_now = {os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")}
            assert open_now.isdisjoint(map(os.path.realpath, paths))
            change(*paths)

        return changed

    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(os, name, unless_open(getattr(os, name)))


def numbers(frames: list[bytes]) -> list[int]:
    """The numbers of REPORT frames."""
    return [number for number, _, _ in stamps(frames)]


def stamps(frames: list[bytes]) -> list[tuple[int, int, int]]:
    """Number, and milliseconds since boot and since the epoch, of REPORT frames."""
    found = []
    for frame in frames:
        reader = Reader(frame)
        reader.byte()
        reader.varint()
        reader.take(SESSION_BYTES)
        found.append((reader.varint(), reader.varint(), reader.varint()))
    return found


def drained(spool: Spool, max_reports: int = ALL) -> list[int]:
    """The numbers of all reports in the backlog, acknowledged batch by batch."""
    found: list[int] = []
    while batch := spool.oldest(max_reports, ALL):
        found += numbers(batch.reports)
        spool.acknowledge(batch)
    return found


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Lets this process write no file beyond a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def dropped(**counts: int) -> dict[str, int]:
    """Counts by reason; those that are not named are 0."""
    return {"full": 0, "old": 0, "refused": 0, "disk": 0, "thinned": 0} | counts


def is_balanced(spool: Spool) -> bool:
    """Whether every report that was taken is delivered, waits, or is counted as dropped."""
    return spool.taken == spool.delivered + spool.reports + sum(spool.dropped.values())
