"""A backlog thins as it ages: the last report of each minute, then of each five with what rules and panels need."""

import os
from pathlib import Path
from typing import Any

import pytest

from keskidee_agent.spool import record
from keskidee_agent.spool.segment import Survey
from keskidee_agent.spool.spool import Spool
from keskidee_agent.spool.thinning import Thinning
from keskidee_report.decode import Words, decode_index, decode_part, decode_report, peek_schema_id
from keskidee_report.wire import PART, SCHEMA, Reader
from tests.agent.spooling import (
    ALL,
    ENCODER,
    INTERVAL_MS,
    A,
    B,
    Clock,
    Told,
    drained,
    dropped,
    held_as_on_windows,  # noqa: F401  # for every test here
    is_balanced,
    kill,
    largest_file,
    numbers,
    report,
    segments,
    spool_at,
)

HOUR_MS = 3_600_000
HOURS = 240
"""Reports of one hour."""
LAST_OF_MINUTES = list(range(3, HOURS, 4))
LAST_OF_FIVE_MINUTES = list(range(19, HOURS, 20))


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Absence:
    """A spool and its clock, with an hour of reports (and one live) that nobody has heard."""

    def __init__(self, folder: Path, count: int = HOURS + 1, **options: Any) -> None:
        self.folder = folder
        self.clock = Clock()
        self.clock.ms = 0
        self.told = Told()
        self.options = options
        self.spool = self.start()
        self.held = 0
        self.hold(count)

    def start(self) -> Spool:
        return spool_at(self.folder, now_ms=self.clock, warn=self.told, **self.options)

    def hold(self, count: int, schema: str = A, size: int = 40) -> None:
        for _ in range(count):
            self.spool.hold(report(self.held, schema, size))
            self.held += 1
            self.clock.ms += INTERVAL_MS

    def pass_hours(self, hours: float) -> None:
        """Time goes by, and the work of some rounds is done."""
        self.clock.ms += int(hours * HOUR_MS)
        for _ in range(20):
            if work := self.spool._backlog.thin(ALL):
                self.spool._guarded("thinning", work)


def values(names: list[bytes], frames: list[bytes]) -> list[dict[str, list[float]]]:
    """What a collector reads of REPORT frames: values by family."""
    named = [each for item in names for each in framed(item)]
    parts = {part.hash: part for part in [decode_part(payload) for kind, payload in named if kind == PART]}
    indexes = {index.id: index for index in [decode_index(payload) for kind, payload in named if kind == SCHEMA]}
    found: list[dict[str, list[float]]] = []
    for [(_, payload)] in map(framed, frames):
        index = indexes[peek_schema_id(payload)[1]]
        told = [parts[part] for _, part in index.sources if part]
        words, at = decode_report(payload, len(index.sources), sum([part.count for part in told])).words, 0
        found.append({})
        for part in told:
            row = iter(Words(part).read(words, at))
            at += part.count * 8
            found[-1] |= {column.name: [next(row) for _ in column.rows] for column in part.columns}
    return found


def framed(frames: bytes) -> list[tuple[int, bytes]]:
    """Kind and payload of each frame."""
    reader = Reader(frames)
    found = []
    while reader.left():
        found.append((reader.byte(), reader.take(reader.varint())))
    return found


