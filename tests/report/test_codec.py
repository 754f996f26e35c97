"""What an agent encodes is what a collector reads, whatever the names and values are."""

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_report.codec import Encoder, envelope, facts_frame, goodbye_frame
from keskidee_report.decode import (
    Stamp,
    decode_facts,
    decode_goodbye,
    decode_report,
    open_envelope,
    peek_schema_id,
    round_of,
)
from keskidee_report.delta import unpacked_durations
from keskidee_report.model import KINDS, OUTCOMES, Family, Reading
from keskidee_report.rules import clean_text
from keskidee_report.wire import FACTS, PART, REPORT, SCHEMA
from tests.report.reading_back import frames_of, sent, sources_of

SESSION = bytes(range(8))
CPU = Family("node_cpu_seconds_total", "counter", "Seconds.", digits=2)
LOAD = Family("node_load1", "gauge", "Load.")
BYTES = Family("node_memory_MemFree_bytes", "gauge", "Free.", digits=0)

names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,15}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)
EXACT = 2**50
"""Below this a decimal number of up to nine digits reads back as the same double."""


@st.composite
def values(draw: st.DrawFn, digits: int | None) -> float:
    """A value that fits its column: any double, or a multiple of 10**-digits; of 2**-digits below 0."""
    if digits is None:
        return draw(st.floats())
    whole = draw(st.integers(-EXACT, EXACT))
    if digits < 0:
        return whole << -digits
    return whole / 10**digits if digits else whole


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    out = []
    for source in draw(st.lists(names, max_size=4, unique=True)):
        samples = []
        for name in draw(st.lists(names, max_size=4, unique=True)):
            digits = draw(st.none() | st.integers(-32, 9))
            family = Family(name, draw(st.sampled_from(KINDS)), draw(texts), digits=digits)
            found = draw(st.lists(st.dictionaries(names, texts, max_size=3), max_size=4))
            samples += [(family, labels, draw(values(digits))) for labels in found]
        outcome = draw(st.sampled_from(OUTCOMES))
        out.append(Reading(source, outcome, draw(texts), draw(st.floats(0, 100)), draw(st.permutations(samples))))
    return out


def encoded(found: list[Reading], encoder: Encoder | None = None) -> list[tuple[int, bytes]]:
    """The frames of one report with all its names."""
    encoder = encoder or Encoder(SESSION)
    report = encoder.report(found, sequence=1, boot_ms=1000, wall_ms=2000)
    return frames_of(b"".join(encoder.schema_frames(report.schema_id)[0]) + report.frame)


def same(left: dict[str, dict[Any, float]], right: dict[str, dict[Any, float]]) -> bool:
    """Equality in which NaN is itself."""
    return repr(_sorted(left)) == repr(_sorted(right))


def _sorted(found: dict[str, dict[Any, float]]) -> Any:
    return {
        source: sorted((name, sorted(labels), float(value)) for (name, labels), value in rows.items())
        for source, rows in sorted(found.items())
    }


@given(readings())
def test_every_sample_reads_back_as_it_was_sent(found: list[Reading]) -> None:
    expected = {source: {key: value + 0.0 for key, value in rows.items()} for source, rows in sent(found).items()}
    got = {s: {key: value + 0.0 for key, value in rows.items()} for s, rows in sources_of(encoded(found)).items()}
    assert same(got, expected)


