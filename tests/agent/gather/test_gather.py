"""A round: every source once, each with an outcome, and none able to hold up the others."""

import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from keskidee_agent import sources as packaged
from keskidee_agent.gather.gather import Gatherer, Source, found_sources, read
from keskidee_agent.host.machine import Machine
from keskidee_report.codec import Encoder
from keskidee_report.model import (
    ABSENT,
    DENIED,
    FAILED,
    OK,
    TIMED_OUT,
    Denied,
    Family,
    Malformed,
    NotHere,
    Sample,
    TimedOut,
)
from tests.agent.gathering import LOAD, gatherer, outcomes, source
from tests.report.reading_back import frames_of, sources_of

TEN = {"cpu", "diskstats", "dmi", "filesystem", "loadavg", "meminfo", "netdev", "os", "stat", "time", "uname"}
FOLDER = Path(packaged.__path__[0])


@pytest.mark.parametrize(
    ("raised", "outcome", "reason", "samples"),
    [
        (None, OK, "", 1),
        (NotHere("no zones"), ABSENT, "no zones", 1),
        (Denied("only root may"), DENIED, "only root may", 1),
        (TimedOut("no answer"), TIMED_OUT, "no answer", 1),
        (Malformed("not a line", b"x" * 200), FAILED, f"malformed: not a line: {b'x' * 80!r}", 0),
        (OSError(5, "Input/output error"), FAILED, "[Errno 5] Input/output error", 0),
        (KeyError("gone"), FAILED, "KeyError: 'gone'", 0),
    ],
)
def test_what_a_source_raises_becomes_its_outcome(
    raised: Exception | None, outcome: str, reason: str, samples: int
) -> None:
    reading = read(source("one", raises=raised), Machine())
    assert (reading.outcome, reading.reason, len(reading.samples)) == (outcome, reason, samples)


def test_a_source_without_samples_is_absent() -> None:
    reading = read(source("one", before=0), Machine())
    assert (reading.outcome, reading.reason) == (ABSENT, "nothing to read")


def test_a_bug_is_told_with_its_traceback_once(capsys: pytest.CaptureFixture[str]) -> None:
    rounds = gatherer(source("one", raises=KeyError("gone")))
    for _ in range(3):
        rounds.round()
    assert capsys.readouterr().err.count("Traceback") == 1


def test_every_module_of_the_folder_is_a_source() -> None:
    modules = {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}
    assert {found.name for found in found_sources()} == modules


def test_readings_come_in_the_order_of_the_sources() -> None:
    readings = gatherer(source("a"), source("b", raises=KeyError()), source("c")).round()
    assert [reading.source for reading in readings] == ["a", "b", "c"]


def test_a_disabled_source_is_not_read() -> None:
    assert outcomes(gatherer(source("a"), source("b"), disabled=("b",)).round()) == {"a": OK}


def test_a_source_of_another_platform_is_absent() -> None:
    reading = gatherer(source("a", PLATFORMS=("plan9",))).round()[0]
    assert (reading.outcome, reading.reason) == (ABSENT, f"not on {Machine().platform}")


