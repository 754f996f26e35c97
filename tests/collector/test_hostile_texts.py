"""SQL, markup, templates and formulas in every text that an agent can send are text, wherever they come out again."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keskidee_report.model import Family, Reading
from tests.collector.served import Agent, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

HOSTILE = {
    "SQL": "x'; DROP TABLE machines; --",
    "SQL with its other quote": '" OR 1=1; UPDATE machines SET site="" --',
    "a script": "<script>owned()</script>",
    "an attribute": "\"'><img src=x onerror=owned()>",
    "an end of everything": "</td></table></html><script src=//evil.example></script>",
    "a template": "{{ 7 * 7 }}{% include 'base.html' %}${7*7}",
    "a formula": '=HYPERLINK("http://evil.example","x")',
    "a command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a line of a page": 'x"} 1\nnode_load1{instance="bystander"} 99\n# TYPE y gauge',
    "a format": "%s%n%x{0.__class__}",
    "a path": "../../../../etc/passwd",
}
FACTS = (
    *("os", "os_name", "kernel", "architecture", "maker", "model", "serial", "uuid", "chassis", "virtualisation"),
    *("machine_id_hash", "boot_id", "agent_version", "interval_seconds", "interval_own", "away_reason", "away_seconds"),
    *("away_since", "simulated", "own_fact"),
)
LABELLED = Family("my_state", "gauge", "")


class Tags(HTMLParser):
    """Elements and attributes of a page, as a browser that forgives everything finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("hostile-texts"), {})
    yield served
    served.stop()


def say_everywhere(collector: Served, text: str) -> Agent:
    """A machine that joins by a token of no site and says the text in every field of its enrolment and reports."""
    facts = dict.fromkeys(FACTS, text)
    asked = {"hostname": text, "facts": facts, "evidence": facts, "site": text, "role": text, text: text}
    answer = collector.ask("POST", "/v1/enrol", json.dumps(asked).encode(), token=collector.token())
    assert answer.status == 201, answer
    agent = Agent(id=answer.json["machine_id"], credential=answer.json["credential"], instance=answer.json["instance"])
    help_family = Family(f"my_{agent.id}", "gauge", text)  # only the first who names a family says what it is
    readings = [
        Reading("textfile", "ok", samples=[LABELLED(1.0, text=text), help_family(1.0)]),
        Reading("smart", "denied", text),
        Reading("mounts", "failed", text),
    ]
    assert collector.post(agent, agent.body(*readings, facts={"hostname": text, **facts})).status == 200
    return agent


def in_one_line(text: str) -> str:
    """As sites and roles are kept: names that look alike are one."""
    return " ".join(text.split())


@pytest.fixture(scope="module", params=list(HOSTILE))
def text(request: pytest.FixtureRequest) -> str:
    return HOSTILE[request.param]


@pytest.fixture(scope="module")
def agent(collector: Served, text: str) -> Agent:
    return say_everywhere(collector, text)


def test_pages_show_it_and_hold_no_element_or_address_of_it(collector: Served, agent: Agent, text: str) -> None:
    paths = ["/", f"/machines/{agent.id}", f"/?site={quote(text)}&q={quote(text)}"]
    for path in paths:
        page = Tags(collector.ask("GET", path).body.decode())
        assert page.tags.isdisjoint({"script", "iframe", "object", "embed"})
        assert {name for name in page.attributes if name.startswith("on")} == set()
        addresses = [value for name in ("href", "src", "action") for value in page.attributes.get(name, ())]
        assert {value for value in addresses if not value.startswith(("/", "#")) or value.startswith("//")} == set()
    machine = Tags(collector.ask("GET", f"/machines/{agent.id}").body.decode())
    assert " ".join(text.split()) in " ".join(machine.text.split())


def test_an_address_that_is_not_there_is_repeated_in_no_page(collector: Served, text: str) -> None:
    for path in (f"/machines/{quote(text)}", f"/{quote(text)}", f"/static/{quote(text)}", f"/v1/{quote(text)}"):
        answer = collector.ask("GET", path)
        said = answer.headers["content-type"] == "application/problem+json" or text.encode() not in answer.body
        assert (answer.status, said, answer.headers["x-content-type-options"]) == (404, True, "nosniff")


def test_pages_for_prometheus_hold_it_as_one_labels_value(collector: Served, agent: Agent, text: str) -> None:
    for path in ("/metrics", f"/metrics/machines/{agent.id}"):
        families = list(text_string_to_metric_families(collector.ask("GET", path).body.decode()))
        found = [sample for family in families for sample in family.samples if sample.labels.get("text") == text]
        assert [(sample.name, sample.value) for sample in found] == [("my_state", 1.0)]
        assert {family.documentation for family in families if family.name == f"my_{agent.id}"} == {text}
        assert "node_load1" not in {family.name for family in families}


def test_targets_hold_it_as_one_labels_value(collector: Served, agent: Agent, text: str) -> None:
    [row] = [row for row in collector.ask("GET", "/v1/targets").json if row["labels"]["instance"] == agent.instance]
    assert (row["labels"]["site"], row["labels"]["role"]) == (in_one_line(text), in_one_line(text))
    assert row["targets"] == [f"127.0.0.1:{collector.port}"]


def test_databases_hold_it_as_it_came(collector: Served, agent: Agent, text: str) -> None:
    with closing(sqlite3.connect(f"file:{collector.data / 'register.db'}?mode=ro", uri=True)) as register:
        [row] = register.execute("SELECT site, role, facts FROM machines WHERE id = ?", [agent.id])
        assert register.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert (row[0], row[1], json.loads(row[2])["model"]) == (in_one_line(text), in_one_line(text), text)


def test_spreadsheets_hold_it_as_text(collector: Served, agent: Agent, text: str) -> None:
    export = [sys.executable, "-m", "keskidee", "register", "export", "--format", "csv", "--data", str(collector.data)]
    done = subprocess.run(export, capture_output=True, check=True)
    [row] = [row for row in csv.DictReader(io.StringIO(done.stdout.decode(), newline="")) if row["id"] == agent.id]
    inert = f"'{text}" if text.startswith(("=", "@")) else text
    told = dict.fromkeys(("hostname", "model", "serial"), inert) | {"site": in_one_line(inert)}
    assert {name: row[name] for name in told} == told


def test_nothing_of_it_is_a_line_of_the_log(collector: Served, agent: Agent) -> None:
    collector.post(agent, b"rubbish")  # is logged, with the instance's name
    lines = collector.log.splitlines()
    assert [
        line for line in lines if " WARNING keskidee_collector.ingest.ingest: report refused machine=" not in line
    ] == []
