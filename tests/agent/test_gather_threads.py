"""In which thread a source is read, and what one that hangs costs: itself, for as long as it hangs."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from keskidee_agent.gather.gather import Gatherer, Source
from keskidee_agent.host.machine import Machine
from keskidee_report.model import OK, TIMED_OUT, Sample
from tests.agent.gathering import LOAD, PROC, Mounted, gatherer, outcomes, source
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


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

    def come_back(self) -> None:
        """It hangs no more, and has time enough for its samples even where the machine is busy."""
        self.source.deadline_seconds = 20
        self.go_on.set()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    found = Hanging("hanging")
    yield found
    found.go_on.set()


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
    hanging.come_back()
    wait_until(lambda: rounds.round()[0].outcome == OK, "the source")
    assert outcomes(rounds.round()) == {"hanging": OK, "z": OK}


def test_what_comes_back_late_is_not_reported(hanging: Hanging) -> None:
    rounds = gatherer(hanging.source, source("z"))
    rounds.round()
    hanging.come_back()
    wait_until(lambda: rounds.round()[0].outcome == OK, "the source")
    assert [len(reading.samples) for reading in rounds.round()] == [1, 1]


def test_a_slow_source_within_its_deadline_is_waited_for() -> None:
    def slow(_: Machine) -> Iterator[Sample]:
        time.sleep(0.8)
        yield LOAD(1)

    slow_source = Source("slow", SimpleNamespace(read=slow, DEADLINE_SECONDS=20))
    readings = gatherer(source("a", DEADLINE_SECONDS=0.6), slow_source).round()
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


LXCFS = "141 22 0:52 /proc/stat /proc/stat rw,nosuid - fuse.lxcfs lxcfs rw,user_id=0"


def test_what_asks_the_kernel_alone_is_read_without_a_thread() -> None:
    assert thread_of_prompt(Mounted(PROC)) == threading.get_ident()


@pytest.mark.parametrize("machine", [Mounted(PROC, LXCFS), Mounted(PROC, platform="darwin")], ids=["lxcfs", "a Mac"])
def test_where_another_answers_for_proc_nothing_is_read_without_a_thread(machine: Machine) -> None:
    assert thread_of_prompt(machine) != threading.get_ident()


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