def test_a_module_that_cannot_be_imported_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text(
        "from keskidee_report.model import Family\nBAD = Family('node-load', 'gauge', '')\n"
    )
    monkeypatch.setattr(packaged, "__path__", [str(tmp_path), *packaged.__path__])
    found = [source for source in found_sources() if source.name in ("broken", "loadavg")]
    readings = Gatherer(Machine(), sources=found, warn=lambda line: None).round()
    assert [(reading.outcome, reading.reason) for reading in readings] == [
        (FAILED, "malformed: an illegal family name: 'node-load'"),
        (OK, ""),
    ]


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (LOAD(1, **{"a-b": "x"}), "malformed: illegal labels of node_load1: ['a-b']"),
        (LOAD(1, **{f"l{n}": "x" for n in range(65)}), "malformed: illegal labels of node_load1: ['l0', 'l1', 'l2', "),
        ((LOAD, {}, None), "malformed: node_load1 is no number: None"),
        ((LOAD, {}, "1"), "malformed: node_load1 is no number: '1'"),
    ],
)
def test_what_no_collector_takes_costs_its_source_only(sample: Sample, reason: str) -> None:
    odd = Source("odd", SimpleNamespace(read=lambda _machine: [LOAD(1), sample]))
    readings = gatherer(odd, source("z")).round()
    assert outcomes(readings) == {"odd": FAILED, "z": OK}
    assert (readings[0].reason[: len(reason)], readings[0].samples) == (reason, [])


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), -1, -0.5, 1 << 80])
def test_a_counter_of_any_number_costs_nobody_anything(value: float) -> None:
    ticks = Family("node_ticks_total", "counter", "Ticks", digits=2)
    odd = Source("odd", SimpleNamespace(read=lambda _machine: [ticks(value, a="1"), ticks(2, a="2")]))
    encoder = Encoder(bytes(8))
    report = encoder.report(gatherer(odd, source("z")).round(), sequence=0, boot_ms=0, wall_ms=0)
    names, _ = encoder.schema_frames(report.schema_id)
    found = sources_of(frames_of(b"".join([*names, report.frame])))
    assert {name: list(map(repr, samples.values())) for name, samples in found.items()} == {
        "odd": [repr(float(value)), "2.0"],
        "z": ["0.0"],
    }


def test_a_change_of_state_is_told_once() -> None:
    told: list[str] = []
    state: list[Exception | None] = [None, Denied("no"), Denied("no"), None, None, NotHere("gone"), NotHere("gone")]

    def changing(_: Machine) -> Iterator[Sample]:
        raised = state.pop(0)
        yield LOAD(1)
        if raised is not None:
            raise raised

    rounds = gatherer(Source("one", SimpleNamespace(read=changing)), warn=told.append)
    for _ in range(7):
        rounds.round()
    assert told == ["source=one outcome=denied reason='no'", "source=one outcome=ok before=denied"]


def test_seconds_are_measured() -> None:
    def slow(_: Machine) -> Iterator[Sample]:
        time.sleep(0.05)
        yield LOAD(1)

    began = time.monotonic()
    reading = gatherer(Source("slow", SimpleNamespace(read=slow))).round()[0]
    assert 0.05 <= reading.seconds <= time.monotonic() - began


def test_a_live_round_reads_this_machine() -> None:
    readings = Gatherer(Machine(), warn=lambda line: None).round()
    assert {reading.source for reading in readings if reading.outcome == OK} >= {"cpu", "loadavg", "meminfo", "stat"}


def ten_sources() -> Gatherer:
    """The sources that a busy machine does not make slow."""
    found = [source for source in found_sources() if source.name in TEN]
    return Gatherer(Machine(), sources=found, warn=lambda line: None)


def test_rounds_of_this_machine_keep_few_descriptors_and_do_not_leak() -> None:
    rounds = ten_sources()
    for _ in range(2):  # a file stays open from its second reading on
        rounds.round()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(200):
        rounds.round()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_rounds_of_this_machine_do_not_grow() -> None:
    rounds = ten_sources()
    for _ in range(150):
        rounds.round()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(300):
        rounds.round()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 100_000


def test_a_source_that_is_read_on_request_only_waits_for_its_name() -> None:
    asked_for = Source("interrupts", SimpleNamespace(read=lambda _machine: iter(()), OPT_IN=True))
    usual = Source("stat", SimpleNamespace(read=lambda _machine: iter(())))

    def names(enabled: list[str] | None) -> list[str]:
        return [source.name for source in Gatherer(Machine(), sources=[asked_for, usual], enabled=enabled).sources]

    assert names([]) == ["stat"]
    assert names(["interrupts"]) == ["interrupts", "stat"]
    assert names(None) == ["interrupts", "stat"]
