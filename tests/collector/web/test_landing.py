"""The landing page, as a browser gets it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import DENIED
from tests.collector.web.collector import Collector, reading

if TYPE_CHECKING:
    from pathlib import Path

    from tests.collector.web.collector import Answer

NAMES = ".//table/tbody/tr/th//bdi"
STATES = ".//table/tbody/tr/td[1]"
FINDINGS = ".//ol[@class='findings']/li"


def test_an_empty_collector_says_what_to_do_next(collector: Collector) -> None:
    page = collector.get("/")

    assert page.texts(".//h1") == ["No machine reports yet"]
    assert page.texts(".//h2") == ["What next", "Add the next machine", "Prometheus"]
    assert page.texts(".//table") == []


def test_a_collector_with_one_machine_says_what_to_do_next(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent)

    page = collector.get("/")

    assert page.texts(".//h1") == ["Nothing is wrong"]
    assert page.texts(".//div[@class='next']//li")[0] == "files-01 reports. See what it says."
    assert page.page.find(f".//div[@class='next']//a[@href='/metrics/machines/{agent.id}']") is not None


def test_a_calm_fleet_is_told_calmly_with_the_time_of_the_look(collector: Collector) -> None:
    for name in ("files-01", "mail-01"):
        collector.report(collector.join(name))

    page = collector.get("/")

    assert page.texts(".//h1") == ["Nothing is wrong"]
    assert page.texts(".//p[@class='asof']/time") == ["07:12:40 UTC"]
    assert page.texts(FINDINGS) == []
    assert page.texts(".//h2") == ["Machines", "Add the next machine", "Prometheus"]


def test_laptops_that_went_without_a_goodbye_are_listed_but_not_wrong(collector: Collector) -> None:
    collector.report(collector.join("lt-01", role="laptop"))
    collector.wait(60)
    collector.report(collector.join("files-01"))

    page = collector.get("/")

    assert page.texts(".//h1") == ["Nothing is wrong"]
    assert (
        page.texts(".//p[@class='note']")[0]
        == "1 desktop or laptop went without a goodbye, which is no alarm: list what is off."
    )


def test_what_is_wrong_is_one_line_each_with_the_time_it_began(collector: Collector) -> None:
    collector.report(collector.join("files-01"))
    collector.wait(3000)
    collector.report(collector.join("pc-01", site="roseau", role="desktop"), reading("dmi", DENIED, "needs root"))
    collector.wait(7)

    page = collector.get("/")

    assert page.texts(".//h1") == ["2 things are wrong"]
    assert page.texts(FINDINGS) == [
        "silent files-01 castries, server no report since 07:12 UTC, 50 min",
        "source pc-01 roseau, desktop dmi is denied: needs root since 08:02 UTC, 7 s",
    ]
    assert page.texts(".//title") == ["(2) keskidee"]


def test_a_trouble_of_many_machines_names_some_and_links_the_rest(collector: Collector) -> None:
    for number in range(7):
        collector.report(collector.join(f"pc-0{number}"), reading("dmi", DENIED, "needs root"))

    page = collector.get("/")
    rest = page.page.find(FINDINGS + "//a[5]")

    assert page.texts(FINDINGS + "/span[@class='who']") == ["pc-00, pc-01, pc-02, pc-03 and 3 more"]
    assert rest is not None
    assert collector.get(rest.attrib["href"].partition("#")[0]).texts(NAMES) == [f"pc-0{n}" for n in range(7)]


@pytest.mark.slow
def test_troubles_past_the_first_25_are_counted(collector: Collector) -> None:
    for number in range(28):
        collector.report(collector.join(f"pc-{number:02d}"), clock_off=100 + number)

    page = collector.get("/")

    assert len(page.texts(FINDINGS)) == 25
    assert "And 3 more: list the machines with something wrong." in page.texts(".//section/p")


def test_machines_stand_worst_first(collector: Collector) -> None:
    agents = {
        name: collector.join(name, role=role)
        for name, role in (
            ("a-off", "server"),
            ("b-on", "server"),
            ("c-quiet", "desktop"),
            ("d-clock", "server"),
            ("e-source", "server"),
            ("f-silent", "server"),
        )
    }
    for agent in agents.values():
        collector.report(agent)
    collector.wait(60)
    collector.say_goodbye(agents["a-off"], "sleep")
    collector.report(agents["b-on"])
    collector.report(agents["d-clock"], clock_off=3600)
    collector.report(agents["e-source"], reading("dmi", DENIED, "needs root"))

    page = collector.get("/")

    assert page.texts(NAMES) == ["f-silent", "e-source", "d-clock", "b-on", "a-off", "c-quiet"]
    assert page.texts(STATES) == [
        "silent",
        "ondmi is denied",
        "onclock is 60 min ahead",
        "on",
        "off, asleep",
        "off, without a goodbye",
    ]


def test_what_is_only_pretended_stands_below_what_is_real(collector: Collector) -> None:
    for simulated in ("true", "false"):
        collector.report(collector.join(f"silent-{simulated}", simulated=simulated))
    collector.wait(60)
    collector.report(collector.join("source-false"), reading("dmi", DENIED, "needs root"))
    collector.report(collector.join("calm"))

    assert collector.get("/").texts(NAMES) == ["silent-false", "source-false", "silent-true", "calm"]


def test_a_row_tells_the_machine_in_words(collector: Collector) -> None:
    facts = {"os_name": "Debian GNU/Linux 12 (bookworm)", "maker": "Frigatebird", "model": "Rackmast R240"}
    collector.report(collector.join("files-01", **facts))
    collector.wait(12)

    row = collector.get("/").page.find(".//table/tbody/tr")

    assert row is not None
    assert ["".join(cell.itertext()) for cell in row] == [
        "on",
        "files-01",
        "castries",
        "server",
        "Debian GNU/Linux 12 (bookworm)",
        "Frigatebird Rackmast R240",
        "12 s ago",
    ]


def test_the_last_report_carries_its_exact_time(collector: Collector) -> None:
    collector.report(collector.join("files-01"))
    collector.wait(12)

    time = collector.get("/").page.find(".//table/tbody//time")

    assert time is not None
    assert time.attrib == {"datetime": "2026-03-02T07:12:40Z", "title": "2026-03-02 07:12:40 UTC"}


def test_simulated_machines_carry_a_badge(collector: Collector) -> None:
    collector.report(collector.join("real"))
    collector.report(collector.join("pretended", simulated="true"))

    assert collector.get("/").texts(".//table/tbody/tr/th") == ["real", "pretended simulated"]


def test_each_site_has_its_counts(collector: Collector) -> None:
    for name, site, role in (("a", "roseau", "desktop"), ("b", "castries", "server"), ("c", "castries", "server")):
        collector.report(collector.join(name, site=site, role=role))
    collector.wait(60)
    collector.report(collector.join("d", site="castries"))

    page = collector.get("/")

    assert page.texts(".//ul[@class='sites']/li") == [
        "castries 1 of 3 on, 2 silent, 2 wrong",
        "roseau 0 of 1 on",
    ]
    assert page.texts(".//ul[@class='counts']/li") == ["4 machines", "1 on", "2 silent", "1 off"]


def test_machines_of_a_site_that_fell_are_counted_apart(collector: Collector) -> None:
    collector.wait(600)
    for name, site, role in (("a", "roseau", "desktop"), ("b", "roseau", "server"), ("c", "castries", "server")):
        collector.report(collector.join(name, site=site, role=role))
    collector.wait(60)
    collector.report(collector.join("d", site="castries"))

    page = collector.get("/")

    assert page.texts(".//ul[@class='counts']/li") == ["4 machines", "1 on", "1 silent", "2 cut off", "0 off"]
    assert page.texts(".//ul[@class='sites']/li") == [
        "castries 1 of 2 on, 1 silent, 1 wrong",
        "roseau 0 of 2 on, 2 cut off, 1 wrong",
    ]
    assert page.texts(STATES) == ["link down", "silent", "link down", "on"]


def filtered(collector: Collector) -> Collector:
    """Three machines: one server that is on, one desktop that is asleep, one that was retired."""
    collector.report(collector.join("files-01", site="castries", maker="Frigatebird", model="R240", serial="SN42"))
    asleep = collector.join("pc-01", site="roseau", role="desktop", os_name="Windows 11")
    collector.report(asleep)
    collector.say_goodbye(asleep, "sleep")
    collector.retire(collector.join("old-01"))
    return collector


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["files-01", "pc-01"]),
        ("q=FRIGATE+r240", ["files-01"]),
        ("q=sn42", ["files-01"]),
        ("q=windows", ["pc-01"]),
        ("q=nothing", []),
        ("site=roseau", ["pc-01"]),
        ("site=unknown", []),
        ("state=off", ["pc-01"]),
        ("state=on&site=castries", ["files-01"]),
        ("state=nonsense&page=-1", ["files-01", "pc-01"]),
    ],
)
def test_the_filter_narrows_the_list(collector: Collector, query: str, names: list[str]) -> None:
    assert filtered(collector).get(f"/?{query}").texts(NAMES) == names


def test_retired_machines_are_there_on_request_only(collector: Collector) -> None:
    page = filtered(collector).get("/?state=retired")

    assert [name.partition("-retired")[0] for name in page.texts(NAMES)] == ["old-01"]
    assert page.texts(".//ul[@class='counts']/li") == ["2 machines", "1 on", "0 silent", "1 off"]


def test_the_filter_shows_what_was_asked_for(collector: Collector) -> None:
    form = filtered(collector).get("/?q=%22r240%22&site=castries&state=on").page.find(".//form")

    assert form is not None
    assert [field.attrib["value"] for field in form.iterfind(".//input")] == ['"r240"']
    assert [option.text for option in form.iterfind(".//option[@selected]")] == ["castries", "on"]


def test_a_list_that_finds_nothing_leads_back(collector: Collector) -> None:
    page = filtered(collector).get("/?q=nothing")

    assert page.texts(".//section[2]/p") == ["No machine matches. Show all 2."]


def many(collector: Collector) -> Collector:
    """401 machines that enrolled and have not reported yet."""
    collector.join_all(*[f"pc-{number:03d}" for number in range(401)])
    return collector


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "first", "caption"),
    [
        (1, "pc-000", "1 to 200 of 401 machines, worst first"),
        (2, "pc-200", "201 to 400 of 401 machines, worst first"),
        (3, "pc-400", "401 to 401 of 401 machines, worst first"),
        (99, "pc-400", "401 to 401 of 401 machines, worst first"),
    ],
)
def test_a_long_list_comes_in_pages_of_200(collector: Collector, page: int, first: str, caption: str) -> None:
    answer = many(collector).get(f"/?page={page}")

    assert (answer.texts(NAMES)[0], answer.texts(".//caption")) == (first, [caption])


def test_pages_keep_the_filter(collector: Collector) -> None:
    links = many(collector).get("/?q=pc&site=castries&page=2").page.findall(".//nav[@class='pages']/a")

    assert [(link.attrib["rel"], link.attrib["href"]) for link in links] == [
        ("prev", "/?q=pc&site=castries#machines"),
        ("next", "/?q=pc&site=castries&page=3#machines"),
    ]


def test_the_commands_for_the_next_machine_carry_this_collector_s_address(collector: Collector) -> None:
    assert collector.get("/", host="localhost:1234").texts(".//section[@aria-labelledby='add']//pre") == [
        "keskidee collector token create --site SITE",
        "keskidee agent enrol http://localhost:1234 --token-file -",
        "keskidee agent run",
    ]


def test_a_collector_on_loopback_says_that_others_cannot_reach_it(collector: Collector) -> None:
    assert "Other machines cannot reach http://127.0.0.1:5375." in collector.get("/").texts(".//section[2]/p")[0]


def test_one_with_tls_that_is_asked_on_loopback_says_what_others_put_in_place_of_that(tmp_path: Path) -> None:
    collector = Collector(tmp_path, public_url="https://localhost:5375")
    note = collector.get("/").texts(".//section[2]/p")[0]
    collector.state.close()
    assert "--listen" not in note
    assert "Open this page by the name or address that they reach" in note


def test_prometheus_s_lines_point_to_this_collector(collector: Collector) -> None:
    lines = collector.get("/", host="localhost:1234").texts(".//section[@aria-labelledby='prometheus']/pre")[0]

    assert "http://localhost:1234/v1/targets" in lines


def links(page: Answer) -> set[str]:
    """The paths a page leads to."""
    found = {element.attrib.get("href", element.attrib.get("src", "")) for element in page.page.iter()}
    return {link.partition("#")[0] for link in found if link}


def test_every_link_of_the_page_answers(collector: Collector) -> None:
    for number in range(3):
        collector.report(collector.join(f"pc-0{number}", site=f"site {number}&"), reading("dmi", DENIED, "needs root"))

    answers = {link: collector.get(link).status for link in links(collector.get("/")) if link}

    assert len(answers) > 12
    assert {link for link, status in answers.items() if status != 200} == set()


def test_the_page_reloads_itself_only_when_asked(collector: Collector) -> None:
    refresh = ".//meta[@http-equiv='refresh']"

    assert collector.get("/").page.find(refresh) is None
    asked = collector.get("/?reload=30").page.find(refresh)
    assert asked is not None
    assert asked.attrib["content"] == "30"
    assert collector.get("/?reload=30&q=pc").page.find(refresh) is None


@pytest.mark.slow
def test_50_machines_take_less_than_30_kilobytes(collector: Collector) -> None:
    facts = {"os_name": "Debian GNU/Linux 12 (bookworm)", "maker": "Frigatebird Systems", "model": "Rackmast R240"}
    for number in range(50):
        agent = collector.join(f"kingstown-pc-{number:02d}", site=f"site-{number % 15}", simulated="true", **facts)
        collector.report(agent)

    assert len(collector.get("/").body) < 30_000


def test_a_browser_that_takes_gzip_gets_it(collector: Collector) -> None:
    headers = {"accept-encoding": "gzip"}
    answer = collector.request("GET", "/", headers=headers)

    assert answer.headers["content-encoding"] == "gzip"
    assert b"No machine reports yet" in gzip.decompress(answer.body)


def test_no_copy_of_the_page_is_kept(collector: Collector) -> None:
    assert collector.get("/").headers["cache-control"] == "no-store"


def test_the_page_agrees_with_the_targets(collector: Collector) -> None:
    collector.report(collector.join("files-01"))

    targets = json.loads(collector.get("/v1/targets").body)

    assert [row["labels"]["instance"] for row in targets] == collector.get("/").texts(NAMES)
