"""What names, labels and texts may be, and the numbers and texts of the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_report.model import COUNTER, GAUGE, UNTYPED, Family, Malformed
from keskidee_report.rules import clean_text, is_clean, is_label, is_name, page_names
from keskidee_report.wire import Reader, text, varint, varints


@pytest.mark.parametrize("name", ["a", "_", "node_cpu_seconds_total", "A9_", "x" * 200])
def test_a_name_is(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "9a", "a-b", "a:b", "a b", "é", "a\n", "x" * 201, "𝐚", "a\u200b", "٣"])
def test_a_name_is_not(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("label", ["job", "instance", "site", "role", "le", "quantile", "__name__", "__x", "a-b", ""])
def test_a_label_that_no_report_may_carry(label: str) -> None:
    assert not is_label(label)


@pytest.mark.parametrize("label", ["device", "_x", "Instance", "collector"])
def test_a_label_that_a_report_may_carry(label: str) -> None:
    assert is_label(label)


@pytest.mark.parametrize(
    ("name", "kind", "taken"),
    [
        ("foo_total", COUNTER, ("foo", "foo_total", "foo_created")),
        ("foo", COUNTER, ("foo",)),
        ("foo_total", GAUGE, ("foo_total",)),
        ("foo_total", UNTYPED, ("foo_total",)),
        ("foo", "histogram", ("foo", "foo_bucket", "foo_sum", "foo_count", "foo_created")),
    ],
)
def test_the_names_a_family_takes_on_a_page(name: str, kind: str, taken: tuple[str, ...]) -> None:
    assert page_names(name, kind) == taken


@given(st.text(), st.integers(1, 50))
def test_a_cleaned_text_is_clean_short_and_stays_as_it_is(found: str, limit: int) -> None:
    cleaned = clean_text(found, limit)
    assert is_clean(cleaned)
    assert len(cleaned) <= limit
    assert clean_text(cleaned, limit) == cleaned


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])))
def test_a_text_without_controls_is_not_changed(found: str) -> None:
    assert clean_text(found, 10_000) == found


def test_newline_and_tab_stay_and_lone_surrogates_become_question_marks() -> None:
    assert clean_text("a\n\tb\r\x00\x7fc\ud800\x85", 100) == "a\n\tbc?\x85"


@given(st.integers(0, 2**64 - 1))
def test_a_number_reads_back_and_its_length_is_its_own(number: int) -> None:
    encoded = varint(number)
    reader = Reader(encoded)
    assert (reader.varint(), reader.left()) == (number, 0)
    assert len(encoded) == max((number.bit_length() + 6) // 7, 1)


@pytest.mark.parametrize("encoded", [b"\xff" * 9 + b"\x02", b"\x80" * 10 + b"\x01", b"\xff" * 20])
def test_a_number_of_more_than_64_bits_is_refused(encoded: bytes) -> None:
    with pytest.raises(Malformed, match="more than 64 bits"):
        Reader(encoded).varint()


lengths = st.integers(0, 64).map(lambda bits: 2**bits - 1)


@given(st.lists(st.one_of(lengths, st.integers(0, 2**64 - 1))))
def test_numbers_of_any_length_read_back_one_behind_the_other(numbers: list[int]) -> None:
    reader = Reader(varints(numbers) + b"\x07")
    assert (reader.varints(len(numbers)), reader.varint(), reader.left()) == (numbers, 7, 0)


@pytest.mark.parametrize("numbers", [[1, 2], [1, 1 << 7], [1, 1 << 14], [1, 1 << 21], [1, 1 << 28]])
def test_numbers_that_are_cut_short_are_refused(numbers: list[int]) -> None:
    with pytest.raises(Malformed, match="cut short"):
        Reader(varints(numbers)[:-1]).varints(2)


def test_a_number_of_more_than_64_bits_is_refused_among_others_too() -> None:
    with pytest.raises(Malformed, match="more than 64 bits"):
        Reader(b"\x01" + b"\xff" * 20 + b"\x01").varints(3)


@given(st.text())
def test_any_text_can_be_written_and_what_is_clean_reads_back(found: str) -> None:
    cleaned = clean_text(found, 10_000)
    assert Reader(text(cleaned)).text(100_000) == cleaned


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("node_memory_MemFree_bytes", "bytes"),
        ("node_cpu_seconds_total", "seconds"),
        ("node_load1", ""),
        ("node_boot_time_seconds", "seconds"),
        ("node_hwmon_temp_celsius", "celsius"),
        ("node_context_switches_total", ""),
    ],
)
def test_the_unit_of_a_family_ends_its_name(name: str, unit: str) -> None:
    assert Family(name, GAUGE, "").unit == unit


def test_a_malformed_text_is_quoted_up_to_80_characters() -> None:
    assert str(Malformed("no number", "x" * 500)) == f"no number: {'x' * 80!r}"
