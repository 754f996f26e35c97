"""What counts as wrong, and in which order it stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keskidee_collector.view import View
from keskidee_collector.web.findings import findings
from keskidee_report.model import DENIED, TIMED_OUT, UNTYPED, Family, Reading
from tests.collector.web.collector import MORNING, reading

if TYPE_CHECKING:
    from tests.collector.web.collector import Agent, Collector

LOAD_OF_ANOTHER_KIND = Family("node_load1", UNTYPED, "")


def lines(collector: Collector) -> list[tuple[str, str, str, list[str]]]:
    """Kind, text, reason and machines of each finding."""
    return [
        (f.trouble.kind, f.trouble.text, f.trouble.reason, [m.instance for m in f.machines])
        for f in findings(View(collector.state).machines())
    ]


def fall_silent(collector: Collector, *others: Agent) -> None:
    """A minute passes in which only these report."""
    collector.wait(60)
    for agent in others:
        collector.report(agent)


def test_a_server_that_fell_silent_is_wrong_since_its_last_report(collector: Collector) -> None:
    collector.report(collector.join("files-01"))
    fall_silent(collector)

    found = findings(View(collector.state).machines())

    assert [(f.trouble.kind, f.trouble.text, f.trouble.since) for f in found] == [("silent", "no report", MORNING)]


def test_a_server_that_is_silent_because_it_was_revoked_says_so(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent)
    admin = {"authorization": "Bearer ka1_test"}
    assert collector.request("POST", f"/v1/machines/{agent.id}/revoke", headers=admin).status == 200
    fall_silent(collector)

    assert lines(collector) == [("silent", "no report: its credential was revoked", "", ["files-01"])]


def test_an_agent_that_is_newer_than_the_collector_is_told_for_half_an_hour(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent)
    path, rights = f"/v1/machines/{agent.id}/reports", {"authorization": f"Bearer {agent.credential}"}

    assert collector.request("POST", path, b"KR\x02\x00?", rights).status == 415

    keeps = "upgrade the collector: until then the agent keeps the reports that this one cannot read"
    newer = ("newer", "agent newer than this collector", keeps, ["files-01"])
    assert (lines(collector), collector.state.newer_agents()) == ([newer], 1)
    collector.wait(60)
    assert [line[:2] for line in lines(collector)] == [newer[:2], ("silent", "no report")]
    collector.wait(1800)
    assert ([line[0] for line in lines(collector)], collector.state.newer_agents()) == (["silent"], 0)


def test_a_desktop_or_laptop_that_fell_silent_is_not_wrong(collector: Collector) -> None:
    collector.report(collector.join("pc-01", role="desktop"))
    collector.report(collector.join("lt-01", role="laptop"))
    fall_silent(collector)

    assert lines(collector) == []


def test_a_machine_that_said_goodbye_is_not_wrong(collector: Collector) -> None:
    agent = collector.join("files-01")
    collector.report(agent, reading("dmi", DENIED, "needs root"), clock_off=-900)
    collector.say_goodbye(agent, "shutdown")
    fall_silent(collector)

    assert lines(collector) == []


def test_a_source_that_does_not_read_is_wrong_with_the_machine_s_own_reason(collector: Collector) -> None:
    collector.report(collector.join("pc-01", role="desktop"), reading(), reading("dmi", DENIED, "needs root"))

    assert lines(collector) == [("source", "dmi is denied", "needs root", ["pc-01"])]


def test_a_source_that_the_machine_does_not_have_is_not_wrong(collector: Collector) -> None:
    collector.report(collector.join("pc-01"), reading(), reading("dmi", "absent", "no SMBIOS"))

    assert lines(collector) == []


def test_machines_with_the_same_trouble_share_a_line(collector: Collector) -> None:
    for number in (1, 2, 3):
        collector.report(collector.join(f"pc-0{number}"), reading("dmi", DENIED, "needs root"))
    collector.report(collector.join("pc-04"), reading("dmi", DENIED, "another reason"))

    assert lines(collector) == [
        ("source", "dmi is denied", "needs root", ["pc-01", "pc-02", "pc-03"]),
        ("source", "dmi is denied", "another reason", ["pc-04"]),
    ]


def test_a_clock_is_wrong_past_a_minute_only(collector: Collector) -> None:
    collector.report(collector.join("pc-01"), clock_off=-2520)
    collector.report(collector.join("pc-02"), clock_off=59)

    assert lines(collector) == [("clock", "clock is 42 min behind", "", ["pc-01"])]


def test_a_refused_family_is_wrong_with_the_reason(collector: Collector) -> None:
    collector.report(collector.join("pc-01"))
    odd = Reading("textfile", "ok", "", 0.0, [LOAD_OF_ANOTHER_KIND(1.0)])
    collector.report(collector.join("pc-02"), odd)

    reason = "node_load1 is of the kind gauge in this fleet, not untyped"
    assert lines(collector) == [("refused", "1 family refused", reason, ["pc-02"])]


def test_the_worst_stands_first_and_what_is_only_pretended_last(collector: Collector) -> None:
    pretended = collector.join("pretended", simulated="true")
    clock, source, silent = collector.join("clock"), collector.join("source"), collector.join("silent")
    for agent in (pretended, clock, source, silent):
        collector.report(agent)
    collector.wait(60)
    collector.report(clock, clock_off=100)
    collector.report(source, reading("dmi", TIMED_OUT, "5 s"))

    assert [machines for *_, machines in lines(collector)] == [["silent"], ["source"], ["clock"], ["pretended"]]


def test_of_two_that_are_silent_the_one_that_just_died_stands_first(collector: Collector) -> None:
    """The list is cut at its end: what has been silent for weeks must not hide it."""
    collector.report(collector.join("dead-for-weeks"))
    late = collector.join("just-died")
    collector.wait(600)
    collector.report(late)
    fall_silent(collector)

    assert [machines for *_, machines in lines(collector)] == [["just-died"], ["dead-for-weeks"]]


def test_a_site_that_fell_is_one_line(collector: Collector) -> None:
    collector.wait(600)
    for name, role in (("files-01", "server"), ("mail-01", "server"), ("pc-01", "desktop")):
        collector.report(collector.join(name, role=role, site="roseau"))
    collector.report(collector.join("files-02", site="castries"))
    still_on = collector.join("mail-02", site="castries")
    fall_silent(collector, still_on)

    assert lines(collector) == [
        (
            "link",
            "all 3 machines that were on fell silent together: its link or its power?",
            "",
            ["files-01", "mail-01", "pc-01"],
        ),
        ("silent", "no report", "", ["files-02"]),
    ]


def fallen_sites(collector: Collector) -> None:
    """Two sites of two servers each, of which nothing has been heard for a minute."""
    collector.wait(600)
    for name, site in (("files-01", "roseau"), ("mail-01", "roseau"), ("files-02", "apia"), ("mail-02", "apia")):
        collector.report(collector.join(name, site=site))
    fall_silent(collector)


def test_where_nobody_is_heard_it_is_the_collector_and_one_line(collector: Collector) -> None:
    fallen_sites(collector)
    [finding] = findings(View(collector.state).machines(), is_cut_off=View(collector.state).is_cut_off())

    assert (finding.trouble.kind, finding.trouble.since, len(finding.machines)) == ("collector", MORNING + 600, 4)
    [line] = collector.get("/").texts(".//ol[@class='findings']/li")
    assert line == (
        "collector 4 machines 2 sites fell silent together, and nobody is heard: is the collector itself cut off? "
        "since 07:22 UTC, 60 s"
    )


def test_devices_of_a_silent_poller_are_one_line_and_no_fallen_site(collector: Collector) -> None:
    poller = collector.join("poller-01", site="castries")
    collector.report(poller)
    headers = {"authorization": f"Bearer {poller.credential}"}
    named = {"devices": [{"name": name, "address": "192.0.2.1"} for name in ("switch-1", "ups-1")]}
    url = f"/v1/machines/{poller.id}/devices"
    assert collector.request("POST", url, json.dumps(named).encode(), headers).status == 200
    collector.wait(600)

    assert lines(collector) == [
        ("link", "not asked any more by poller-01", "", ["switch-1", "ups-1"]),
        ("silent", "no report", "", ["poller-01"]),
    ]
