"""The codec under a fuzzer that coverage leads (fuzzing.py): seconds in `make test`, a quarter of an hour in a soak."""

from __future__ import annotations

import secrets
from pathlib import Path
from random import Random

import pytest

import keskidee_report
from keskidee_report.delta import Snapshot, delta_of, snapshot_of
from keskidee_report.model import Malformed
from keskidee_report.wire import REPORT, SESSION_BYTES, frame, varint
from tests.report.fuzzing import Fuzzer
from tests.report.reading_back import BASE, decode_everything, frames_of
from tests.report.test_damage import INFLATED, SESSION, packed
from tests.scale import scaled

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(1800)]

SOURCES = 2
SECONDS = scaled(3.0, 900.0)
HEAD = len(varint(1 << 33) + varint(1 << 41)) + SESSION_BYTES


def seeds() -> list[bytes]:
    """A POST with every kind of frame, each frame alone, and deltas: of its report, and of one from before."""
    head, frames = INFLATED[:HEAD], frames_of(INFLATED[HEAD:])
    [report] = [payload for kind, payload in frames if kind == REPORT]
    _, whole = snapshot_of(report, SOURCES)
    deltas = [INFLATED + changed(whole), head + changed(BASE)]
    return [INFLATED, *deltas, *[head + frame(*each) for each in frames], head]


def changed(base: Snapshot) -> bytes:
    """The DELTA of a report in which everything is another than in its base."""
    later = Snapshot(
        base.sequence + 1, base.boot_ms + 9, base.wall_ms + 7, base.schema_id,
        outcomes=b"\1\0", durations=b"\0\1\0\0\0\0\0\0", reasons=("why",), words=base.words[8:] + base.words[:8],
    )  # fmt: skip
    told = delta_of(base, later)
    assert told is not None
    return told[0]


def test_nothing_that_is_read_ends_in_anything_but_a_refusal() -> None:
    seed = secrets.randbits(64)
    folders = (str(Path(keskidee_report.__file__).parent),)
    fuzzer = Fuzzer(lambda data: decode_everything(packed(data)), folders, (Malformed,), Random(seed), head=HEAD)
    try:
        fuzzer.search(seeds(), seconds=SECONDS)
    finally:
        print(f"the codec, seed {seed}: {fuzzer.told()}")
    assert fuzzer.executions > len(seeds())


def test_it_finds_its_way_to_what_no_blind_search_finds() -> None:
    fuzzer = Fuzzer(behind_three_doors, (__file__,), (), Random(1))
    with pytest.raises(ZeroDivisionError) as found:
        fuzzer.search([SESSION], executions=100_000)
    assert found.value.__notes__[0].startswith("input: 4b521f")


def behind_three_doors(data: bytes) -> None:
    """Blind chance opens all three once in 16 million times."""
    if data[:1] == b"K":
        if data[1:2] == b"R":
            if data[2:3] == b"\x1f":
                raise ZeroDivisionError
            return
        return