def test_a_full_rate_for_six_hours_then_the_last_of_each_minute(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    absence.pass_hours(5.9)
    assert (absence.spool.reports, absence.spool.dropped) == (HOURS + 1, dropped())
    absence.pass_hours(0.2)
    assert absence.spool.dropped == dropped(thinned=180)
    assert is_balanced(absence.spool)
    assert drained(absence.spool, 7) == LAST_OF_MINUTES


def test_of_what_is_older_than_a_day_five_minutes_stay_and_what_rules_and_panels_need(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    absence.pass_hours(24.1)
    batch = absence.spool.oldest(ALL, ALL)
    assert batch is not None
    assert numbers(batch.reports) == LAST_OF_FIVE_MINUTES
    assert values(batch.names, batch.reports) == [{"node_load1": [float(number)]} for number in LAST_OF_FIVE_MINUTES]
    assert absence.spool.dropped == dropped(thinned=HOURS - 12)


def test_first_by_minutes_and_then_by_five_comes_to_the_same(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    for hours in (6.1, 18):
        absence.pass_hours(hours)
    assert absence.spool.dropped == dropped(thinned=HOURS - 12)
    assert drained(absence.spool) == LAST_OF_FIVE_MINUTES


def test_of_a_minute_everything_stays_but_the_other_reports(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    before = absence.spool.oldest(ALL, ALL)
    absence.pass_hours(6.1)
    after = absence.spool.oldest(ALL, ALL)
    assert before is not None
    assert after is not None
    assert after.reports == [before.reports[number] for number in LAST_OF_MINUTES]
    assert after.names == before.names


def test_schemas_that_come_and_go_are_thinned_each_with_its_names(tmp_path: Path) -> None:
    absence = Absence(tmp_path, 0)
    for schema in (A, B, A, B):
        absence.hold(50, schema)
    absence.hold(1)
    absence.pass_hours(24.1)
    batch = absence.spool.oldest(ALL, ALL)
    assert batch is not None
    assert numbers(batch.reports) == [*range(19, 200, 20)]
    assert [each["node_load1"] for each in values(batch.names, batch.reports)] == [
        [float(n)] for n in range(19, 200, 20)
    ]


def test_the_counts_are_those_of_the_next_process_too(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    absence.pass_hours(6.1)
    kill(absence.spool)
    following = absence.start()
    assert (following.taken, following.dropped) == (HOURS + 1, dropped(thinned=180))
    assert drained(following) == [*LAST_OF_MINUTES, HOURS]


def test_thinned_segments_keep_their_age_and_their_level_over_a_restart(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    absence.spool.close()
    [old, *_] = segments(tmp_path)
    os.utime(old, (0, old.stat().st_mtime - 8 * 3600))
    absence.spool = absence.start()
    absence.pass_hours(0)
    content = old.read_bytes()
    assert Survey(content).level == 1
    absence.spool.close()
    absence.spool = absence.start()
    absence.pass_hours(15.9)
    assert old.read_bytes() == content
    absence.pass_hours(0.2)
    assert Survey(old.read_bytes()).level == 2


def test_a_segment_of_whole_reports_only_is_read_and_thinned(tmp_path: Path) -> None:
    names = ENCODER.schema_frames(report(0).schema_id)[0]
    records = [record.report_record(each.schema_id, each.frame) for each in map(report, range(HOURS))]
    (tmp_path / "00000003.segment").write_bytes(b"".join([record.MAGIC, record.names_record(names), *records]))
    absence = Absence(tmp_path, 0)
    assert absence.spool.reports == absence.spool.taken == HOURS
    absence.pass_hours(6.1)
    assert drained(absence.spool) == LAST_OF_MINUTES


def test_what_the_collector_has_some_of_is_left_as_it_is(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    batch = absence.spool.oldest(10, ALL)
    assert batch is not None
    absence.spool.acknowledge(batch)
    absence.pass_hours(6.1)
    assert drained(absence.spool) == [*range(10, HOURS)]


def test_an_answer_to_what_was_thinned_meanwhile_changes_nothing(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    batch = absence.spool.oldest(10, ALL)
    assert batch is not None
    absence.pass_hours(6.1)
    absence.spool.acknowledge(batch)
    assert is_balanced(absence.spool)
    assert drained(absence.spool) == LAST_OF_MINUTES


def test_a_full_disk_is_told_and_leaves_the_segment_until_there_is_room(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    before = [path.read_bytes() for path in segments(tmp_path)]
    with largest_file(2000):
        absence.pass_hours(6.1)
    assert absence.told == [
        f"spool=failing what=thinning folder={tmp_path} reason='File too large'",
    ]
    assert [path.read_bytes() for path in segments(tmp_path)] == before
    assert (absence.spool.reports, absence.spool.dropped) == (HOURS + 1, dropped())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000001.segment", "cursor", "live", "lock"]
    absence.pass_hours(0.1)
    assert absence.told.events == ["spool=failing", "spool=working"]
    assert absence.spool.dropped == dropped(thinned=180)


def test_a_segment_that_cannot_be_read_is_left_for_its_turn(tmp_path: Path) -> None:
    absence = Absence(tmp_path)
    [segment] = segments(tmp_path)
    names = ENCODER.schema_frames(report(0).schema_id)[0]
    segment.write_bytes(record.MAGIC + record.names_record(names) + record.delta_record(b"no delta"))
    absence.pass_hours(6.1)
    assert absence.told == []
    assert drained(absence.spool) == []
    assert absence.spool.dropped == dropped(disk=HOURS)


def test_work_in_many_steps_comes_to_the_same_as_in_one(tmp_path: Path) -> None:
    Absence(tmp_path)
    [segment] = segments(tmp_path)
    for level in (1, 2):
        whole, stepwise = Thinning(segment.read_bytes(), level), Thinning(segment.read_bytes(), level)
        assert whole.step(60)
        steps = 1
        while not stepwise.step(0):
            steps += 1
        assert steps > HOURS
        assert stepwise.content(7) == whole.content(7)


def test_where_bytes_run_out_the_oldest_are_thinned_first_and_nothing_is_dropped(tmp_path: Path) -> None:
    absence = Absence(tmp_path, 0, max_bytes=150_000)
    for _ in range(1200):
        absence.hold(1, size=400)
        if absence.spool.dropped["thinned"]:
            break
    surveys = [Survey(path.read_bytes()) for path in segments(tmp_path)]
    assert [survey.level for survey in surveys] == [1, *[0] * (len(surveys) - 1)]
    absence.hold(600, size=400)
    surveys = [Survey(path.read_bytes()) for path in segments(tmp_path)]
    levels = [survey.level for survey in surveys]
    assert levels == sorted(levels, reverse=True)
    assert {0, 1} <= {*levels}
    assert absence.spool.dropped == dropped(thinned=absence.spool.dropped["thinned"])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 150_000


@pytest.mark.slow
def test_a_spool_that_nothing_can_make_smaller_gives_its_oldest_up(tmp_path: Path) -> None:
    absence = Absence(tmp_path, 0, max_bytes=30_000)
    for _ in range(3000):
        absence.hold(1)
        absence.clock.ms += 285_000  # one report each five minutes
    assert absence.spool.dropped["full"] > 0
    assert is_balanced(absence.spool)


def test_a_thinned_segment_still_says_in_which_boot_it_was_taken() -> None:
    head = record.MAGIC + record.boot_record("this-boot")
    work = Thinning(head, 1)
    assert work.step()
    assert work.content(7) == record.MAGIC + record.level_record(1, 7) + head[len(record.MAGIC) :]
