"""A round: every source once, each with an outcome, and none able to hold up the others."""

import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from keskidee_agent import sources as packaged
from keskidee_agent.gather import LOOK_ROUNDS, Gatherer, Source, found_sources, read
from keskidee_agent.machine import Machine
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
    Reading,
    Sample,
    TimedOut,
)
from tests.report.reading_back import frames_of, sources_of
from tests.waiting import wait_until

LOAD = Family("node_load1", "gauge", "Load")
TEN = {"cpu", "diskstats", "dmi", "filesystem", "loadavg", "meminfo", "netdev", "os", "stat", "time", "uname"}
FOLDER = Path(packaged.__path__[0])


def source(name: str, *, raises: Exception | None = None, before: int = 1, **constants: object) -> Source:
    """A source that yields `before` samples and then raises."""

    def read_samples(_: Machine) -> Iterator[Sample]:
        for number in range(before):
            yield LOAD(number, source=name)
        if raises is not None:
            raise raises

    return Source(name, SimpleNamespace(read=read_samples, **constants))


class Hanging:
    """A source that hangs until it is told to go on, and counts how often it was started."""

    def __init__(self, name: str, deadline_seconds: float = 0.05) -> None:
        self.started = 0
        self.go_on = threading.Event()
        self.source = Source(name, SimpleNamespace(read=self.read, DEADLINE_SECONDS=deadline_seconds))

    def read(self, _: Machine) -> Iterator[Sample]:
        self.started += 1
        self.go_on.wait(30)
        yield LOAD(1)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    found = Hanging("hanging")
    yield found
    found.go_on.set()


def gatherer(*sources: Source, disabled: tuple[str, ...] = (), warn: Callable[[str], None] | None = None) -> Gatherer:
    return Gatherer(Machine(), sources=sources, disabled=disabled, warn=warn or (lambda line: None))


def outcomes(readings: list[Reading]) -> dict[str, str]:
    return {reading.source: reading.outcome for reading in readings}


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


def test_a_source_that_hangs_costs_itself_only(hanging: Hanging) -> None:
    readings = gatherer(source("a"), hanging.source, source("z")).round()
    assert outcomes(readings) == {"a": OK, "hanging": TIMED_OUT, "z": OK}


def test_a_source_that_hangs_says_how_long_it_was_waited_for(hanging: Hanging) -> None:
    reading = gatherer(hanging.source).round()[0]
    assert (reading.reason, reading.seconds) == ("no answer within 0.05 s", 0.05)


def test_two_sources_that_hang_cost_themselves_only(hanging: Hanging) -> None:
    second = Hanging("second")
    readings = gatherer(source("a"), hanging.source, second.source, source("z")).round()
    second.go_on.set()
    assert outcomes(readings) == {"a": OK, "hanging": TIMED_OUT, "second": TIMED_OUT, "z": OK}


def test_a_source_that_hangs_is_not_started_again(hanging: Hanging) -> None:
    rounds = gatherer(hanging.source, source("z"))
    found = [outcomes(rounds.round()) for _ in range(4)]
    assert (found, hanging.started) == ([{"hanging": TIMED_OUT, "z": OK}] * 4, 1)


def test_a_source_that_came_back_is_read_again(hanging: Hanging) -> None:
    rounds = gatherer(hanging.source, source("z"))
    rounds.round()
    hanging.go_on.set()
    until = time.monotonic() + 10
    while rounds.round()[0].outcome != OK and time.monotonic() < until:
        time.sleep(0.01)
    assert outcomes(rounds.round()) == {"hanging": OK, "z": OK}


def test_what_comes_back_late_is_not_reported(hanging: Hanging) -> None:
    rounds = gatherer(hanging.source, source("z"))
    rounds.round()
    hanging.go_on.set()
    wait_until(lambda: rounds.round()[0].outcome == OK, "the source")
    assert [len(reading.samples) for reading in rounds.round()] == [1, 1]


