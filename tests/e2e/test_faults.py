"""Everything breaks, again and again, at random: nothing that was acknowledged is lost, and nothing counts twice.

`KESKIDEE_FAULT_SEED=...` repeats a run; `KESKIDEE_FAULT_ROUNDS=20` sets its length.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.e2e.disks import small_disk
from tests.e2e.faulty import House
from tests.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.ledger import Entry
    from tests.processes import Start

ROUNDS = int(os.environ.get("KESKIDEE_FAULT_ROUNDS") or scaled(9, 200))
SEED = os.environ.get("KESKIDEE_FAULT_SEED", "kiskadee")
SPOOL_MIB, DATA_MIB = 1, 32
SLACK_SECONDS = 2.5
"""A clock that is set is seen by its program within a second; a POST may be under way meanwhile."""
OWN_TIME_SECONDS = 0.9
"""Less than an interval: a sample is at its own time, and not at that of the report before or after it."""
POST_SECONDS = 3.0
"""How long a try that was lost was under way at most. The collector takes a POST for just made, so that its reports
come out as late as it was under way."""

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(240 + 90 * ROUNDS)]


@pytest.fixture
def house(
    start: Start, program: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path
) -> Iterator[House]:
    print(f"seed {SEED}, {ROUNDS} rounds")
    with small_disk(tmp_path / "collector", DATA_MIB), small_disk(tmp_path / "agent" / "spool", SPOOL_MIB):
        house = House(start, program, free_port, tmp_path, Random(SEED))
        try:
            yield house
        finally:
            house.close()
            for process in (house.agent, house.collector):
                process.stop()


def test_faults_lose_nothing_that_was_acknowledged_and_count_nothing_twice(house: House) -> None:
    faults = [
        house.agent_is_killed, house.collector_is_killed, house.prometheus_is_killed,
        house.agent_has_no_disk, house.collector_has_no_disk,
        house.agent_clock_is_set, house.collector_clock_is_set,
        house.answers_are_lost, house.link_breaks,
    ]  # fmt: skip
    chance, came = Random(SEED), Counter[str]()
    house.settle()
    for turn in range(ROUNDS):
        if turn % len(faults) == 0:
            chance.shuffle(faults)
        fault = faults[turn % len(faults)]
        came[fault.__name__] += 1
        time.sleep(chance.uniform(0.0, 1.5))
        fault()
    house.settle()
    house.end()
    ledger, entries = house.ledger, house.ledger.entries.values()
    wanted = Counter(entry.mark for entry in entries)
    _wait(lambda: Counter(mark for _, mark in house.marks_in_prometheus()) == wanted)
    found = house.marks_in_prometheus()
    stored = Counter(mark for _, mark in found)
    print(table(house, came))

    assert (wanted - stored, stored - wanted) == (Counter(), Counter())
    assert set(wanted.values()) == {1}
    assert misplaced(house, {mark: at for at, mark in found}) == []
    newest = ledger.newest
    assert newest is not None
    assert newest.dropped == ledger.missing()
    assert house.page.read
    assert house.page.backwards == []


def misplaced(house: House, at: dict[float, float]) -> list[tuple[float, Entry]]:
    """How far from its own time, by the collector's clock of then, a sample is, where that is too far."""
    out = []
    for entry in house.ledger.entries.values():
        offsets = house.collector_clock.between(entry.sent_at, entry.stored_at, SLACK_SECONDS)
        late = min([at[entry.mark] - entry.taken_at - offset for offset in offsets], key=abs)
        was_tried = entry.sent_at < entry.posted_at - OWN_TIME_SECONDS  # and may have been stored then
        under_way = max(entry.stored_at - entry.posted_at, POST_SECONDS if was_tried else 0.0)
        if not -OWN_TIME_SECONDS < late < max(under_way, OWN_TIME_SECONDS):
            out.append((late, entry))
    return out


def table(house: House, came: Counter[str]) -> str:
    """What happened, for who reads the output of `make soak`."""
    ledger = house.ledger
    rows = {
        **{name.replace("_", " "): count for name, count in came.items()},
        "reports acknowledged": len(ledger.entries),
        "sessions": len({session for session, _ in ledger.entries}),
        "sent again after they were stored": ledger.repeats,
        "lost to a full disk, and counted": ledger.missing(),
        "pages read": house.page.read,
    }
    return "\n".join(f"| {name} | {figure} |" for name, figure in rows.items())


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.5)
