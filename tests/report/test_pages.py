"""Histograms and summaries on a page: the rows of one family in the order of the formats, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.utils import floatToGoString

from keskidee_report.pages import Unfit, arranged, bound_text, page_family, shortest

Row = tuple[str, dict[str, str]]
WHOLE: list[Row] = [
    ("x_sum", {}),
    ("x_bucket", {"le": "+Inf"}),
    ("x_bucket", {"le": "10"}),
    ("x_count", {}),
    ("x_bucket", {"le": "2.5"}),
]


def bucket(le: str, **labels: str) -> Row:
    return ("x_bucket", {**labels, "le": le})


@pytest.mark.parametrize(
    ("name", "kind", "labels", "family"),
    [
        ("x_total", "counter", (), "x_total"),
        ("x_sum", "gauge", (), "x_sum"),
        ("x_bucket", "histogram", ("path", "le"), "x"),
        ("x_sum", "histogram", (), "x"),
        ("x_count", "histogram", (), "x"),
        ("x_created", "histogram", (), "x"),
        ("x", "summary", ("quantile",), "x"),
        ("x_sum", "summary", (), "x"),
        ("x_sum", "summary", ("quantile",), "x_sum"),
        ("x_sum_sum", "summary", (), "x_sum"),
    ],
)
def test_a_column_belongs_to_a_family_of_the_page(name: str, kind: str, labels: tuple[str, ...], family: str) -> None:
    assert page_family(name, kind, labels) == family


@pytest.mark.parametrize(
    ("name", "kind", "labels"),
    [
        ("x", "histogram", ()),
        ("x", "histogram", ("le",)),
        ("x_bucket", "histogram", ()),
        ("x_sum", "histogram", ("le",)),
        ("_sum", "histogram", ()),
        ("x", "summary", ()),
        ("x_bucket", "summary", ()),
    ],
)
def test_a_column_that_fits_no_family_is_refused(name: str, kind: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(Unfit):
        page_family(name, kind, labels)


def test_buckets_ascend_before_sum_and_count() -> None:
    assert arranged("x", "histogram", WHOLE) == [4, 2, 1, 0, 3]


def test_rows_of_one_label_set_stand_together() -> None:
    rows = [bucket("+Inf", a="1"), bucket("+Inf", a="2"), bucket("1", a="2"), bucket("1", a="1")]
    assert arranged("x", "histogram", rows) == [3, 0, 2, 1]


def test_quantiles_ascend_before_sum_and_count() -> None:
    rows: list[Row] = [("x_count", {}), ("x_sum", {}), ("x", {"quantile": "0.9"}), ("x", {"quantile": "0.5"})]
    assert arranged("x", "summary", rows) == [3, 2, 1, 0]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([bucket("1")], id="no bucket of all"),
        pytest.param([("x_sum", {}), ("x_count", {})], id="no buckets"),
        pytest.param([*WHOLE, bucket("10.0")], id="a bound twice"),
        pytest.param([bucket("+Inf"), bucket("one")], id="a bound that is no number"),
        pytest.param([bucket("+Inf"), bucket("nan")], id="a bound that is not a number"),
        pytest.param([bucket("+Inf"), bucket("1_0")], id="a bound with an underscore"),
        pytest.param([bucket("+Inf"), ("x_bucket", {})], id="a bucket without a bound"),
        pytest.param(WHOLE[:3], id="a sum without a count"),
        pytest.param([*WHOLE, bucket("-1")], id="a bucket below 0 beside a sum"),
    ],
)
def test_a_histogram_that_is_none_is_refused(rows: list[Row]) -> None:
    with pytest.raises(Unfit):
        arranged("x", "histogram", rows)


@pytest.mark.parametrize("quantile", ["-0.5", "1.5", "NaN", "half"])
def test_a_quantile_is_from_0_to_1(quantile: str) -> None:
    with pytest.raises(Unfit):
        arranged("x", "summary", [("x", {"quantile": quantile})])


@pytest.mark.parametrize(
    ("written", "text"),
    [("1", "1.0"), ("100", "100.0"), ("0.25", "0.25"), ("1000000", "1e+06"), ("Inf", "+Inf"), ("1e-5", "1e-05")],
)
def test_a_bound_is_written_as_openmetrics_does(written: str, text: str) -> None:
    assert bound_text(written) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (-2.5, "-2.5"),
        (100000.0, "100000"),
        (1e6, "1e+06"),
        (26214400.0, "2.62144e+07"),
        (0.0001, "0.0001"),
        (1e-7, "1e-07"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
    ],
)
def test_a_number_is_written_as_go_does(value: float, text: str) -> None:
    assert shortest(value) == text


@given(value=st.floats(allow_nan=False))
def test_a_number_reads_back_the_same(value: float) -> None:
    assert float(shortest(value)) == value


@given(power=st.integers(-10, 10))
def test_powers_of_ten_are_those_of_prometheus_client(power: int) -> None:
    assert bound_text(repr(10.0**power)) == floatToGoString(10.0**power)  # type: ignore[no-untyped-call]