def test_a_slow_source_within_its_deadline_is_waited_for() -> None:
    def slow(_: Machine) -> Iterator[Sample]:
        time.sleep(0.2)
        yield LOAD(1)

    slow_source = Source("slow", SimpleNamespace(read=slow, DEADLINE_SECONDS=20))
    readings = gatherer(source("a", DEADLINE_SECONDS=0.05), slow_source).round()
    assert outcomes(readings) == {"a": OK, "slow": OK}


def test_one_thread_serves_every_round() -> None:
    threads = set()

    def note(_: Machine) -> Iterator[Sample]:
        threads.add(threading.get_ident())
        yield LOAD(1)

    rounds = gatherer(*[Source(name, SimpleNamespace(read=note)) for name in "abc"])
    for _ in range(5):
        rounds.round()
    assert len(threads) == 1


def changing(*rounds: list[Sample]) -> Gatherer:
    """A gatherer of one source that gives these samples one round after the other."""
    left = iter(rounds)
    return gatherer(Source("changing", SimpleNamespace(read=lambda _machine: list(next(left)))))


def test_samples_that_did_not_change_are_the_very_same_list() -> None:
    rounds = changing([LOAD(1, cpu="0")], [LOAD(1, cpu="0")], [LOAD(2, cpu="0")], [LOAD(2, cpu="1")])
    first, second, third, fourth = [rounds.round()[0].samples for _ in range(4)]
    assert [second is first, third is first, fourth is third] == [True, False, False]


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


