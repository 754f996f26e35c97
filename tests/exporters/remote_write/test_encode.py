"""Our bytes are protobuf's."""

from __future__ import annotations

import math
from itertools import pairwise

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_exporters.remote_write.encode import (
    STALE,
    Block,
    compressed,
    encode,
    fill,
    fits_template,
    label,
    numbers,
    template,
    varint,
)
from keskidee_exporters.remote_write.names import Catalogue, Target
from tests.exporters.remote_write.prompb import read, write_request
from tests.exporters.remote_write.standin import NOON_MS, Part, Passed

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(lambda name: not name.startswith("__"))
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.integers(100, 400).map(lambda length: "x" * length),  # lengths whose encoding takes a second byte
)
TIMES = st.one_of(st.integers(NOON_MS - 10**9, NOON_MS), st.integers(-(2**63), 2**63 - 1))
SERIES = st.lists(st.dictionaries(NAMES, TEXTS, max_size=4), max_size=5)


def spelled(series: list[dict[str, str]], rows: list[tuple[int, list[float]]]) -> bytes:
    """What protobuf writes."""
    request = write_request()()
    for at, labels in enumerate(series):
        one = request.timeseries.add()
        for name, value in labels.items():
            one.labels.add(name=name, value=value)
        for time, values in rows:
            one.samples.add(value=values[at], timestamp=time)
    return bytes(request.SerializeToString())


def encoded(labels: dict[str, str]) -> bytes:
    return b"".join([label(name, value) for name, value in labels.items()])


@given(st.data(), SERIES, st.lists(TIMES, min_size=1, max_size=4))
def test_a_block_is_what_protobuf_writes(data: st.DataObject, series: list[dict[str, str]], times: list[int]) -> None:
    values = st.lists(st.floats(), min_size=len(series), max_size=len(series))
    rows = [(time, data.draw(values)) for time in sorted(times)]
    # protobuf leaves the text of an empty label away, and we leave the label away
    series = [{name: value for name, value in labels.items() if value} for labels in series]
    block = Block([encoded(labels) for labels in series], tuple(rows))
    assert encode(block) == spelled(series, rows)


@given(st.data(), SERIES, st.integers(1 << 35, (1 << 42) - 1))
def test_a_filled_template_is_what_the_block_would_be(
    data: st.DataObject, series: list[dict[str, str]], time: int
) -> None:
    values = data.draw(st.lists(st.floats(), min_size=len(series), max_size=len(series)))
    labels = [encoded(each) for each in series]
    assert fill(template(labels), time, values) == encode(Block(labels, ((time, values),)))


def test_times_around_those_of_a_template_are_told_apart() -> None:
    edges = [(1 << 35) - 1, 1 << 35, (1 << 42) - 1, 1 << 42, -1]
    assert [(fits_template(each), len(varint(each))) for each in edges] == [
        (False, 5), (True, 6), (True, 6), (False, 7), (False, 10),
    ]  # fmt: skip


def test_more_values_than_are_unpacked_at_once_are_all_there_in_order() -> None:
    values = [float(each) for each in range(2000)]
    request = write_request().FromString(encode(Block([label("a", "b")] * 2000, ((NOON_MS, values),))))
    assert [series.samples[0].value for series in request.timeseries] == values


def test_zeros_that_we_write_out_are_the_message_that_others_leave_them_away_from() -> None:
    labels = encoded({"__name__": "up"})
    plain = write_request(presence=False)
    request = plain.FromString(encode(Block([labels], ((0, [0.0]),))))
    [series] = request.timeseries
    assert [(each.value, each.timestamp) for each in series.samples] == [(0.0, 0)]
    assert request == plain.FromString(b"\x0a\x12" + labels + b"\x12\x00")


def test_the_stale_marker_has_the_bits_of_the_specification() -> None:
    body = encode(Block([b""], ((NOON_MS, [STALE]),)))
    assert (0x7FF0000000000002).to_bytes(8, "little") in body


@pytest.mark.parametrize("values", [[STALE, 1.0], [1.0, math.nan], [math.inf, -math.inf, STALE]])
def test_a_value_that_a_machine_sent_is_never_a_stale_marker(values: list[float]) -> None:
    bodies = encode(Block([b""] * len(values), ((NOON_MS, numbers(values)),)))
    assert (0x7FF0000000000002).to_bytes(8, "little") not in bodies
    assert bodies.count((0x7FF8000000000001).to_bytes(8, "little")) == sum(map(math.isnan, values))


def test_the_compressed_bytes_can_be_sent_more_than_once() -> None:
    body = compressed([encode(Block([encoded({"__name__": "up"})], ((NOON_MS, [1.0]),)))])
    assert [read(body), read(body)] == [[({"__name__": "up"}, [(NOON_MS, 1.0)])]] * 2


@given(st.lists(st.one_of(st.binary(max_size=50), st.integers(0, 9).map(lambda seed: bytes([seed, 7, 9]) * 30_000))))
def test_messages_that_are_compressed_one_by_one_are_one_to_who_reads_them(messages: list[bytes]) -> None:
    assert bytes(cramjam.snappy.decompress_raw(compressed(messages))) == b"".join(messages)


@given(
    st.lists(st.tuples(NAMES, st.dictionaries(NAMES | st.sampled_from(["os", "Mode"]), TEXTS, max_size=3)), max_size=6),
    st.dictionaries(NAMES, TEXTS.filter(bool), max_size=2),
    st.builds(Target, TEXTS.filter(bool), TEXTS, TEXTS, TEXTS),
)
def test_a_series_has_its_labels_by_name_with_its_own_before_all_others(
    series: list[tuple[str, dict[str, str]]], external: dict[str, str], target: Target
) -> None:
    part = Part(tuple([(name, tuple(own.items())) for name, own in series]))
    report = Passed(
        position=1, machine_id="a", **target._asdict(), taken_ms=NOON_MS, parts=((part, [1.0] * len(series)),)
    )
    machine = Catalogue(external, lambda _name: True).series_of(report)
    request = write_request().FromString(encode(Block(machine.series(), ((NOON_MS, machine.values(report)),))))
    for (name, own), one in zip(series, request.timeseries, strict=True):
        given_labels = {**external, **target._asdict(), "job": "keskidee", "__name__": name}
        given_labels |= {label: value for label, value in own.items() if value}
        wanted = {label: value for label, value in given_labels.items() if value}
        assert [(each.name, each.value) for each in one.labels] == sorted(wanted.items())
        assert all(before.name < after.name for before, after in pairwise(one.labels))


def test_series_that_are_not_wanted_are_left_out_with_their_values() -> None:
    part = Part((("a", ()), ("b", ()), ("c", (("d", "e"),))))
    other = Part((("b", ()),))
    report = Passed(
        position=1, machine_id="a", instance="a", taken_ms=NOON_MS, parts=((part, [1.0, 2.0, 3.0]), (other, [4.0]))
    )
    machine = Catalogue({}, lambda name: name != "b").series_of(report)
    names = [labels["__name__"] for labels, _ in read(compressed([encode(Block(machine.series(), ((1, [0, 0]),)))]))]
    assert (names, machine.values(report)) == (["a", "c"], [1.0, 3.0])
