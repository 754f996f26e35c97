"""A histogram and a summary from the agent's readings to the page: one family, which strict parsers take."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client import parser as text_format
from prometheus_client.openmetrics import parser as openmetrics

from keskidee_agent.host.machine import Machine
from keskidee_report.model import Family, Reading, Sample
from tests.agent.recordings import reading_of, write_files
from tests.collector.web.collector import Agent, Collector

ACCEPT = "application/openmetrics-text; version=1.0.0"
BUCKET = Family("app_latency_seconds_bucket", "histogram", "How long a request takes", digits=0)
SUM = Family("app_latency_seconds_sum", "histogram", "How long a request takes")
COUNT = Family("app_latency_seconds_count", "histogram", "How long a request takes", digits=0)
QUANTILE = Family("app_size_bytes", "summary", "Size of answers")
SIZES_SUM = Family("app_size_bytes_sum", "summary", "Size of answers")
SIZES = Family("app_size_bytes_count", "summary", "Size of answers", digits=0)
GAUGE = Family("node_load1", "gauge", "Load")

HISTOGRAM: list[Sample] = [
    COUNT(7, path="/"),
    GAUGE(0.5),
    BUCKET(7, path="/", le="+Inf"),
    BUCKET(5, path="/", le="1"),
    BUCKET(0, path="/x", le="1"),
    BUCKET(2, path="/", le="0.25"),
    SUM(3.5, path="/"),
    BUCKET(0, path="/x", le="+Inf"),
    SUM(0, path="/x"),
    COUNT(0, path="/x"),
]
SUMMARY: list[Sample] = [QUANTILE(9, quantile="1"), QUANTILE(4, quantile="0.5"), SIZES_SUM(20), SIZES(4)]


@pytest.fixture
def collector(tmp_path: Path) -> Collector:
    return Collector(tmp_path)


def told(collector: Collector, *samples: Sample) -> Agent:
    """A machine that reported these samples of one source."""
    agent = collector.join("srv-01")
    collector.report(agent, Reading("textfile", "ok", samples=list(samples)))
    return agent


def page(collector: Collector, agent: Agent, accept: str = "") -> str:
    return collector.request("GET", f"/metrics/machines/{agent.id}", headers={"accept": accept}).text


def strict_families(text: str) -> list[Metric]:
    return list(openmetrics.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def refused(collector: Collector, agent: Agent) -> dict[str, str]:
    machine = collector.state.fleet.get(agent.id)
    assert machine is not None
    assert machine.schema is not None
    return machine.schema.refused


def test_a_histogram_is_one_family_on_the_page(collector: Collector) -> None:
    lines = page(collector, told(collector, *HISTOGRAM)).splitlines()
    assert [line for line in lines if "app_latency" in line] == [
        "# HELP app_latency_seconds How long a request takes",
        "# TYPE app_latency_seconds histogram",
        'app_latency_seconds_bucket{instance="srv-01",path="/",le="0.25"} 2',
        'app_latency_seconds_bucket{instance="srv-01",path="/",le="1.0"} 5',
        'app_latency_seconds_bucket{instance="srv-01",path="/",le="+Inf"} 7',
        'app_latency_seconds_sum{instance="srv-01",path="/"} 3.5',
        'app_latency_seconds_count{instance="srv-01",path="/"} 7',
        'app_latency_seconds_bucket{instance="srv-01",path="/x",le="1.0"} 0',
        'app_latency_seconds_bucket{instance="srv-01",path="/x",le="+Inf"} 0',
        'app_latency_seconds_sum{instance="srv-01",path="/x"} 0.0',
        'app_latency_seconds_count{instance="srv-01",path="/x"} 0',
    ]


def test_a_summary_is_one_family_on_the_page(collector: Collector) -> None:
    lines = page(collector, told(collector, *SUMMARY)).splitlines()
    assert [line for line in lines if "app_size" in line] == [
        "# HELP app_size_bytes Size of answers",
        "# TYPE app_size_bytes summary",
        'app_size_bytes{instance="srv-01",quantile="0.5"} 4.0',
        'app_size_bytes{instance="srv-01",quantile="1.0"} 9.0',
        'app_size_bytes_sum{instance="srv-01"} 20.0',
        'app_size_bytes_count{instance="srv-01"} 4',
    ]


@pytest.mark.parametrize("path", ["/metrics", "machine"])
def test_strict_parsers_read_both_formats_alike(collector: Collector, path: str) -> None:
    agent = told(collector, *HISTOGRAM, *SUMMARY)
    where = path if path == "/metrics" else f"/metrics/machines/{agent.id}"
    plain = collector.request("GET", where).text
    strict = collector.request("GET", where, headers={"accept": ACCEPT}).text
    named = {"app_latency_seconds": "histogram", "app_size_bytes": "summary"}
    parsed = [
        {family.name: (family.type, family.samples) for family in parse(text) if family.name in named}
        for parse, text in (
            (text_format.text_string_to_metric_families, plain),
            (openmetrics.text_string_to_metric_families, strict),
        )
    ]
    assert ({name: kind for name, (kind, _) in parsed[1].items()}, parsed[0]) == (named, parsed[1])


def test_promtool_has_nothing_to_say(collector: Collector, program: Callable[[str], Path]) -> None:
    text = page(collector, told(collector, *HISTOGRAM, *SUMMARY))
    ours = "".join(line + "\n" for line in text.splitlines() if "app_" in line)
    done = subprocess.run([program("promtool"), "check", "metrics"], input=ours, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_values_follow_a_second_report(collector: Collector) -> None:
    agent = told(collector, *HISTOGRAM)
    later = [(family, labels, value + 1) for family, labels, value in HISTOGRAM]
    collector.report(agent, Reading("textfile", "ok", samples=later))
    lines = page(collector, agent).splitlines()
    assert [line.rpartition(" ")[2] for line in lines if line.startswith("app_latency_seconds_bucket")] == [
        *("3", "6", "8"),
        *("1", "1"),
    ]


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([BUCKET(1, le="1"), SUM(1), COUNT(1)], "app_latency_seconds has no bucket le=+Inf"),
        ([BUCKET(1, le="x"), BUCKET(1, le="+Inf")], "'x' is no bound"),
        ([BUCKET(1, le="+Inf"), SUM(1)], "app_latency_seconds has one of sum and count without the other"),
        (
            [BUCKET(1, le="+Inf"), SUM(1, site="x"), COUNT(1, site="x")],
            "app_latency_seconds has no bucket le=+Inf",
        ),
        (
            [BUCKET(1, le="+Inf", job="x")],
            "app_latency_seconds carries the label job, which is not for reports to give",
        ),
    ],
)
def test_a_histogram_that_fits_no_page_is_refused_alone(
    collector: Collector, samples: list[Sample], reason: str
) -> None:
    agent = told(collector, GAUGE(1), *samples)
    assert (refused(collector, agent), "node_load1" in page(collector, agent)) == (
        {"app_latency_seconds": reason},
        True,
    )


def test_a_column_that_no_histogram_has_is_refused_under_its_own_name(collector: Collector) -> None:
    odd = Family("app_odd", "histogram", "")
    assert refused(collector, told(collector, odd(1), GAUGE(1))) == {"app_odd": "app_odd is no part of a histogram"}


@pytest.mark.parametrize("name", ["app_latency_seconds", "app_latency_seconds_count", "app_latency_seconds_bucket"])
def test_a_name_that_a_histogram_takes_is_no_other_familys(collector: Collector, name: str) -> None:
    first = told(collector, *HISTOGRAM)
    second = collector.join("srv-02")
    collector.report(second, Reading("textfile", "ok", samples=[Family(name, "gauge", "")(1)]))
    assert (refused(collector, first), list(refused(collector, second))) == ({}, [name])


@pytest.mark.parametrize("label", ["le", "quantile"])
def test_bounds_are_for_histograms_and_summaries(collector: Collector, label: str) -> None:
    agent = told(collector, GAUGE(1, **{label: "1"}))
    assert list(refused(collector, agent)) == ["node_load1"]


def test_text_files_reach_the_page_as_their_kinds(collector: Collector, tmp_path: Path) -> None:
    text = """# TYPE app_h histogram