class Plugged(Machine):
    """A machine on which things come and go, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.there: set[str] = set()

    def present(self, pattern: str) -> bool:
        return pattern in self.there


def test_what_is_not_there_is_read_again_once_one_of_its_names_is() -> None:
    machine, reads = Plugged(), []

    def note(_: Machine) -> Iterator[Sample]:
        reads.append(1)
        if not machine.there:
            raise NotHere("no /proc/one")
        yield LOAD(1)

    found = Source("one", SimpleNamespace(read=note, NEEDS=("proc/one", "proc/two")))
    rounds = Gatherer(machine, sources=[found], warn=lambda line: None)
    told = [rounds.round()[0], rounds.round()[0], rounds.round()[0]]
    reads_without = len(reads)
    machine.there = {"proc/two"}
    told += [rounds.round()[0], rounds.round()[0]]
    assert [(reading.outcome, reading.reason) for reading in told] == [(ABSENT, "no /proc/one")] * 3 + [(OK, "")] * 2
    assert (reads_without, len(reads)) == (1, 3)


def test_what_is_named_by_its_folder_is_looked_for_in_every_fourth_round() -> None:
    machine, here = Plugged(), "sys/class/one/*"

    def there(_: Machine) -> Iterator[Sample]:
        if here not in machine.there:
            raise NotHere("no /sys/class/one")
        yield LOAD(1)

    found = Source("one", SimpleNamespace(read=there, NEEDS=(here,)))
    rounds = Gatherer(machine, sources=[found], warn=lambda line: None)
    before = rounds.round()[0].outcome
    machine.there = {here}
    after = [rounds.round()[0].outcome for _ in range(LOOK_ROUNDS)]
    assert (before, after[-1], after == sorted(after)) == (ABSENT, OK, True)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def counted(every_seconds: float, clock: Clock, raises: Exception | None = None) -> tuple[Gatherer, list[int]]:
    """A gatherer of one source that is read seldom, and where it notes each reading."""
    reads: list[int] = []

    def note(_: Machine) -> Iterator[Sample]:
        reads.append(1)
        if raises is not None:
            raise raises
        yield LOAD(len(reads))

    found = Source("seldom", SimpleNamespace(read=note, EVERY_SECONDS=every_seconds))
    return Gatherer(Machine(), sources=[found], warn=lambda line: None, clock=clock), reads


def test_a_source_that_is_read_seldom_gives_its_last_samples_between() -> None:
    clock = Clock()
    rounds, reads = counted(60, clock)
    first = rounds.round()[0]
    clock.now += 59
    assert (rounds.round()[0] is first, len(reads)) == (True, 1)


def test_a_source_that_is_read_seldom_is_read_when_it_is_due() -> None:
    clock = Clock()
    rounds, reads = counted(60, clock)
    rounds.round()
    clock.now += 60
    rounds.round()
    assert len(reads) == 2


def test_a_seldom_source_that_failed_is_tried_again_at_once() -> None:
    rounds, reads = counted(60, Clock(), raises=Malformed("cut short"))
    rounds.round()
    rounds.round()
    assert len(reads) == 2


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

    reading = gatherer(Source("slow", SimpleNamespace(read=slow))).round()[0]
    assert 0.05 <= reading.seconds < 5


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


class Mounted(Machine):
    """A machine whose /proc has these mounts over it."""

    def __init__(self, *mounts: str, platform: str = "linux") -> None:
        super().__init__(platform=platform)
        self._mountinfo = "".join([f"{mount}\n" for mount in mounts]).encode()

    def content(self, path: str) -> bytes:
        return self._mountinfo if path == "proc/self/mountinfo" else super().content(path)


def thread_of_prompt(machine: Machine) -> int:
    """The thread in which a source is read that says it never waits."""
    threads: list[int] = []

    def read_samples(_: Machine) -> Iterator[Sample]:
        threads.append(threading.get_ident())
        yield LOAD(1)

    gatherer = Gatherer(machine, sources=[Source("prompt", SimpleNamespace(read=read_samples, PROMPT=True))])
    [reading] = gatherer.round()
    assert (reading.outcome, reading.seconds > 0) == (OK, True)
    return threads[0]


PROC = "22 27 0:21 / /proc rw,nosuid shared:14 - proc proc rw"
LXCFS = "141 22 0:52 /proc/stat /proc/stat rw,nosuid - fuse.lxcfs lxcfs rw,user_id=0"


def test_what_asks_the_kernel_alone_is_read_without_a_thread() -> None:
    assert thread_of_prompt(Mounted(PROC)) == threading.get_ident()


@pytest.mark.parametrize("machine", [Mounted(PROC, LXCFS), Mounted(PROC, platform="darwin")], ids=["lxcfs", "a Mac"])
def test_where_another_answers_for_proc_nothing_is_read_without_a_thread(machine: Machine) -> None:
    assert thread_of_prompt(machine) != threading.get_ident()


@pytest.mark.parametrize(
    ("unchanged", "readings"),
    [(lambda _: True, 1), (lambda _: False, 3), (lambda _: 1 / 0, 3)],
    ids=["it holds", "it does not", "the question fails"],
)
def test_what_still_holds_is_not_read_again(unchanged: Callable[[Machine], bool], readings: int) -> None:
    read: list[int] = []

    def read_samples(_: Machine) -> Iterator[Sample]:
        read.append(1)
        yield LOAD(1)

    asked = Source("asked", SimpleNamespace(read=read_samples, unchanged=unchanged))
    gatherer = Gatherer(Machine(), sources=[asked])
    for _ in range(3):
        [reading] = gatherer.round()
        assert (reading.outcome, reading.samples) == (OK, [LOAD(1)])
    assert len(read) == readings


def test_a_late_source_keeps_its_place_among_the_readings(hanging: Hanging) -> None:
    prompt = source("prompt", PROMPT=True)
    found = Gatherer(Mounted(PROC), sources=[source("first"), hanging.source, prompt, source("last")])
    for _ in range(2):
        assert [(reading.source, reading.outcome) for reading in found.round()] == [
            ("first", OK),
            ("hanging", TIMED_OUT),
            ("prompt", OK),
            ("last", OK),
        ]
