"""The page of one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keskidee_report.model import ABSENT, FAILED, OK, UNTYPED, Family, Reading
from tests.collector.web.collector import reading

if TYPE_CHECKING:
    from tests.collector.web.collector import Collector

ROWS = ".//table[@class='{}']/tbody/tr"


def test_a_machine_that_is_not_here_is_404_with_a_way_back(collector: Collector) -> None:
    answer = collector.get("/machines/0123")

    assert (answer.status, answer.texts(".//h1")) == (404, ["No machine has this id"])


def test_facts_that_are_known_are_told_and_others_left_out(collector: Collector) -> None:
    agent = collector.join("files-01", maker="Frigatebird", serial="SN42")
    collector.report(agent)

    page = collector.get(f"/machines/{agent.id}")

    assert dict(zip(page.texts(".//dt"), page.texts(".//dd"), strict=True)) == {
        "Site": "castries",
        "Role": "server",
        "Host name": "files-01",
        "System": "linux",
        "Maker": "Frigatebird",
        "Serial number": "SN42",
        "Reports": "1 series every 15 s",
        "Clock": "right, within 2 s",
        "Enrolled": "2026-03-02 07:12:40 UTC",
        "Id": agent.id,
    }


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"away_reason": "power_loss", "away_seconds": "600", "away_since": "1772434000"},
            ["lost its power, or crashed, 10 min, from 2026-03-02 06:46:40 UTC by its clock"],
        ),
        ({"away_reason": "upgrade", "away_seconds": "2"}, ["its agent was upgraded, 2 s"]),
        ({"away_reason": "sleep", "away_seconds": "9" * 999, "away_since": "-4"}, ["asleep"]),
        ({"away_reason": "first_start"}, []),
        ({"away_reason": "<b>"}, []),
    ],
)
def test_why_it_was_away_is_told(collector: Collector, facts: dict[str, str], words: list[str]) -> None:
    agent = collector.join("files-01", **facts)
    collector.report(agent)

    page = collector.get(f"/machines/{agent.id}")

    told = dict(zip(page.texts(".//dt"), page.texts(".//dd"), strict=True))
    assert [told[key] for key in told if key == "Was away"] == words


def test_what_waits_on_the_machine_and_what_is_lost_is_told(collector: Collector) -> None:
    waiting = Family("keskidee_agent_spool_reports", "gauge", "Waiting")
    dropped = Family("keskidee_agent_dropped_reports_total", "counter", "Dropped")
    given_up = [dropped(n, reason=reason) for n, reason in ((2, "full"), (1, "disk"), (300, "thinned"), (0, "old"))]
    agent = collector.join("files-01")
    collector.report(agent, Reading("agent", OK, samples=[waiting(1440), *given_up]))

    page = collector.get(f"/machines/{agent.id}")

    facts = dict(zip(page.texts(".//dt"), page.texts(".//dd"), strict=True))
    assert facts["Backlog"] == "1,440 reports waiting, 300 thinned, 3 lost"


def test_each_source_has_its_outcome_time_and_reason_the_ill_ones_first(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent, reading(), reading("dmi", ABSENT, "no SMBIOS"), reading("netdev", FAILED, "malformed: x"))
    collector.wait(9)

    page = collector.get(f"/machines/{agent.id}")

    assert page.texts(ROWS.format("sources")) == [
        "netdevfailed1.2 msmalformed: x since 07:12 UTC, 9 s",
        "loadavgok1.2 ms",
        "dmiabsent1.2 ms",
    ]


def test_a_silent_machine_tells_what_did_not_read_before(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent, reading(), reading("dmi", FAILED, "why"))
    collector.wait(600)

    page = collector.get(f"/machines/{agent.id}")

    assert page.texts(".//p[@class='state']") == ["silent since 07:12 UTC, 10 min · last report 10 min ago · reload"]
    assert page.texts(ROWS.format("sources")) == ["dmifailedwhy since 07:12 UTC, 10 min"]


def test_a_machine_that_never_reported_says_so(collector: Collector) -> None:
    agent = collector.join("files-01")

    page = collector.get(f"/machines/{agent.id}")

    assert page.texts(".//section[@aria-labelledby='sources']/p") == ["It has not reported yet."]


def test_refused_families_are_named_with_the_reason(collector: Collector) -> None:
    collector.report(collector.join("files-01"))
    agent = collector.join("files-02")
    collector.report(agent, Reading("textfile", "ok", "", 0.0, [Family("node_load1", UNTYPED, "")(1.0)]))

    page = collector.get(f"/machines/{agent.id}")

    assert page.texts(ROWS.format("refused")) == [
        "node_load1node_load1 is of the kind gauge in this fleet, not untyped"
    ]


def test_what_it_reports_is_listed_and_linked(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent)

    page = collector.get(f"/machines/{agent.id}")

    assert "node_load1gauge11m load average." in page.texts(ROWS.format("families"))
    metrics = page.page.find(f".//a[@href='/metrics/machines/{agent.id}']")
    assert metrics is not None
    assert collector.get(metrics.attrib["href"]).status == 200


def test_a_retired_machine_still_has_its_page(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.retire(agent)

    page = collector.get(f"/machines/{agent.id}")

    assert (page.status, page.texts(".//p[@class='state']/span")) == (200, ["retired"])
