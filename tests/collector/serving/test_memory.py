"""A machine that invents names, labels, facts and sessions without end costs the collector a bounded memory."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from keskidee_report.codec import Encoder, facts_frame, goodbye_frame
from keskidee_report.model import Family, Reading
from keskidee_report.wire import PART, frame, text
from tests.collector.served import IS_LINUX, LOAD, Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.collector.served import Agent

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not IS_LINUX, reason="resident memory is read from /proc")]

MIB = 1 << 20
ROUNDS = 60


@pytest.fixture
def collector(serve: Callable[..., Served]) -> Iterator[Served]:
    collector = serve(limits={"fleet_families": 3000})
    neighbour = collector.enrol("neighbour")
    assert collector.post(neighbour, neighbour.body()).status == 200
    yield collector
    assert collector.post(neighbour, neighbour.body()).status == 200
    assert "Traceback" not in collector.log


def growth_bytes(collector: Served, send: Callable[[Agent, int], bytes], status: int = 200) -> int:
    """How much memory the second half of an attack takes beyond the first; each POST of it is answered `status`."""
    agent = collector.enrol("attacker")
    for number in range(ROUNDS):
        answer = collector.post(agent, send(agent, number))
        assert answer.status == status, answer
        if number == ROUNDS // 2:
            before = collector.memory_bytes()
    return collector.memory_bytes() - before


def test_new_families_without_end(collector: Served) -> None:
    def send(agent: Agent, number: int) -> bytes:
        return agent.body(
            Reading("textfile", "ok", samples=[Family(f"my_{number}_{n}", "gauge", "x" * 50)(1.0) for n in range(1000)])
        )

    assert growth_bytes(collector, send) < 24 * MIB
    assert collector.sample("keskidee_collector_families") == 2001  # one machine may bring so many: limits.families
    assert collector.sample("keskidee_machine_refused_families", instance="attacker") == 1000


def test_new_labels_without_end(collector: Served) -> None:
    def send(agent: Agent, number: int) -> bytes:
        return agent.body(Reading("loadavg", "ok", samples=[LOAD(1.0, x=f"{number}-{n}" * 4) for n in range(5000)]))

    assert growth_bytes(collector, send) < 48 * MIB


def test_new_sessions_sources_and_facts_without_end(collector: Served) -> None:
    def send(agent: Agent, number: int) -> bytes:
        agent.encoder = Encoder(secrets.token_bytes(8))
        sources = [Reading(f"s{number}_{n}", "failed", "x" * 200) for n in range(200)]
        facts = facts_frame({"hostname": "attacker"} | {f"f{number}_{n}": "x" * 1024 for n in range(99)})
        report = agent.report(*sources)
        return agent.packed([facts, *agent.names(report), report.frame])

    assert growth_bytes(collector, send) < 8 * MIB


def test_new_host_names_and_goodbyes_without_end(collector: Served) -> None:
    def send(agent: Agent, number: int) -> bytes:
        goodbyes = [goodbye_frame(secrets.token_bytes(8), n, n, n, "sleep") for n in range(400)]
        name = f"attacker-{number}-" + "x" * 1000
        return agent.packed([facts_frame({"hostname": name, "site": name, "role": name}), *goodbyes])

    machines = len(collector.administer("GET", "/v1/machines").json["machines"])
    assert growth_bytes(collector, send) < 8 * MIB
    rows = collector.administer("GET", "/v1/machines").json["machines"]
    assert (len(rows), {(row["site"], row["role"]) for row in rows}) == (machines + 1, {("default", "server")})


def test_reports_of_names_that_nobody_sent_without_end(collector: Served) -> None:
    def send(agent: Agent, number: int) -> bytes:
        agent.encoder = Encoder(secrets.token_bytes(8))
        reports = [agent.report(Reading(f"s{number}_{n}", "ok")).frame for n in range(60)]
        parts = [frame(PART, b"\x01" + text(f"my_{number}_{n}") + b"\x01\x00\xff\x00\x01") for n in range(200)]
        return agent.packed([*parts, *reports])

    assert growth_bytes(collector, send, 409) < 8 * MIB


def test_holes_in_the_sequence_without_end(collector: Served) -> None:
    def send(agent: Agent, number: int) -> bytes:
        frames = []
        for _ in range(200):
            agent.sequence += 1
            report = agent.report()
            frames.append(report.frame)
        return agent.packed([*agent.names(report), *frames])

    assert growth_bytes(collector, send) < 8 * MIB
