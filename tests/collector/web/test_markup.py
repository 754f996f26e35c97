"""What holds for every page: it is well-formed, it needs no script, and what machines say stays text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import FAILED
from tests.collector.web.collector import HOSTILE, reading

if TYPE_CHECKING:
    from tests.collector.web.collector import Answer, Collector

pytestmark = pytest.mark.slow

ELEMENTS = """
html head meta title link body header main footer nav section h1 h2 p a img ol ul li b i q bdi span small time div
details summary form label input select option button table caption thead tbody tr th td dl dt dd pre code
"""
ATTRIBUTES = """
aria-label aria-labelledby action alt charset class content datetime height href http-equiv id lang maxlength name
open placeholder rel role scope selected src tabindex title type value width
"""


def pages(collector: Collector) -> dict[str, Answer]:
    """Every kind of page, of a fleet in which every machine says something hostile wherever it can."""
    empty = collector.get("/")
    paths = [
        "/",
        "/assets",
        "/assets?q=%3Cb%3E%22&sort=-site&page=7",
        "/?q=%3Cb%3E%22&site=%3Cb%3E&state=wrong",
        "/?state=retired",
        "/machines/unknown",
    ]
    for text in HOSTILE:
        agent = collector.join(
            text, site=text, role=text, **dict.fromkeys(("os_name", "kernel", "maker", "model"), text)
        )
        collector.report(agent, reading(), reading("dmi", FAILED, text[:200]), clock_off=1e9)
        paths.append(f"/machines/{agent.id}")
    collector.retire(collector.join("<b>old</b>"))
    return {"empty": empty, **{path: collector.get(path) for path in paths}}


def test_every_page_is_well_formed(collector: Collector) -> None:
    for answer in pages(collector).values():
        assert answer.page.tag == "html"


def test_every_element_and_attribute_is_one_of_ours(collector: Collector) -> None:
    for path, answer in pages(collector).items():
        elements = list(answer.page.iter())
        assert (path, {element.tag for element in elements} - {*ELEMENTS.split()}) == (path, set())
        assert (path, {name for element in elements for name in element.attrib} - {*ATTRIBUTES.split()}) == (
            path,
            set(),
        )


def test_every_address_on_a_page_is_the_collector_s_own(collector: Collector) -> None:
    for answer in pages(collector).values():
        for element in answer.page.iter():
            for name in ("href", "src", "action"):
                assert element.attrib.get(name, "/")[0] in "/#"
                assert not element.attrib.get(name, "/").startswith("//")


def test_every_page_has_one_first_heading_a_main_part_and_unique_ids(collector: Collector) -> None:
    for answer in pages(collector).values():
        tags = Counter(element.tag for element in answer.page.iter())
        ids = Counter(element.attrib["id"] for element in answer.page.iter() if "id" in element.attrib)
        assert (tags["h1"], tags["main"], [name for name, count in ids.items() if count > 1]) == (1, 1, [])


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(collector: Collector) -> None:
    for answer in pages(collector).values():
        for table in answer.page.iterfind(".//table"):
            assert table.find("caption") is not None
            assert [cell.attrib.get("scope") for cell in table.iterfind("thead//th")].count("col") == len(
                table.findall("thead//th")
            )
            assert all(cell.attrib["scope"] == "row" for cell in table.iterfind("tbody//th"))


@pytest.mark.parametrize("text", HOSTILE[:3])
def test_markup_in_a_name_is_shown_as_text(collector: Collector, text: str) -> None:
    collector.report(collector.join(text))

    assert collector.get("/").texts(".//tbody/tr/th//bdi") == [text]


def test_endless_text_does_not_make_an_endless_page(collector: Collector) -> None:
    for number in range(20):
        text = f"{number}" + "A" * 1000
        collector.report(collector.join(text, site=text, os_name=text, maker=text, model=text))

    assert len(collector.get("/").body) < 120_000


def test_text_that_turns_around_does_not_reach_the_page(collector: Collector) -> None:
    for answer in pages(collector).values():
        assert not {"\u202e", "\u2066", "\x1b", "\x00"} & set(answer.text)