@given(readings(), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_stamp_outcomes_and_seconds_read_back(found: list[Reading], sequence: int, boot_ms: int, wall_ms: int) -> None:
    encoder = Encoder(SESSION)
    report = encoder.report(found, sequence=sequence, boot_ms=boot_ms, wall_ms=wall_ms)
    [(_, payload)] = frames_of(report.frame)
    count = sum(len(rows) for rows in sent(found).values())
    snapshot = decode_report(payload, len(found), count)
    assert peek_schema_id(payload) == (
        Stamp(session=SESSION, sequence=sequence, boot_ms=boot_ms, wall_ms=wall_ms), report.schema_id
    )  # fmt: skip
    assert (snapshot.sequence, snapshot.boot_ms, snapshot.wall_ms) == (sequence, boot_ms, wall_ms)
    round_ = round_of(snapshot)
    assert round_.outcomes == [reading.outcome for reading in found]
    assert round_.reasons == ["" if r.outcome == "ok" else clean_text(r.reason, 200) for r in found]
    assert round_.seconds == [int(reading.seconds * 1_000_000) / 1_000_000 for reading in found]


@given(readings(), readings())
def test_an_encoder_that_has_seen_other_rounds_gives_the_same_frames(first: list[Reading], then: list[Reading]) -> None:
    used = Encoder(SESSION)
    used.report(first, sequence=1, boot_ms=1, wall_ms=1)
    used.report(then, sequence=2, boot_ms=2, wall_ms=2)
    fresh, again = Encoder(SESSION), used.report(first, sequence=3, boot_ms=3, wall_ms=3)
    once = fresh.report(first, sequence=3, boot_ms=3, wall_ms=3)
    assert (again.frame, used.schema_frames(again.schema_id)[0]) == (once.frame, fresh.schema_frames(once.schema_id)[0])


def test_names_that_did_not_change_are_not_built_again() -> None:
    encoder = Encoder(SESSION)
    first = encoder.report([Reading("cpu", "ok", samples=[CPU(1.5, cpu="0")])], sequence=1, boot_ms=0, wall_ms=0)
    then = encoder.report([Reading("cpu", "ok", samples=[CPU(2.5, cpu="0")])], sequence=2, boot_ms=0, wall_ms=0)
    assert then.schema_id == first.schema_id
    assert encoder.schema_frames(then.schema_id) == encoder.schema_frames(first.schema_id)


def test_one_new_interface_resends_one_part() -> None:
    encoder = Encoder(SESSION)
    cpu = Reading("cpu", "ok", samples=[CPU(1.5, cpu="0")])
    first = encoder.report([cpu, Reading("load", "ok", samples=[LOAD(1.0)])], sequence=1, boot_ms=0, wall_ms=0)
    _, known = encoder.schema_frames(first.schema_id)
    then = encoder.report([cpu, Reading("load", "ok", samples=[LOAD(1.0, x="1")])], sequence=2, boot_ms=0, wall_ms=0)
    frames, parts = encoder.schema_frames(then.schema_id, known)
    assert [kind for frame in frames for kind, _ in frames_of(frame)] == [PART, SCHEMA]
    assert len(parts - known) == 1


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (math.nan, math.nan),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
        (0.5, 0.5),
        (2**63, float(2**63)),
        (-(2**64), float(-(2**64))),
        (10**400, math.inf),
        (-(10**400), -math.inf),
    ],
)
def test_what_an_integer_column_cannot_hold_travels_as_a_double_with_its_neighbours(value: float, read: float) -> None:
    found = [Reading("memory", "ok", samples=[BYTES(4096, zone="a"), BYTES(value, zone="b"), CPU(0.25)])]
    [got] = sources_of(encoded(found)).values()
    assert repr(list(got.values())) == repr([4096.0, read, 0.25])


def test_a_part_that_fell_back_to_doubles_stays_with_them_while_its_names_stay() -> None:
    encoder = Encoder(SESSION)
    ids = [
        encoder.report([Reading("m", "ok", samples=[BYTES(value)])], sequence=n, boot_ms=0, wall_ms=0).schema_id
        for n, value in enumerate([math.nan, 4096, 8192])
    ]
    assert len(set(ids)) == 1


def test_the_largest_integers_travel_exactly() -> None:
    found = [Reading("m", "ok", samples=[BYTES(2**63 - 1, z="a"), BYTES(-(2**63), z="b")])]
    [got] = sources_of(encoded(found)).values()
    assert list(got.values()) == [2**63 - 1, -(2**63)]


def test_of_two_samples_of_one_series_the_first_travels() -> None:
    found = [Reading("load", "ok", samples=[LOAD(1.0, x="1"), LOAD(2.0, x="2"), LOAD(3.0, x="1")])]
    assert sources_of(encoded(found)) == {
        "load": {("node_load1", frozenset({("x", "1")})): 1.0, ("node_load1", frozenset({("x", "2")})): 2.0}
    }


@pytest.mark.parametrize("empty", ["", "\x00", "\x1b\x07"])
def test_a_label_of_which_nothing_is_left_is_absent(empty: str) -> None:
    found = [Reading("load", "ok", samples=[LOAD(1.0, x=empty), LOAD(2.0)])]
    assert sources_of(encoded(found)) == {"load": {("node_load1", frozenset()): 1.0}}


def test_labels_that_become_alike_once_cleaned_are_one_series() -> None:
    found = [Reading("load", "ok", samples=[LOAD(1.0, x="a\x07"), LOAD(2.0, x="a"), LOAD(3.0, x="a\ud800")])]
    assert sources_of(encoded(found)) == {
        "load": {("node_load1", frozenset({("x", "a")})): 1.0, ("node_load1", frozenset({("x", "a?")})): 3.0}
    }


def test_labels_that_become_alike_once_cut_are_one_series() -> None:
    found = [Reading("load", "ok", samples=[LOAD(1.0, x="a" * 1024), LOAD(2.0, x="a" * 1025)])]
    assert len(sources_of(encoded(found))["load"]) == 1


