"""The text format as node_exporter's textfile collector reads it, and what it refuses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.gather.exposition import SAMPLES_AT_MOST, go_number, parse
from keskidee_report.model import Malformed


def samples(text: str) -> list[tuple[str, str | None, dict[str, str], float]]:
    return [(f.name, f.kind, labels, value) for f in parse(text.encode()) for labels, value in f.samples]


@pytest.mark.parametrize(
    ("line", "labels", "value"),
    [
        ("x 1", {}, 1),
        ("\t x\t-2.5e3", {}, -2500),
        ("x{} 3", {}, 3),
        ("x{}3", {}, 3),
        ('x { a = "b" , c="d" , } 4', {"a": "b", "c": "d"}, 4),
        ('x{a="\\"\\\\\\n}#"} 5', {"a": '"\\\n}#'}, 5),
        ('x{a="\\\\"} 6', {"a": "\\"}, 6),
        ('x{a="é",b=""} 7', {"a": "é", "b": ""}, 7),
        ("x +Inf", {}, math.inf),
        ("x -infinity", {}, -math.inf),
    ],
)
def test_a_sample(line: str, labels: dict[str, str], value: float) -> None:
    assert samples(line + "\n") == [("x", "untyped", labels, value)]


def test_nan_is_a_value() -> None:
    assert math.isnan(samples("x NaN\n")[0][3])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x 1", id="the last line does not end"),
        pytest.param("x 1 1441205977284\n", id="a timestamp"),
        pytest.param("x 1 \n", id="a blank at the end"),
        pytest.param("x 1\r\n", id="lines of Windows"),
        pytest.param("\ufeffx 1\n", id="a byte order mark"),
        pytest.param("x\n", id="no value"),
        pytest.param("x 0x10\n", id="a hexadecimal number"),
        pytest.param("x 1_0\n", id="a number with an underscore"),
        pytest.param("x 1e999\n", id="a number too large"),
        pytest.param("x ١\n", id="a digit of another script"),
        pytest.param("x one\n", id="a word"),
        pytest.param("1x 1\n", id="a name that begins with a digit"),
        pytest.param("x-y 1\n", id="a name with a dash"),
        pytest.param('{"x"} 1\n', id="a quoted name"),
        pytest.param('x{a="b} 1\n', id="a value that does not end"),
        pytest.param('x{a="b\\"} 1\n', id="a value whose end is escaped"),
        pytest.param('x{a="\\t"} 1\n', id="an escape that is none"),
        pytest.param('x{a="b" c="d"} 1\n', id="no comma"),
        pytest.param("x{a=b} 1\n", id="no quotes"),
        pytest.param('x{a="b",a="c"} 1\n', id="a label twice"),
        pytest.param('x{__name__="y"} 1\n', id="a reserved label"),
        pytest.param('x{"a"="b"} 1\n', id="a quoted label"),
        pytest.param("# TYPE x meter\n", id="an unknown type"),
        pytest.param("# TYPE x gauge\n# TYPE x gauge\n", id="a type twice"),
        pytest.param("x 1\n# TYPE x gauge\n", id="a type after samples"),
        pytest.param("# HELP x a\n# HELP x a\n", id="a help text twice"),
        pytest.param("# HELP x a\\x\n", id="a help text with an escape that is none"),
        pytest.param("# HELP x-y a\n", id="the help text of no name"),
        pytest.param("# TYPE x histogram\nx_count -1\n", id="a count below 0"),
        pytest.param("# TYPE x histogram\nx_count NaN\n", id="a count that is no number"),
        pytest.param('# TYPE x histogram\nx_bucket{le="a"} 1\n', id="a bound that is no number"),
        pytest.param("x 1\n" * (SAMPLES_AT_MOST + 1), id="too many samples"),
    ],
)
def test_a_file_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text.encode())


def test_the_line_is_named() -> None:
    with pytest.raises(Malformed, match=r"line 3: not a number: 'two'"):
        parse(b"# a comment\nx 1\ny two\n")


def test_a_label_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(Malformed, match="not UTF-8"):
        parse(b'x{a="\xe9"} 1\n')


def test_a_comment_may_be_anything() -> None:
    assert samples("#\n# \n#x\n# EOF\n# HELP\n# TYPE\n# HELP x\n# TYPE x\n#TYPE y\n") == []


def test_a_comment_may_be_in_another_encoding() -> None:
    assert [family.help for family in parse(b"# caf\xe9\n# HELP x caf\xe9\nx 1\n")] == ["caf\ufffd"]


def test_help_and_type_in_any_order_and_case() -> None:
    families = parse(b'# TYPE x GAUGE\n#\tHELP  x  a "q" \\\\ b\\n c \nx 1\n')
    assert [(family.kind, family.help) for family in families] == [("gauge", 'a "q" \\ b\n c ')]


def test_a_family_without_samples_is_none() -> None:
    assert parse(b"# HELP x X\n# TYPE x gauge\n") == []


def test_a_histogram_is_gathered_by_its_labels() -> None:
    text = """# TYPE x histogram
x_bucket{a="1",le="2"} 3.7
x_bucket{le="+Inf",a="1"} 4
x_sum{a="1"} -2.5
x_count{a="1"} 4
x_count{a="2"} 5
x_bucket{le="NaN",a="2"} 1
x{a="2"} 1
"""
    (family,) = parse(text.encode())
    assert [(one.labels, one.bounds, one.total, one.count) for one in family.distributions.values()] == [
        ({"a": "1"}, {2.0: 3, math.inf: 4}, -2.5, 4),
        ({"a": "2"}, {}, 0.0, 5),
    ]


def test_a_summary_keeps_its_quantiles_as_they_are() -> None:
    (family,) = parse(b'# TYPE x summary\nx{quantile="0.5"} 1.5\nx_sum 3\nx_count 2\nx_bucket{le="1"} 1\n')[:1]
    assert [(one.bounds, one.total, one.count) for one in family.distributions.values()] == [({0.5: 1.5}, 3, 2)]


def test_parts_of_a_family_that_is_not_declared_are_families() -> None:
    text = '# TYPE x gauge\nx 1\nx_sum 2\ny_bucket{le="1"} 3\n'
    assert [(name, kind) for name, kind, _, _ in samples(text)] == [
        ("x", "gauge"),
        ("x_sum", "untyped"),
        ("y_bucket", "untyped"),
    ]


LINES = st.lists(
    st.sampled_from(
        ["# TYPE x histogram", "# HELP x y", "x 1", 'x_bucket{le="1"} 1', "x_sum 2", 'x{a="\\"', "}", " 1 2", '"', "\\"]
    ),
    max_size=8,
)


@given(content=st.one_of(st.binary(max_size=200), LINES.map(lambda lines: "\n".join([*lines, ""]).encode())))
def test_anything_is_read_or_refused(content: bytes) -> None:
    try:
        families = parse(content)
    except Malformed:
        return
    assert all(family.kind and (family.samples or family.distributions) for family in families)


@given(text=st.text(alphabet="0123456789+-.eEinfatyINFATY_ xp", max_size=8))
def test_a_number_is_one_for_python_too(text: str) -> None:
    try:
        value = go_number(text)
    except Malformed:
        return
    assert str(value) == str(float(text))
