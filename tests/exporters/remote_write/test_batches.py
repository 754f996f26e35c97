"""How reports become requests: ages apart, within bounds, in order of time, with an end for what leaves."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_exporters.remote_write import batches
from keskidee_exporters.remote_write.batches import Batches
from keskidee_exporters.remote_write.names import Catalogue
from tests.exporters.remote_write.prompb import read
from tests.exporters.remote_write.standin import NOON_MS, Log, Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_exporters.remote_write.batches import Batch

LOAD = Part((("load", ()),))
DISKS = Part((("disk", (("device", "sda"),)), ("disk", (("device", "sdb"),))))
FEWER = Part((("disk", (("device", "sda"),)),))
Row = tuple[str, str, str, int, float | str]


def new_batches() -> Batches:
    return Batches(Catalogue({}, lambda _name: True))


def rows(batch: Batch) -> list[Row]:
    """Name, device, instance, seconds after noon and value of each sample; `stale` for a marker."""
    return [
        (
            labels["__name__"], labels.get("device", ""), labels["instance"], (at - NOON_MS) // 1000,
            "stale" if math.isnan(value) else value,
        )
        for labels, pairs in read(batch.body())
        for at, value in pairs
    ]  # fmt: skip


def all_rows(made: Iterable[Batch]) -> list[list[Row]]:
    return [rows(batch) for batch in made]


def leaves(batch: Batch) -> list[Batch]:
    """What is left when everything has been halved as far as it goes."""
    halves = batch.halves()
    return [leaf for half in halves for leaf in leaves(half)] if halves else [batch]


def test_live_reports_of_several_machines_are_one_request_and_each_backlog_is_its_own() -> None:
    log = Log()
    log.add("a", NOON_MS - 9000, (LOAD, [1.0]), live=False)
    log.add("a", NOON_MS, (LOAD, [2.0]))
    log.add("b", NOON_MS - 8000, (LOAD, [3.0]), live=False)
    log.add("b", NOON_MS, (LOAD, [4.0]))
    log.add("a", NOON_MS - 6000, (LOAD, [5.0]), live=False)
    assert all_rows(new_batches().of(log.reports)) == [
        [("load", "", "a", 0, 2.0), ("load", "", "b", 0, 4.0)],
        [("load", "", "a", -9, 1.0), ("load", "", "a", -6, 5.0)],
        [("load", "", "b", -8, 3.0)],
    ]


def test_samples_of_a_series_stand_in_order_of_time_even_where_the_names_around_it_changed() -> None:
    log = Log()
    for second, part, values in [(30, DISKS, [3.0, 3.5]), (0, DISKS, [0.0, 0.5]), (15, FEWER, [1.0])]:
        log.add("a", NOON_MS + second * 1000, (part, values), live=False)
    assert all_rows(new_batches().of(log.reports)) == [
        [
            ("disk", "sda", "a", 0, 0.0), ("disk", "sdb", "a", 0, 0.5), ("disk", "sda", "a", 15, 1.0),
            ("disk", "sda", "a", 30, 3.0), ("disk", "sdb", "a", 30, 3.5),
        ]
    ]  # fmt: skip


def test_a_series_that_leaves_a_machines_reports_ends_with_a_marker() -> None:
    log, made = Log(), new_batches()
    log.add("a", NOON_MS, (DISKS, [1.0, 2.0]), (LOAD, [3.0]))
    log.add("a", NOON_MS + 15_000, (FEWER, [4.0]), (LOAD, [5.0]))
    log.add("a", NOON_MS + 30_000, (FEWER, [6.0]), (LOAD, [7.0]))
    assert [rows(batch) for report in log.reports for batch in made.of([report])] == [
        [("disk", "sda", "a", 0, 1.0), ("disk", "sdb", "a", 0, 2.0), ("load", "", "a", 0, 3.0)],
        [("disk", "sdb", "a", 15, "stale"), ("disk", "sda", "a", 15, 4.0), ("load", "", "a", 15, 5.0)],
        [("disk", "sda", "a", 30, 6.0), ("load", "", "a", 30, 7.0)],
    ]


def test_a_series_that_comes_in_another_part_goes_on() -> None:
    log, made = Log(), new_batches()
    log.add("a", NOON_MS, (Part((("load", ()),)), [1.0]))
    log.add("a", NOON_MS + 15_000, (Part((("load", ()),)), [2.0]))
    assert all_rows(made.of(log.reports)) == [[("load", "", "a", 0, 1.0), ("load", "", "a", 15, 2.0)]]


def test_series_with_labels_that_a_machine_no_longer_has_end() -> None:
    log, made = Log(), new_batches()
    log.add("a", NOON_MS, (LOAD, [1.0]))
    log.add("a", NOON_MS + 15_000, (LOAD, [2.0]), os="windows")
    [batch] = made.of(log.reports)
    assert [(labels["os"], pairs[0][0] - NOON_MS, math.isnan(pairs[0][1])) for labels, pairs in read(batch.body())] == [
        ("linux", 0, False), ("linux", 15_000, True), ("windows", 15_000, False),
    ]  # fmt: skip


def test_a_backlog_ends_nothing_and_is_not_taken_for_the_last_word() -> None:
    log, made = Log(), new_batches()
    log.add("a", NOON_MS, (DISKS, [1.0, 2.0]))
    log.add("a", NOON_MS - 60_000, (FEWER, [3.0]), live=False)
    log.add("a", NOON_MS + 15_000, (DISKS, [4.0, 5.0]))
    made_rows = [row for report in log.reports for batch in made.of([report]) for row in rows(batch)]
    assert made_rows == [
        ("disk", "sda", "a", 0, 1.0), ("disk", "sdb", "a", 0, 2.0), ("disk", "sda", "a", -60, 3.0),
        ("disk", "sda", "a", 15, 4.0), ("disk", "sdb", "a", 15, 5.0),
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["off", "silent", "retired", ""])
def test_all_series_of_a_machine_that_is_not_on_end_once(state: str) -> None:
    log, made = Log(), new_batches()
    log.add("a", NOON_MS, (LOAD, [1.0]))
    log.add("b", NOON_MS, (LOAD, [2.0]))
    list(made.of(log.reports))
    states = {"id of a": state, "id of b": "on"} if state else {"id of b": "on"}
    assert rows(made.ended(states, NOON_MS + 50_000)) == [("load", "", "a", 50, "stale")]
    assert rows(made.ended(states, NOON_MS + 55_000)) == []


def test_a_machine_that_has_reported_since_it_was_looked_at_does_not_end() -> None:
    log, made = Log(), new_batches()
    log.add("a", NOON_MS, (LOAD, [1.0]))
    list(made.of(log.reports))
    assert rows(made.ended({"id of a": "off"}, NOON_MS)) == []


def test_requests_are_bounded_by_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SAMPLES_AT_MOST", 4)
    log = Log()
    for second in range(5):
        log.add("a", NOON_MS + second * 1000, (DISKS, [1.0, 2.0]))
        log.add("b", NOON_MS - second * 1000, (DISKS, [1.0, 2.0]), live=False)
    assert [batch.samples for batch in new_batches().of(log.reports)] == [4, 4, 2, 4, 4, 2]


def test_requests_are_bounded_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BYTES_AT_MOST", 600)
    log = Log()
    for second in range(4):
        log.add("a", NOON_MS + second * 1000, (DISKS, [1.0, 2.0]))
    assert [batch.samples for batch in new_batches().of(log.reports)] == [4, 4]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.sampled_from([LOAD, DISKS, FEWER])), min_size=1))
def test_halving_loses_and_doubles_nothing_and_ends_at_single_samples(reports: list[tuple[str, int, Part]]) -> None:
    log = Log()
    for machine, second, part in reports:
        log.add(machine, NOON_MS + second * 1000, (part, [float(len(log.reports))] * len(part.series)))
    for batch in new_batches().of(log.reports):
        assert sorted(map(str, map(rows, leaves(batch)))) == sorted(map(str, [[row] for row in rows(batch)]))


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([LOAD, DISKS, FEWER])), min_size=1))
def test_within_a_request_a_series_never_goes_back_in_time(reports: list[tuple[int, Part]]) -> None:
    log = Log()
    for second, part in reports:
        log.add("a", NOON_MS + second * 1000, (part, [1.0] * len(part.series)), live=False)
    for batch in new_batches().of(log.reports):
        seen: dict[str, list[int]] = {}
        for labels, pairs in read(batch.body()):
            seen.setdefault(str(labels), []).extend([at for at, _ in pairs])
        assert all(before <= after for times in seen.values() for before, after in pairwise(times))
