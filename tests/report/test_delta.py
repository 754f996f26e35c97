"""A delta and its base give the report again, bit by bit; what is no delta of that base is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_report.decode import peek_delta
from keskidee_report.delta import (
    Snapshot,
    apply_delta,
    delta_of,
    packed_durations,
    signed,
    unpacked_durations,
    zigzag,
)
from keskidee_report.model import Malformed
from keskidee_report.wire import varint
from tests.report.reading_back import frames_of

SCHEMA = b"schema 1"
word = st.integers(0, 2**64 - 1)
reason = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)


@st.composite
def snapshots(draw: st.DrawFn, sources: int, samples: int, *, sequence: int, boot_ms: int) -> Snapshot:
    outcomes = bytes(draw(st.lists(st.integers(0, 4), min_size=sources, max_size=sources)))
    durations = draw(st.lists(st.integers(0, 2**32 - 1), min_size=sources, max_size=sources))
    return Snapshot(
        sequence, boot_ms, draw(st.integers(0, 2**45)), SCHEMA,
        outcomes=outcomes, durations=packed_durations(durations),
        reasons=tuple([draw(reason) for code in outcomes if code]),
        words=struct.pack(f"<{samples}Q", *draw(st.lists(word, min_size=samples, max_size=samples))),
    )  # fmt: skip


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """Two reports of one schema, the second later; mostly alike."""
    sources, samples = draw(st.integers(0, 5)), draw(st.integers(0, 40))
    sequence, boot_ms = draw(st.integers(0, 2**40)), draw(st.integers(0, 2**40))
    base = draw(snapshots(sources, samples, sequence=sequence, boot_ms=boot_ms))
    later = {"sequence": sequence + draw(st.integers(1, 300)), "boot_ms": boot_ms + draw(st.integers(0, 2**32))}
    report = draw(snapshots(sources, samples, **later))
    if draw(st.booleans()):
        report.outcomes, report.reasons = base.outcomes, base.reasons
    words = bytearray(base.words)
    for at in draw(st.sets(st.integers(0, samples - 1), max_size=5)) if samples else ():
        words[at * 8 : at * 8 + 8] = report.words[at * 8 : at * 8 + 8]
    if draw(st.booleans()):
        report.words = bytes(words)
    return base, report


def read_back(payload: bytes, base: Snapshot) -> Snapshot:
    reader, sequence, base_sequence = peek_delta(payload)
    assert base_sequence == base.sequence
    return apply_delta(reader, sequence, base)


def delta_between(base: Snapshot, report: Snapshot) -> tuple[list[tuple[int, bytes]], Snapshot]:
    found = delta_of(base, report)
    assert found is not None
    return frames_of(found[0]), found[1]


def said(snapshot: Snapshot) -> tuple[object, ...]:
    return tuple(getattr(snapshot, name) for name in Snapshot.__slots__)


@given(pairs())
def test_a_report_reads_back_from_its_delta_as_it_was(pair: tuple[Snapshot, Snapshot]) -> None:
    base, report = pair
    exact = unpacked_durations(report.durations)
    [(_, payload)], told = delta_between(base, report)
    got = read_back(payload, base)
    assert said(got) == said(told)
    report.durations = told.durations
    assert said(told) == said(report)
    for heard, took in zip(unpacked_durations(got.durations), exact, strict=True):
        assert heard == took or abs(heard - took) < max(1000, heard / 4)


@given(pairs(), st.data())
def test_a_delta_that_was_cut_or_lengthened_is_refused(pair: tuple[Snapshot, Snapshot], data: st.DataObject) -> None:
    base, report = pair
    [(_, payload)], _ = delta_between(base, report)
    cut = payload[: data.draw(st.integers(0, len(payload) - 1))]
    for wrong in (cut, payload + b"\0"):
        with pytest.raises(Malformed):
            read_back(wrong, base)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_delta_or_malformed(payload: bytes) -> None:
    base = Snapshot(
        0, 0, 0, SCHEMA, outcomes=bytes(3), durations=bytes(12), reasons=(), words=bytes(80)
    )  # fmt: skip
    try:
        reader, sequence, _ = peek_delta(payload)
        got = apply_delta(reader, sequence, base)
    except Malformed:
        return
    assert (len(got.words), len(got.outcomes), len(got.durations)) == (80, 3, 12)
    assert len(got.reasons) == sum(code > 0 for code in got.outcomes)


def plain(sequence: int, boot_ms: int = 0, schema_id: bytes = SCHEMA) -> Snapshot:
    return Snapshot(sequence, boot_ms, 0, schema_id, outcomes=b"", durations=b"", reasons=(), words=bytes(8))


@pytest.mark.parametrize(
    "report", [plain(5), plain(4), plain(6, schema_id=b"schema 2"), plain(6, boot_ms=-1)],
    ids=["itself", "an older one", "another schema", "a clock that ran backwards"],
)  # fmt: skip
def test_no_delta_leads_to(report: Snapshot) -> None:
    assert delta_of(plain(5), report) is None


@pytest.mark.parametrize("back", [0, 8])
def test_a_base_that_is_not_older_is_refused(back: int) -> None:
    with pytest.raises(Malformed):
        peek_delta(varint(7) + varint(back))


@given(st.integers(-(2**63), 2**63 - 1))
def test_small_numbers_of_both_signs_become_small_numbers(number: int) -> None:
    assert signed(zigzag(number)) == number
    assert zigzag(number) < 2 ** (number.bit_length() + 1)


def test_what_did_not_change_costs_nothing() -> None:
    still = {"outcomes": bytes(60), "durations": bytes(240), "reasons": (), "words": bytes(8000)}
    base, report = (Snapshot(n, n * 15_000, n * 15_000, SCHEMA, **still) for n in (1, 2))  # type: ignore[arg-type]
    [(_, payload)], _ = delta_between(base, report)
    assert len(payload) == 8