def test_samples_of_one_family_may_stand_apart() -> None:
    found = [Reading("s", "ok", samples=[LOAD(1.0, x="1"), CPU(2.5), LOAD(3.0, x="2")])]
    assert sources_of(encoded(found)) == sent(found)


def test_a_source_that_gave_nothing_has_no_part() -> None:
    assert [kind for kind, _ in encoded([Reading("dmi", "denied", "needs root")])] == [SCHEMA, REPORT]


def test_a_schema_is_forgotten_once_eight_others_came() -> None:
    encoder = Encoder(SESSION)
    first = encoder.report([Reading("load", "ok", samples=[LOAD(1.0)])], sequence=0, boot_ms=0, wall_ms=0)
    for n in range(8):
        found = [Reading("load", "ok", samples=[LOAD(1.0, x=str(n))])]
        last = encoder.report(found, sequence=n + 1, boot_ms=0, wall_ms=0)
    assert len(encoder.schema_frames(last.schema_id)[0]) == 2
    with pytest.raises(KeyError):
        encoder.schema_frames(first.schema_id)


def test_a_clock_before_1970_is_sent_as_its_beginning() -> None:
    encoder = Encoder(SESSION)
    report = encoder.report([], sequence=0, boot_ms=0, wall_ms=-5)
    [(_, payload)] = frames_of(report.frame)
    assert decode_report(payload, 0, 0).wall_ms == 0


@given(st.dictionaries(names, texts.filter(bool), max_size=20))
def test_facts_read_back(facts: dict[str, str]) -> None:
    [(kind, payload)] = frames_of(facts_frame(facts))
    assert (kind, decode_facts(payload)) == (FACTS, facts)


@pytest.mark.parametrize("reason", ["shutdown", "sleep", "stop", "upgrade"])
def test_a_goodbye_reads_back(reason: str) -> None:
    [(_, payload)] = frames_of(goodbye_frame(SESSION, 7, 8, 9, reason))
    stamp, said = decode_goodbye(payload)
    assert (stamp.session, stamp.sequence, stamp.boot_ms, stamp.wall_ms, said) == (SESSION, 7, 8, 9, reason)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.lists(st.binary(max_size=50), max_size=5))
def test_an_envelope_reads_back(boot_ms: int, wall_ms: int, payloads: list[bytes]) -> None:
    frames = [struct.pack("BB", 0x80 + n, len(payload)) + payload for n, payload in enumerate(payloads)]
    opened = open_envelope(envelope(SESSION, boot_ms, wall_ms, frames), 1 << 20)
    assert (opened.session, opened.sent_boot_ms, opened.sent_wall_ms) == (SESSION, boot_ms, wall_ms)
    assert opened.frames == [(0x80 + n, payload) for n, payload in enumerate(payloads)]


def told_microseconds(encoder: Encoder, *microseconds: int) -> tuple[int, ...]:
    each = [Reading(f"source{at}", OUTCOMES[0], seconds=took / 1e6) for at, took in enumerate(microseconds)]
    report = encoder.report(each, sequence=0, boot_ms=0, wall_ms=0)
    return unpacked_durations(report.snapshot.durations)


def test_a_duration_is_told_anew_when_it_moved_by_a_millisecond_and_a_quarter() -> None:
    encoder = Encoder(SESSION)
    rounds = [(100, 40_000), (900, 45_000), (1_200, 49_000), (1_201, 60_000)]
    assert [told_microseconds(encoder, *each) for each in rounds] == [
        (100, 40_000),
        (100, 40_000),
        (1_200, 40_000),
        (1_200, 60_000),
    ]


def test_durations_of_other_sources_are_told_as_they_are() -> None:
    encoder = Encoder(SESSION)
    assert [told_microseconds(encoder, 100), told_microseconds(encoder, 101, 7)] == [(100,), (101, 7)]


def test_reasons_that_change_are_told() -> None:
    encoder = Encoder(SESSION)
    reasons = ["no /proc/a", "no /proc/a", "no\0 /proc/b"]
    reports = [
        encoder.report([Reading("one", "absent", reason)], sequence=0, boot_ms=0, wall_ms=0) for reason in reasons
    ]
    assert [report.snapshot.reasons for report in reports] == [(clean_text(reason, 200),) for reason in reasons]


@pytest.mark.parametrize("value", [1024 * 3 + 1, 0.5, float("inf"), 2**80])
def test_a_value_that_is_no_multiple_of_its_unit_travels_as_a_double(value: float) -> None:
    family = Family("node_memory_MemFree_bytes", "gauge", "Free.", digits=-10)
    [got] = sources_of(encoded([Reading("meminfo", OUTCOMES[0], samples=[(family, {}, value)])])).values()
    assert list(got.values()) == [value]
