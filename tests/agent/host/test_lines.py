"""Numbers are taken exactly as the kernel writes them, and anything else is refused."""

import pytest

from keskidee_agent.host.lines import complete_lines, decimal, number, numbers, only_number
from keskidee_report.model import Malformed


def test_lines_come_without_their_ends() -> None:
    assert complete_lines(b"one\n\ntwo\n") == [b"one", b"", b"two"]


@pytest.mark.parametrize("content", [b"", b"one", b"one\ntw"])
def test_an_empty_or_cut_file_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        complete_lines(content)


def test_a_refusal_quotes_80_characters_at_most() -> None:
    with pytest.raises(Malformed) as refused:
        complete_lines(b"x" * 1000)
    assert str(refused.value) == f"cut short: {b'x' * 80!r}"


def test_numbers_are_whole_and_up_to_64_bits() -> None:
    assert numbers(b" 0  12\t18446744073709551615") == [0, 12, 18446744073709551615]


@pytest.mark.parametrize(
    "line", [b"1_0", b"+1", b"-1", b"1.5", b"0x1", b"1e3", b"a", b"\xd9\xa1", b"18446744073709551616"]
)
def test_what_the_kernel_does_not_write_is_no_number(line: bytes) -> None:
    with pytest.raises(Malformed):
        numbers(line)


def test_a_number_longer_than_python_converts_is_refused() -> None:
    with pytest.raises(Malformed):
        numbers(b"9" * 5000)


@pytest.mark.parametrize("text", [b"", b" ", b"1 2"])
def test_one_number_is_not_none_or_two(text: bytes) -> None:
    with pytest.raises(Malformed):
        number(text)


def test_a_file_with_one_number_ends_with_a_newline() -> None:
    assert only_number(b"13\n") == 13


@pytest.mark.parametrize("content", [b"13", b"", b"1\n3\n"])
def test_a_file_with_one_number_that_was_cut_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        only_number(content)


@pytest.mark.parametrize(("text", "value"), [(b"0.25", 0.25), (b"12", 12.0), (b"0.00", 0.0)])
def test_a_decimal_has_at_most_one_point(text: bytes, value: float) -> None:
    assert decimal(text) == value


@pytest.mark.parametrize(
    "text", [b"", b".", b"1.", b".5", b"1.2.3", b"nan", b"inf", b"1e5", b"-1", b"1_0.5", b" 1", b"9" * 41]
)
def test_any_other_form_is_no_decimal(text: bytes) -> None:
    with pytest.raises(Malformed):
        decimal(text)
