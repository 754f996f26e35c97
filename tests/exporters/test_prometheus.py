"""The pages: in the format that was asked for, with the same samples in both, as strict parsers and promtool want."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import parser as text_format
from prometheus_client.openmetrics import parser as openmetrics

from keskidee_exporters import routes
from keskidee_exporters.prometheus import OPENMETRICS, TEXT, in_pieces, negotiate
from keskidee_report.model import Family, Reading, Sample
from tests.collector.inside import NOON, Inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
ASKED = {
    "": TEXT,
    "*/*": TEXT,
    "text/html": TEXT,
    "text/plain": TEXT,
    "text/plain;version=0.0.4": TEXT,
    "application/openmetrics-text": OPENMETRICS,
    "application/openmetrics-text; version=1.0.0": OPENMETRICS,
    "APPLICATION/OpenMetrics-Text; Version=1.0.0; charset=utf-8": OPENMETRICS,
    "application/openmetrics-text; version=2.0.0": TEXT,
    "application/openmetrics-text; q=0": TEXT,
    "application/openmetrics-text; q=0.1, text/plain; q=0.9": TEXT,
    "application/openmetrics-text; q=0.9, text/plain; q=0.1": OPENMETRICS,
    "application/openmetrics-text; q=x": TEXT,
    "text/plain;q=0.5, application/openmetrics-text;version=2.0.0;q=1, application/openmetrics-text;q=0.7": OPENMETRICS,
    PROMETHEUS: OPENMETRICS,
}


@pytest.mark.parametrize(("accept", "content_type"), ASKED.items())
def test_the_format_is_the_one_asked_for(accept: str, content_type: str) -> None:
    assert negotiate(accept) == content_type


@given(st.text(st.characters(max_codepoint=255)))
def test_no_accept_header_is_too_odd(accept: str) -> None:
    assert negotiate(accept) in (TEXT, OPENMETRICS)


FAMILIES = [
    Family("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode.", digits=2),
    Family("node_memory_MemFree_bytes", "gauge", "Memory information field MemFree_bytes.", digits=0),
    Family("node_uname_info", "gauge", ""),
    Family("ifHCInOctets", "counter", 'A counter without "_total", as IF-MIB has it.'),
    Family("node_vmstat_pgfault", "untyped", "Back\\slash\nand newline."),
    Family("seconds", "gauge", "A name that is a unit."),
    Family("my_total", "gauge", "A gauge that ends like a counter."),
    Family("my_info", "gauge", "No info family."),
    Family("my_count", "gauge", "No summary."),
    Family("keskidee_agent_info", "gauge", "Version of the agent."),
]


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    inside = Inside(tmp_path)
    yield inside
    inside.state.close()


async def filled(collector: Inside) -> str:
    """Two machines, one of them with a source that is denied; the path of one's page."""
    for hostname in ("srv-01", 'pc "02"'):
        agent = await collector.enrol(hostname, os="linux", model="PowerEdge \\ R740")
        samples: list[Sample] = [family(n + 0.5, device=f"d{n}") for n, family in enumerate(FAMILIES)]
        found = [Reading("agent", "ok", "", 0.001, samples), Reading("dmi", "denied", "needs root", 0.002)]
        assert (await collector.report(agent, *found)).status == 200
    return f"/metrics/machines/{agent.id}"


async def pages(collector: Inside) -> list[tuple[str, str]]:
    """Each page in both formats."""
    paths = [await filled(collector), "/metrics", "/metrics/self"]
    plain = [(await collector.ask("GET", path)).body.decode() for path in paths]
    accept = {"accept": PROMETHEUS}
    strict = [(await collector.ask("GET", path, headers=accept)).body.decode() for path in paths]
    return list(zip(plain, strict, strict=True))


def series(page: str) -> list[str]:
    """Name and labels of each sample, as written. (The text parser would add `_total` to a counter that lacks it.)"""
    return sorted(line.rpartition(" ")[0] for line in page.splitlines() if not line.startswith("#"))


def test_both_formats_have_the_same_samples_and_strict_parsers_take_them(collector: Inside) -> None:
    for plain, strict in asyncio.run(pages(collector)):
        parsed = list(openmetrics.text_string_to_metric_families(strict))  # type: ignore[no-untyped-call]
        assert sum(len(family.samples) for family in parsed) == len(series(strict))
        assert series(strict) == series(plain)


def test_no_family_stands_on_a_page_twice(collector: Inside) -> None:
    for plain, _ in asyncio.run(pages(collector)):
        names = [line.split(" ")[2] for line in plain.splitlines() if line.startswith("# TYPE ")]
        assert sorted(set(names)) == sorted(names)


