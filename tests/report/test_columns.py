"""Samples as columns travel as the samples that they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from keskidee_report.codec import Encoder
from keskidee_report.model import OK, Columns, Family, Reading
from tests.report.test_codec import EXACT, SESSION

if TYPE_CHECKING:
    from keskidee_report.model import Names, Sample

FAMILIES = [Family(f"x{abs(digits)}_total", "counter", "X.", digits=digits) for digits in (0, 2, 3, -10)]
LABELS = [{"of": "a"}, {"of": "b"}, {}]
rows = st.lists(st.tuples(st.sampled_from(FAMILIES), st.sampled_from(LABELS)), max_size=6).map(tuple)


@st.composite
def rounds(draw: st.DrawFn) -> list[tuple[Names, list[int]]]:
    """Rounds of two sets of names, and their counts; the names are now the same object, now an equal one."""
    sets = draw(st.lists(rows, min_size=2, max_size=2))
    told = []
    for names in draw(st.lists(st.sampled_from(sets), min_size=1, max_size=6)):
        size = len(names)
        given_names = names if draw(st.booleans()) else (*names,)
        told.append((given_names, draw(st.lists(st.integers(-EXACT, EXACT), min_size=size, max_size=size))))
    return told


def frame_of(encoder: Encoder, samples: list[Sample] | Columns) -> bytes:
    reading = Reading("x", OK, samples=samples)
    return encoder.report([reading], sequence=0, boot_ms=0, wall_ms=0).frame


@given(rounds())
def test_columns_are_encoded_as_their_samples(told: list[tuple[Names, list[int]]]) -> None:
    ours, others = Encoder(SESSION), Encoder(SESSION)
    for names, counts in told:
        columns = Columns(names, counts)
        assert frame_of(ours, columns) == frame_of(others, list(columns))


def test_a_count_beyond_63_bits_travels_as_a_double() -> None:
    names: Names = ((FAMILIES[0], {}), (FAMILIES[1], {}))
    ours, others = Encoder(SESSION), Encoder(SESSION)
    for counts in ([1, 2], [2**64, 2], [2**63 - 1, 3]):
        columns = Columns(names, counts)
        assert frame_of(ours, columns) == frame_of(others, list(columns))


def test_columns_are_equal_when_names_and_counts_are() -> None:
    one, same = Columns(((FAMILIES[0], {}),), [1]), Columns(((FAMILIES[0], {}),), [1])
    other, longer = Columns(((FAMILIES[1], {}),), [1]), Columns(((FAMILIES[0], {}),), [2])
    assert (one == same, one == other, one == longer, one == list(one)) == (True, False, False, False)


def test_a_count_is_given_in_units_of_its_family() -> None:
    columns = Columns(tuple((family, {}) for family in FAMILIES), [21650, 2165, 21650, 3])
    assert [value for _, _, value in columns] == [21650, 21.65, 21650 * 0.001, 3072]
