"""When a source is read again: what is absent, what is read seldom, what still holds; and what did not change."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from keskidee_agent.gather.gather import LOOK_ROUNDS, Gatherer, Source
from keskidee_agent.host.machine import Machine
from keskidee_report.model import ABSENT, OK, Malformed, NotHere, Sample
from tests.agent.gathering import LOAD, gatherer


def changing(*rounds: list[Sample]) -> Gatherer:
    """A gatherer of one source that gives these samples one round after the other."""
    left = iter(rounds)
    return gatherer(Source("changing", SimpleNamespace(read=lambda _machine: list(next(left)))))


def test_samples_that_did_not_change_are_the_very_same_list() -> None:
    rounds = changing([LOAD(1, cpu="0")], [LOAD(1, cpu="0")], [LOAD(2, cpu="0")], [LOAD(2, cpu="1")])
    first, second, third, fourth = [rounds.round()[0].samples for _ in range(4)]
    assert [second is first, third is first, fourth is third] == [True, False, False]


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