def head(page: str, name: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("# ") and line.split(" ")[2:3] == [name]]


HEADS = {
    "node_cpu_seconds": [
        "# TYPE node_cpu_seconds counter", "# UNIT node_cpu_seconds seconds",
        "# HELP node_cpu_seconds Seconds the CPUs spent in each mode.",
    ],
    "node_memory_MemFree_bytes": [
        "# TYPE node_memory_MemFree_bytes gauge", "# UNIT node_memory_MemFree_bytes bytes",
        "# HELP node_memory_MemFree_bytes Memory information field MemFree_bytes.",
    ],
    "node_uname_info": ["# TYPE node_uname_info gauge", "# HELP node_uname_info "],
    "ifHCInOctets": [
        "# TYPE ifHCInOctets unknown", '# HELP ifHCInOctets A counter without \\"_total\\", as IF-MIB has it.',
    ],
    "node_vmstat_pgfault": [
        "# TYPE node_vmstat_pgfault unknown", "# HELP node_vmstat_pgfault Back\\\\slash\\nand newline.",
    ],
    "seconds": ["# TYPE seconds gauge", "# HELP seconds A name that is a unit."],
    "my_total": ["# TYPE my_total gauge", "# HELP my_total A gauge that ends like a counter."],
}  # fmt: skip


def test_in_openmetrics_type_unit_and_help_stand_in_this_order(collector: Inside) -> None:
    _, page = asyncio.run(pages(collector))[0]
    assert {name: head(page, name) for name in HEADS} == HEADS


def test_in_the_text_format_help_comes_first_and_the_kind_is_as_sent(collector: Inside) -> None:
    page, _ = asyncio.run(pages(collector))[0]
    assert {family.name: head(page, family.name)[1] for family in FAMILIES} == {
        family.name: f"# TYPE {family.name} {family.kind}" for family in FAMILIES
    }
    assert head(page, "node_vmstat_pgfault")[0] == "# HELP node_vmstat_pgfault Back\\\\slash\\nand newline."


def test_an_openmetrics_page_ends_with_eof_and_the_other_does_not(collector: Inside) -> None:
    found = asyncio.run(pages(collector))
    assert [(plain.count("# EOF"), strict.count("# EOF\n"), strict.endswith("# EOF\n")) for plain, strict in found] == [
        (0, 1, True)
    ] * 3


def test_promtool_finds_no_error_and_its_lint_names_nothing_of_ours(
    collector: Inside, program: Callable[[str], Path]
) -> None:
    promtool = program("promtool")
    for plain, _ in asyncio.run(pages(collector)):
        done = subprocess.run([promtool, "check", "metrics"], input=plain, capture_output=True, text=True, timeout=60)
        assert "error" not in done.stderr.lower().replace("errors_total", "")
        assert not [line for line in done.stderr.splitlines() if line.startswith("keskidee_")]


def test_every_line_of_a_machine_begins_with_its_instance(collector: Inside) -> None:
    page, _ = asyncio.run(pages(collector))[0]
    assert not [line for line in page.splitlines() if line[0] != "#" and '{instance="pc \\"02\\""' not in line]


def test_no_sample_carries_a_time(collector: Inside) -> None:
    for plain, _ in asyncio.run(pages(collector)):
        samples = [sample for family in text_format.text_string_to_metric_families(plain) for sample in family.samples]
        assert {sample.timestamp for sample in samples} == {None}


def test_a_machine_without_a_page_says_why(collector: Inside) -> None:
    async def run() -> list[tuple[int, bytes]]:
        agent = await collector.enrol("pc-01")
        path = f"/metrics/machines/{agent.id}"
        answers = [await collector.ask("GET", path)]
        await collector.report(agent)
        collector.clock.wait(46)
        answers.append(await collector.ask("GET", path))
        await collector.report(agent)
        await collector.goodbye(agent, "sleep")
        answers += [await collector.ask("GET", path), await collector.ask("GET", "/metrics/machines/unknown")]
        return [(answer.status, answer.body) for answer in answers]

    nothing = b"it has nothing to show now\n"
    assert asyncio.run(run()) == [
        (503, b"pc-01 is on: " + nothing), (503, b"pc-01 is silent: " + nothing), (503, b"pc-01 is off: " + nothing),
        (404, b"no such machine\n"),
    ]  # fmt: skip


def test_a_silent_machines_series_leave_the_fleets_page_and_its_presence_stays(collector: Inside) -> None:
    async def run() -> list[str]:
        agent = await collector.enrol("pc-01")
        await collector.report(agent)
        collector.clock.wait(46)
        return sorted({name for name, labels in await collector.samples() if ("instance", "pc-01") in labels})

    assert asyncio.run(run()) == [
        "keskidee_machine_clock_offset_seconds", "keskidee_machine_info",
        "keskidee_machine_last_report_timestamp_seconds", "keskidee_machine_refused_families",
        "keskidee_machine_refused_reports_total", "keskidee_machine_state", "keskidee_machine_up",
    ]  # fmt: skip


