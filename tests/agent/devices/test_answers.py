"""Values as devices really send them: numbers in strings, names that are not UTF-8, negative sizes."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from keskidee_agent.devices import standard
from keskidee_agent.devices.answers import Answers, hardware_address, number, text
from keskidee_agent.devices.document import as_document
from keskidee_agent.devices.engine import Row, Value
from keskidee_agent.devices.identify import all_profiles
from keskidee_agent.devices.metrics import samples
from keskidee_agent.devices.mibs import host, system
from keskidee_agent.devices.parts import Parts, Space
from keskidee_agent.devices.profile import full
from keskidee_agent.devices.read import read_device
from keskidee_agent.devices.recorded_engine import RecordedEngine, recorded_rows
from keskidee_agent.gather.output import as_prometheus
from tests.agent.devices.names import names_in

ROWS: list[Row] = [("1.3.6.1.2.1.2.2.1.2.1", b"lo"), ("1.3.6.1.2.1.2.2.1.2.10", b"eth0"), ("1.3.6.1.2.1.2.2.1.20.1", 7)]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "café"),
        (b"eth0\0\0", "eth0"),
        (b" x ", "x"),
        ("1.3.6", "1.3.6"),
        (b"\xff\xfe", "ÿþ"),
    ],
)
def test_text_is_utf_8_or_else_latin_1(value: Value, words: str) -> None:
    assert text(value) == words


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (-5, -5),
        (b"18446744073709551615", 18446744073709551615),
        (b"33 (Normal)", 33),
        (b"-3.5 C", -3.5),
        (b"", None),
        (b"N/A", None),
    ],
)
def test_numbers_are_read_out_of_strings(value: Value, found: float | None) -> None:
    assert number(value) == found


def test_a_column_is_none_of_its_longer_neighbours() -> None:
    answers = Answers()
    answers.add_walk("1.3.6.1.2.1.2.2.1", ROWS)
    assert answers.texts("1.3.6.1.2.1.2.2.1.2") == {"1": "lo", "10": "eth0"}
    assert answers.scalar("1.3.6.1.2.1.2.2.1.20.1") == 7


@pytest.mark.parametrize(
    ("octets", "address"), [(bytes(6), None), (b"\0\x1b\x21\n\x0b\x0c", "00:1b:21:0a:0b:0c"), (b"x", None)]
)
def test_a_hardware_address_has_six_bytes(octets: bytes, address: str | None) -> None:
    assert hardware_address(octets) == address


def test_a_size_beyond_31_bits_comes_out_negative_and_is_put_right() -> None:
    answers, parts = Answers(), Parts()
    row: dict[str, Value] = {"2": "1.3.6.1.2.1.25.2.1.4", "3": b"/data", "4": 4096, "5": -1, "6": 10}
    answers.add_walk(host.STORAGE, [(f"{host.STORAGE}.{column}.1", value) for column, value in row.items()])
    host.read(answers, parts)
    assert parts.storage == [Space(description="/data", size_bytes=(2**32 - 1) * 4096, used_bytes=40960)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"1.3.6|2", b"1.3.6|2|x", b"1.3.6|4x|0", b"|4|x\xff", b"1.3|9|x", b"1.3.6.1|64x|0a000001\n1.3"],
)
def test_a_recording_that_is_cut_or_odd_is_read_as_far_as_it_goes(content: bytes) -> None:
    assert len(list(recorded_rows(content))) <= 1


NAMES = sorted({*standard.WALKS, *(name for profile in all_profiles() for name in names_in(profile))})
MAKERS = sorted({full(prefix) for profile in all_profiles() for prefix in profile.object_ids})
COLUMNS = st.sampled_from(NAMES).flatmap(lambda name: st.sampled_from([name, *(f"{name}.{at}" for at in range(1, 20))]))
ROWS_OF_TABLES = st.sampled_from(["", ".0", ".1", ".2", ".1.1", ".0.1.1", ".4294967295", ".1.4.10.0.0.1", ".1.4.10.0"])
VALUES = st.one_of(
    st.integers(-(2**31), 2**64),
    st.integers(-3, 12),
    st.floats(),
    st.binary(max_size=9),
    st.sampled_from(
        [
            b"1e999",
            b"-1",
            b"9" * 400,
            b"9" * 400 + b".0",
            b"\xb2",
            b"\xff\xfe",
            b"{}",
            "1.3.6.1.2.1.25.2.1.4",
            "0.0",
            "",
        ]
    ),
)


@given(st.sampled_from(MAKERS), st.lists(st.tuples(COLUMNS, ROWS_OF_TABLES, VALUES), max_size=40))
def test_no_answer_of_a_device_breaks_the_reading(maker: str, cells: list[tuple[str, str, Value]]) -> None:
    rows: dict[str, Value] = {column + row: value for column, row, value in cells}
    reading = asyncio.run(read_device(RecordedEngine(list((rows | {system.OBJECT_ID: maker + ".1"}).items()))))
    json.dumps(as_document(reading), allow_nan=False)
    assert list(text_string_to_metric_families(as_prometheus(samples(reading))))
