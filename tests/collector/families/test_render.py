"""Whatever names and values a machine sends, strict parsers of both formats read them back from its page."""

from __future__ import annotations

import asyncio
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import parser as text_format
from prometheus_client.openmetrics import parser as openmetrics

from keskidee_collector.families.render import escaped, labels_text
from keskidee_report.model import Family, Reading
from keskidee_report.rules import clean_text
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

OPENMETRICS = "application/openmetrics-text"
NASTY = [
    "a\\b", 'a"b', "a\nb", "a\tb", "%", "%s %b %%", "{}", '"} 1\nup 1\n# ', "\\n", "\\", '\\"', "a,b=c",
    "\u202eabc\u2066", "Z" + "\u0301" * 300, "\U0001f426" * 200, " ", "é", "\x85", "\u2028", "A" * 1024,
]  # fmt: skip
Found = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def collector() -> Iterator[Inside]:
    with tempfile.TemporaryDirectory() as folder:
        inside = Inside(Path(folder))
        yield inside
        inside.state.close()


def samples_of(families: Iterable[Metric]) -> Found:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


async def shown(collector: Inside, samples: list[tuple[Family, dict[str, str], float]]) -> tuple[Found, Found]:
    """A machine sends these samples; what strict parsers find on its page in both formats, its own alone."""
    agent = await collector.enrol("pc")
    answer = await collector.report(agent, Reading("textfile", "ok", samples=samples))
    assert answer.status == 200, answer
    path = f"/metrics/machines/{agent.id}"
    page = (await collector.ask("GET", path)).body.decode()
    open_page = (await collector.ask("GET", path, headers={"accept": OPENMETRICS})).body.decode()
    await collector.administer("POST", f"/v1/machines/{agent.id}/retire")
    found = [
        samples_of(text_format.text_string_to_metric_families(page)),
        samples_of(openmetrics.text_string_to_metric_families(open_page)),  # type: ignore[no-untyped-call]
    ]
    text, strict = (
        {
            (name, tuple(pair for pair in labels if pair[0] != "instance")): value
            for (name, labels), value in each.items()
            if name.startswith("my_")
        }
        for each in found
    )
    return text, strict


@pytest.mark.parametrize("value", NASTY)
def test_a_label_value_reads_back(collector: Inside, value: str) -> None:
    family = Family("my_gauge", "gauge", "")
    text, strict = asyncio.run(shown(collector, [(family, {"a": value, "b": "1"}, 1.0)]))
    cleaned = clean_text(value, 1024)
    assert strict == {("my_gauge", (("a", cleaned), ("b", "1"))): 1.0}
    assert text == strict


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=8), max_size=3), min_size=1, max_size=4),
    st.floats() | st.integers(-(2**63), 2**63 - 1),
)
def test_labels_and_values_read_back_from_both_formats(
    collector: Inside, labels: list[dict[str, str]], value: float
) -> None:
    family = Family("my_values", "gauge", "What%is\\it\nfor")
    samples = [(family, each, value) for each in labels]
    text, strict = asyncio.run(shown(collector, list(samples)))
    wanted = {
        ("my_values", tuple(sorted((k, c) for k, v in each.items() if (c := clean_text(v, 1024))))): float(value)
        for each in labels
    }
    assert repr(sorted(strict.items())) == repr(sorted(wanted.items()))
    assert repr(sorted(text.items())) == repr(sorted(wanted.items()))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (0.1, "0.1"), (1e300, "1e300"), (-0.0, "-0.0"),
        (2**53 + 1, str(2**53 + 1)), (1e16, "1e16"), (5e-324, "5e-324"),
    ],
)  # fmt: skip
def test_a_value_is_written_in_its_shortest_form_that_reads_back(collector: Inside, value: float, written: str) -> None:
    async def page() -> str:
        agent = await collector.enrol("pc")
        family = Family("my_value", "gauge", "", digits=0 if isinstance(value, int) else None)
        await collector.report(agent, Reading("textfile", "ok", samples=[(family, {}, value)]))
        body = (await collector.ask("GET", f"/metrics/machines/{agent.id}")).body.decode()
        await collector.administer("POST", f"/v1/machines/{agent.id}/retire")
        return body

    line = next(line for line in asyncio.run(page()).splitlines() if line.startswith("my_value"))
    assert line.rpartition(" ")[2] == written


def test_one_odd_value_changes_none_of_its_neighbours(collector: Inside) -> None:
    family = Family("my_gauge", "gauge", "")
    samples = [(family, {"n": str(n)}, value) for n, value in enumerate([0.1, math.nan, 2.0])]
    text, _ = asyncio.run(shown(collector, list(samples)))
    assert repr(list(text.values())) == "[0.1, nan, 2.0]"


@given(st.text())
def test_an_escaped_text_has_no_bare_quote_and_no_newline(value: str) -> None:
    found = escaped(value)
    assert "\n" not in found
    assert found.replace("\\\\", "").replace('\\"', "").count('"') == 0


def test_labels_without_a_value_are_left_out() -> None:
    assert labels_text({"a": "1", "b": "", "c": 'x"'}) == '{a="1",c="x\\""}'
    assert labels_text({"a": ""}) == ""
