"""The spool: nothing is lost by a kill at any byte, order and bounds hold, and a failing disk is told but not fatal."""

import contextlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keskidee_agent.host import clock
from keskidee_agent.spool import backlog, record
from keskidee_agent.spool.backlog import Batch
from keskidee_agent.spool.cursor import DISK, FULL, OLD, REFUSED, THINNED
from keskidee_agent.spool.lock import InUse
from tests.agent.spooling import (
    ALL,
    ENCODER,
    A,
    B,
    Clock,
    Told,
    drained,
    dropped,
    filled,
    kill,
    largest_file,
    numbers,
    report,
    segments,
    spool_at,
    stamps,
)


def test_what_is_acknowledged_at_once_never_reaches_the_backlog(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    for number in range(100):
        spool.hold(report(number))
        spool.acknowledge_live()
    assert (spool.reports, spool.bytes, segments(tmp_path)) == (0, 0, [])
    assert (tmp_path / "live").stat().st_size < 600


def test_what_is_not_acknowledged_waits_in_order(tmp_path: Path) -> None:
    spool = filled(tmp_path, 10)
    assert spool.reports == 10
    assert drained(spool, 4) == list(range(9))
    assert spool.reports == 1
    assert segments(tmp_path) == []


def test_a_batch_holds_the_names_of_its_reports_once(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    for number, schema_id in enumerate([A, A, B, A, B, B]):
        spool.hold(report(number, schema_id))
    batch = spool.oldest(ALL, ALL)
    assert batch is not None
    of_a, parts = ENCODER.schema_frames(report(0, A).schema_id)
    of_b, _ = ENCODER.schema_frames(report(0, B).schema_id, parts)
    assert batch.names == [b"".join(of_a), b"".join(of_b)]
    assert batch.schema_ids == {report(0, A).schema_id, report(0, B).schema_id}
    assert numbers(batch.reports) == [0, 1, 2, 3, 4]


def test_a_batch_is_bounded_by_reports_and_by_bytes(tmp_path: Path) -> None:
    spool = filled(tmp_path, 20)
    sizes = [
        len(batch.reports) for batch in (spool.oldest(5, ALL), spool.oldest(ALL, 450), spool.oldest(ALL, 1)) if batch
    ]
    assert sizes == [5, 4, 1]


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from([1, 450, 2000, ALL]), st.booleans()), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_segment_that_is_read_on_gives_what_one_that_is_read_anew_does(
    tmp_path: Path, steps: list[tuple[int, int, bool]]
) -> None:
    shutil.rmtree(tmp_path / "spool", ignore_errors=True)
    spool, last = filled(tmp_path / "spool", 12), 12
    for at_most, max_bytes, acknowledged in steps:
        batch = spool.oldest(at_most, max_bytes)
        if batch is None:
            break
        spool._backlog._walk = None
        anew = spool.oldest(at_most, max_bytes)
        assert anew is not None
        assert (anew.reports, anew.schema_ids, anew.end) == (batch.reports, batch.schema_ids, batch.end)
        if acknowledged:
            spool.acknowledge(batch)
            spool.hold(report(last, B))
            last += 1
    kill(spool)


def test_acknowledged_batches_stay_so_after_a_restart(tmp_path: Path) -> None:
    spool = filled(tmp_path, 10)
    batch = spool.oldest(6, ALL)
    assert batch is not None
    spool.acknowledge(batch)
    kill(spool)
    assert drained(spool_at(tmp_path)) == [6, 7, 8, 9]


def test_the_live_report_of_a_killed_process_is_sent_by_the_next(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    for number, schema_id in enumerate([A, A, B]):
        spool.hold(report(number, schema_id))
        spool.acknowledge_live()
    kill(spool)
    following = spool_at(tmp_path)
    batch = following.oldest(ALL, ALL)
    assert batch is not None
    assert numbers(batch.reports) == [2]
    assert batch.names == [b"".join(ENCODER.schema_frames(report(2, B).schema_id)[0])]


def test_an_acknowledged_live_report_is_gone_after_an_orderly_end(tmp_path: Path) -> None:
    spool = filled(tmp_path, 1)
    spool.acknowledge_live()
    spool.close()
    assert spool_at(tmp_path).reports == 0


def test_a_waiting_live_report_survives_an_orderly_end(tmp_path: Path) -> None:
    spool = filled(tmp_path, 3)
    spool.close()
    assert drained(spool_at(tmp_path)) == [0, 1, 2]


def test_a_longer_report_leaves_nothing_behind_in_the_slot(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    for number, reason in enumerate(["a" * 150, "b"]):
        spool.hold(report(number, reason=reason))
        spool.acknowledge_live()
    kill(spool)
    told = Told()
    assert drained(spool_at(tmp_path, warn=told)) == [1]
    assert told == []


def cut_copies(folder: Path, name: str, copy: Path) -> Iterator[tuple[int, Path]]:
    """A copy of the folder with the file cut short at each byte."""
    content = (folder / name).read_bytes()
    for end in range(len(content)):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        (copy / name).write_bytes(content[:end])
        yield end, copy


@pytest.mark.slow
def test_a_segment_cut_at_any_byte_gives_the_whole_reports_before_it(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 5)
    kill(spool)
    (segment,) = segments(tmp_path / "spool")
    ends = [end for kind, _, end in record.records(segment.read_bytes()) if kind != record.NAMES]
    for end, copy in cut_copies(tmp_path / "spool", segment.name, tmp_path / "copy"):
        following = spool_at(copy)
        assert drained(following) == [n for n in range(4) if ends[n] <= end] + [4]
        kill(following)


@pytest.mark.slow
def test_a_slot_cut_at_any_byte_gives_its_report_or_none(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 1)
    kill(spool)
    whole = (tmp_path / "spool" / "live").stat().st_size - len(record.END)
    for end, copy in cut_copies(tmp_path / "spool", "live", tmp_path / "copy"):
        following = spool_at(copy)
        assert drained(following) == ([0] if end >= whole else [])
        kill(following)


def test_a_cursor_cut_at_any_byte_repeats_and_loses_nothing(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 5)
    batch = spool.oldest(2, ALL)
    assert batch is not None
    spool.acknowledge(batch)
    kill(spool)
    for _, copy in cut_copies(tmp_path / "spool", "cursor", tmp_path / "copy"):
        following = spool_at(copy)
        assert drained(following) == [0, 1, 2, 3, 4]
        kill(following)


@pytest.mark.slow
def test_a_changed_byte_costs_no_report_before_it_and_is_told(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 5)
    kill(spool)
    (segment,) = segments(tmp_path / "spool")
    content = segment.read_bytes()
    for at in range(len(content)):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(tmp_path / "spool", copy)
        (copy / segment.name).write_bytes(content[:at] + bytes((content[at] ^ 0x55,)) + content[at + 1 :])
        told = Told()
        following = spool_at(copy, warn=told)
        found = drained(following)
        assert found == [*range(len(found) - 1), 4]
        assert told.events == ["spool=torn", "spool=lost"]
        assert following.dropped == dropped(disk=5 - len(found))
        kill(following)


def test_a_segment_that_becomes_unreadable_is_given_up_and_counted(tmp_path: Path) -> None:
    told = Told()
    spool = filled(tmp_path, 5, warn=told)
    segments(tmp_path)[0].write_bytes(b"scribbled over")
    assert drained(spool) == []
    assert spool.dropped == dropped(disk=4)
    assert told.events == ["spool=unreadable"]


CHECKOUT = Path(__file__).parents[3]
ACTIONS = st.lists(st.sampled_from(["hold", "send live", "send batch", "kill", "end"]), max_size=60)


@given(ACTIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@pytest.mark.slow
def test_whatever_happens_every_report_arrives_in_order(tmp_path: Path, actions: list[str]) -> None:
    folder = tmp_path / "spool"
    shutil.rmtree(folder, ignore_errors=True)
    spool, held = spool_at(folder), 0
    live: list[int] = []
    late: list[int] = []

    def send_batch(batch: Batch | None) -> None:
        if batch is not None:
            late.extend(numbers(batch.reports))
            spool.acknowledge(batch)

    for action in actions:
        if action == "hold":
            spool.hold(report(held))
            held += 1
        elif action == "send live" and spool.live is not None:
            live.append(spool.live.sequence)
            spool.acknowledge_live()
        elif action == "send batch":
            send_batch(spool.oldest(3, ALL))
        elif action in ("kill", "end"):
            kill(spool) if action == "kill" else spool.close()
            spool = spool_at(folder)
    spool.close()
    spool = spool_at(folder)
    late += drained(spool)
    kill(spool)
    # a live report that was sent may come once more, by the process after a kill; the collector knows it
    assert sorted({*live, *late}) == list(range(held))
    assert late == sorted(set(late))


def test_the_oldest_segments_make_room(tmp_path: Path) -> None:
    spool = spool_at(tmp_path, max_bytes=100_000)
    for number in range(2000):  # of one minute each, so that thinning makes no room
        spool.hold(report(number * 20))
    on_disk = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert on_disk <= 100_000
    assert spool.bytes > 70_000
    waiting = spool.reports
    assert spool.dropped == dropped(full=2000 - waiting)
    assert drained(spool) == [number * 20 for number in range(2000 - waiting, 1999)]


def test_what_waits_too_long_is_given_up(tmp_path: Path) -> None:
    clock = Clock()
    spool = spool_at(tmp_path, now_ms=clock, max_age_seconds=800)
    for number in range(100):
        spool.hold(report(number))
        clock.ms += 15_000
    kept = drained(spool)
    assert kept == list(range(kept[0], 99))
    assert 800 / 15 - 1 <= len(kept) <= 900 / 15 + 1  # a segment spans an eighth of the age and goes as a whole
    assert spool.dropped[OLD] == kept[0]


def test_age_is_kept_over_a_restart(tmp_path: Path) -> None:
    spool = filled(tmp_path, 5)
    spool.close()
    for segment in segments(tmp_path):
        os.utime(segment, (0, os.stat(segment).st_mtime - 7200))
    with contextlib.closing(spool_at(tmp_path, max_age_seconds=7300)) as young:
        assert young.reports == 5
    following = spool_at(tmp_path, max_age_seconds=7100)
    assert (following.reports, following.dropped[OLD]) == (1, 4)  # the live report became a segment of its own


def test_a_clock_that_was_years_off_does_not_make_reports_old(tmp_path: Path) -> None:
    filled(tmp_path, 5).close()
    for segment in [*segments(tmp_path), tmp_path / "live"]:
        os.utime(segment, (0, 0))
    assert spool_at(tmp_path, max_age_seconds=60).reports == 5


def test_counts_of_dropped_reports_survive_a_restart(tmp_path: Path) -> None:
    spool = filled(tmp_path, 1)
    spool.drop_live(REFUSED)
    spool.close()
    assert spool_at(tmp_path).dropped == dropped(refused=1)


def test_a_refused_batch_is_counted_and_passed_over(tmp_path: Path) -> None:
    spool = filled(tmp_path, 5)
    batch = spool.oldest(1, ALL)
    assert batch is not None
    spool.acknowledge(batch, REFUSED)
    assert spool.dropped[REFUSED] == 1
    assert drained(spool) == [1, 2, 3]


def test_a_batch_whose_segment_had_to_make_room_meanwhile_is_counted_once(tmp_path: Path) -> None:
    spool = filled(tmp_path, 40, max_bytes=30_000)
    batch = spool.oldest(5, ALL)
    assert batch is not None
    for number in range(2, 2500):
        spool.hold(report(number * 20))
    full = spool.dropped[FULL]
    assert full > 0
    spool.acknowledge(batch, REFUSED)
    assert spool.dropped == dropped(full=full, thinned=spool.dropped[THINNED])


@pytest.mark.parametrize(("boot", "is_placed"), [("this-boot", True), ("another-boot", False), ("", False)])
def test_reports_of_an_earlier_process_have_the_clock_of_now_where_it_was_the_same_boot(
    tmp_path: Path, boot: str, *, is_placed: bool
) -> None:
    kill(filled(tmp_path, 3, boot="this-boot"))
    spool = spool_at(tmp_path, boot=boot)
    for number in (3, 4):
        spool.hold(report(number))
    found: list[tuple[int, int, int]] = []
    while batch := spool.oldest(2, ALL):
        found += stamps(batch.reports)
        spool.acknowledge(batch)
    now_ms = clock.wall_ms() - clock.boot_ms()
    assert [number for number, _, _ in found] == [0, 1, 2, 3]
    assert [abs(wall - since_boot - now_ms) < 60_000 for _, since_boot, wall in found] == [is_placed] * 3 + [bool(boot)]


def test_only_its_user_may_read_the_spool(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        filled(tmp_path / "spool", 5)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "spool").iterdir()}
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert modes == dict.fromkeys(("live", "lock", "cursor", "00000001.segment"), 0o600)


def test_a_second_process_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    spool = filled(tmp_path, 3)
    with pytest.raises(InUse):
        spool_at(tmp_path)
    assert drained(spool) == [0, 1]


def test_a_folder_that_cannot_be_made_is_told_and_live_reports_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = Told()
    spool = spool_at(tmp_path / "file" / "spool", warn=told)
    for number in range(3):
        spool.hold(report(number))
        assert spool.live is not None
    assert spool.dropped[DISK] == 2
    assert len(told) == 1
    (tmp_path / "file").unlink()
    spool.hold(report(3))
    spool.hold(report(4))
    assert drained(spool) == [2, 3]
    assert told[1:] == [f"spool=working what=folder folder={tmp_path}/file/spool"]


def test_a_full_disk_is_told_once_counted_and_outlived(tmp_path: Path) -> None:
    told = Told()
    spool = filled(tmp_path, 10, warn=told)
    with largest_file(segments(tmp_path)[0].stat().st_size + 20):  # the next record fits by half
        for number in range(10, 15):
            spool.hold(report(number))
        assert spool.live is not None
        assert spool.live.sequence == 14
    spool.hold(report(15))
    assert spool.dropped == dropped(disk=5)
    assert drained(spool) == [*range(9), 14]
    assert told.events == ["spool=failing", "spool=working"]


def test_what_a_full_disk_cost_is_still_counted_after_a_kill(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    with largest_file(tmp_path.joinpath("cursor").stat().st_size):
        for number in range(4):
            spool.hold(report(number))
    os.close(spool._lock)  # nothing else of it ends in order
    assert spool_at(tmp_path).dropped[DISK] == 3


def test_a_disk_that_is_full_from_the_start_costs_no_live_report(tmp_path: Path) -> None:
    told = Told()
    with largest_file(0):
        spool = filled(tmp_path, 3, warn=told)
        assert spool.live is not None
        assert spool.live.sequence == 2
        assert spool.dropped[DISK] == 2
    assert {line.split(" ")[1] for line in told} == {"what=live", "what=backlog"}


def test_what_is_appended_is_fsynced_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync
    clock = Clock()

    def counted(descriptor: int) -> None:
        synced.append(clock.ms)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    spool = spool_at(tmp_path, now_ms=clock)
    for number in range(13):
        spool.hold(report(number))
        clock.ms += 15_000
    assert sorted(set(synced)) == [1_060_000, 1_120_000, 1_180_000]


def test_nothing_is_fsynced_while_all_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("fsync"))
    clock = Clock()
    spool = spool_at(tmp_path, now_ms=clock)
    for number in range(20):
        spool.hold(report(number))
        spool.acknowledge_live()
        clock.ms += 15_000


KILLED_WHILE_WRITING = """
import sys
from tests.agent.spooling import report, spool_at

spool = spool_at(sys.argv[1])
number = 0
while True:
    spool.hold(report(number, size=500))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.slow
def test_a_process_killed_in_mid_write_loses_no_report_that_it_held(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_WHILE_WRITING, str(tmp_path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    held = [int(child.stdout.readline()) for _ in range(2000)]
    child.kill()
    held += [int(line) for line in child.stdout.read().splitlines() if line.isdigit()]
    child.wait()
    child.stdout.close()
    spool = spool_at(tmp_path)
    found = drained(spool)
    assert found[: len(held)] == held
    assert len(found) - len(held) <= 1
    assert (spool.taken, spool.dropped) == (len(found), dropped())


def test_a_segment_is_closed_at_its_size_and_removed_when_acknowledged(tmp_path: Path) -> None:
    spool = spool_at(tmp_path)
    for number in range(150):
        spool.hold(report(number, size=2000))
    sizes = [segment.stat().st_size for segment in segments(tmp_path)]
    assert len(sizes) == 3
    assert all(backlog.SEGMENT_BYTES <= size < backlog.SEGMENT_BYTES + 3000 for size in sizes[:-1])
    first = spool.oldest(ALL, ALL)
    assert first is not None
    spool.acknowledge(first)
    assert [segment.name for segment in segments(tmp_path)] == ["00000002.segment", "00000003.segment"]