def test_a_site_has_its_state_its_machines_by_state_and_is_up_or_not_where_that_is_known(collector: Inside) -> None:
    async def run() -> dict[str, float]:
        collector.clock.wait(600)
        for site, names in (("apia", ("files", "mail")), ("nadi", ("pc",)), ("suva", ("dns",))):
            token = await collector.token(site=site, role="desktop" if site == "nadi" else "server")
            agents = [await collector.enrol(name, token=token) for name in names]
            for agent in agents:
                await collector.report(agent)
            if site in ("apia", "nadi"):
                collector.clock.wait(50)
        found = await collector.samples("/metrics/self")
        return {
            " ".join([name.removeprefix("keskidee_site_"), *[value for _, value in labels]]): value
            for (name, labels), value in found.items()
            if name.startswith("keskidee_site_") and value
        } | {f"up {dict(labels)['site']}": v for (name, labels), v in found.items() if name == "keskidee_site_up"}

    assert asyncio.run(run()) == {
        "state apia link_down": 1, "up apia": 0, "machines apia link_down": 2,
        "state nadi unknown": 1, "machines nadi off": 1,
        "state suva up": 1, "up suva": 1, "machines suva on": 1,
        "last_report_timestamp_seconds apia": NOON + 600, "last_report_timestamp_seconds nadi": NOON + 650,
        "last_report_timestamp_seconds suva": NOON + 700,
    }  # fmt: skip


@pytest.mark.parametrize(("client", "encoded"), [("10.0.0.9", True), ("127.0.0.1", False), ("::1", False)])
def test_a_page_is_packed_only_where_it_crosses_a_network(collector: Inside, client: str, encoded: bool) -> None:
    async def run() -> tuple[bytes, bytes, bool]:
        await filled(collector)
        plain = (await collector.ask("GET", "/metrics/self")).body
        collector.client = client
        answer = await collector.ask("GET", "/metrics/self", headers={"accept-encoding": "gzip, deflate"})
        is_packed = answer.headers.get("content-encoding") == "gzip"
        return plain, gzip.decompress(answer.body) if is_packed else answer.body, is_packed

    plain, page, is_packed = asyncio.run(run())
    mine = [line for line in page.splitlines() if line.startswith(b"keskidee_machine")]
    assert (is_packed, mine) == (encoded, [line for line in plain.splitlines() if line.startswith(b"keskidee_machine")])


def test_the_page_of_a_machine_that_changes_its_families_while_it_is_read_is_whole(
    collector: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fleet's page is streamed in pieces; reports come in between."""
    monkeypatch.setattr(routes, "TURN_SECONDS", 0.0)

    async def run() -> str:
        agents = [await collector.enrol(f"srv-{n}") for n in range(3)]
        wide = [Family(f"my_{n}", "gauge", "")(1.0) for n in range(50)]
        for agent in agents:
            await collector.report(agent, Reading("textfile", "ok", samples=wide))

        async def change() -> None:
            for agent in agents:
                await asyncio.sleep(0)
                await collector.report(agent, Reading("textfile", "ok", samples=wide[40:]))
                await collector.administer("POST", f"/v1/machines/{agent.id}/retire")

        page, _ = await asyncio.gather(collector.ask("GET", "/metrics", headers={"accept": PROMETHEUS}), change())
        return page.body.decode()

    list(openmetrics.text_string_to_metric_families(asyncio.run(run())))  # type: ignore[no-untyped-call]


@given(st.lists(st.binary(max_size=100_000), max_size=20), st.integers(0, 3000))
def test_a_page_in_pieces_is_the_same_page(chunks: list[bytes], alike: int) -> None:
    chunks += [b"x" * 100] * alike
    pieces = list(in_pieces(iter(chunks)))
    assert b"".join(pieces) == b"".join(chunks)
    assert alike < 3000 or len(pieces) > 3


def test_labels_without_a_value_are_left_out(collector: Inside) -> None:
    async def page() -> list[bytes]:
        await collector.enrol('pc"1', os="linux")
        return (await collector.ask("GET", "/metrics/self")).body.splitlines()

    [line] = [line for line in asyncio.run(page()) if line.startswith(b"keskidee_machine_info{")]
    [machine] = collector.state.fleet
    labels = f'instance="pc\\"1",id="{machine.id}",site="default",role="server",os="linux"'
    assert line.decode() == f"keskidee_machine_info{{{labels}}} 1"