app_h_bucket{path="/",le="0.5"} 1
app_h_bucket{path="/",le="100"} 3
app_h_sum{path="/"} 2.5
app_h_count{path="/"} 3
app_h_count{path="/x"} 0
# TYPE app_s summary
app_s{quantile="0.5"} NaN
app_s_count 0
# TYPE app_jobs_total counter
app_jobs_total 7
app_plain{a=""} -Inf
"""
    machine = Machine()
    machine.textfile_directory = str(write_files(tmp_path / "files", {"a.prom": text}))
    agent = collector.join("srv-01")
    collector.report(agent, reading_of("textfile", machine))
    found = {f.name: f for f in strict_families(page(collector, agent, ACCEPT))}
    kinds = {name: found[name].type for name in ("app_h", "app_s", "app_jobs", "app_plain")}
    bounds = [sample.labels["le"] for sample in found["app_h"].samples if "le" in sample.labels]
    assert (kinds, bounds, refused(collector, agent)) == (
        {"app_h": "histogram", "app_s": "summary", "app_jobs": "counter", "app_plain": "unknown"},
        ["0.5", "100.0", "+Inf", "+Inf"],
        {},
    )


def test_definitions_of_histograms_outlive_the_collector(collector: Collector, tmp_path: Path) -> None:
    agent = told(collector, *HISTOGRAM, *SUMMARY)
    before = page(collector, agent)
    collector.state.close()
    again = Collector(tmp_path)
    assert page(again, agent) == before
