"""Bodies that nobody would send, through the whole report route: hypothesis makes them, and a fuzzer that is led by
coverage. 500 and some seconds in `make test`, 10,000 and a quarter of an hour in `make soak`.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import tracemalloc
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import keskidee_collector
import keskidee_report
from keskidee_collector.families.definitions import Definitions
from keskidee_collector.families.schemas import Schemas, UnknownSchema
from keskidee_collector.ingest.posts import open_post
from keskidee_collector.ingest.unfolding import Arrival, fresh_of, unfolded
from keskidee_config import LimitSettings
from keskidee_report.model import Malformed
from keskidee_report.wire import frame
from tests.collector.inside import Inside
from tests.report.fuzzing import CHANGES, Fuzzer
from tests.report.reading_back import frames_of
from tests.report.test_damage import INFLATED, packed
from tests.report.test_fuzz import HEAD, SECONDS, seeds
from tests.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.collector.inside import Agent, Answer

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(3600)]

EXAMPLES = scaled(500, 10_000)
MIB = 1 << 20
LIMITS = {"body_bytes": 65_536, "inflated_bytes": MIB, "families": 50, "samples": 500, "requests_per_minute": 1_000_000}
REFUSED = {409, 413, 415, 422}
KEPT = [
    "SELECT max(position) FROM log",
    *[f"SELECT count(*) FROM {name}" for name in ("parts", "schemas", "definitions")],
]
FRAMES = frames_of(INFLATED[HEAD:])


class Route:
    """The route of a collector in this process, and one machine that sends to it."""

    def __init__(self, directory: Path) -> None:
        self.collector = Inside(directory, limits=LIMITS)
        self.runner = asyncio.Runner()
        self.agent: Agent = self.runner.run(self.collector.enrol("attacker"))
        self._reports, self._register = (
            sqlite3.connect(f"file:{directory / name}?mode=ro", uri=True) for name in ("reports.db", "register.db")
        )

    def post(self, body: bytes) -> Answer:
        path = f"/v1/machines/{self.agent.id}/reports"
        return self.runner.run(self.collector.ask("POST", path, body, token=self.agent.credential))

    def known(self) -> list[object]:
        """What is different where anything of a POST is kept: rows, or what the machine says.

        Not the table `latest`, which is written some POSTs later.
        """
        machine = self.collector.machine(self.agent)
        rows = [self._reports.execute(ask).fetchone() for ask in KEPT]
        facts = self._register.execute("SELECT facts FROM machines").fetchall()
        return [
            rows,
            facts,
            machine.facts,
            machine.goodbye,
            list(machine.sessions),
            list(machine.schemas),
            machine.shown,
        ]

    def close(self) -> None:
        self._reports.close()
        self._register.close()
        self.collector.state.close()
        self.runner.close()


@pytest.fixture(scope="module")
def route(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Route]:
    route = Route(tmp_path_factory.mktemp("malformed"))
    yield route
    route.close()


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Rubbish; rubbish behind a right head; frames of any payload among right ones; a right body that was damaged."""
    kind = draw(st.sampled_from(["rubbish", "behind the head", "frames", "damaged", "damaged in a frame"]))
    if kind == "rubbish":
        return draw(st.sampled_from([b"", b"KR\x01\x00", b"KR\x01", b"\x1f\x8b"])) + draw(st.binary(max_size=300))
    if kind == "behind the head":
        return packed(INFLATED[:HEAD] + draw(st.binary(max_size=300)))
    frames = list(FRAMES)
    if kind == "frames":
        odd = st.tuples(st.integers(0, 255), st.binary(max_size=200))
        frames = draw(st.permutations(frames + draw(st.lists(odd, min_size=1, max_size=4))))
        return packed(INFLATED[:HEAD] + b"".join([frame(kind, payload) for kind, payload in frames]))
    random = draw(st.randoms(use_true_random=False))
    if kind == "damaged in a frame":
        at = draw(st.integers(0, len(frames) - 1))
        frames[at] = (frames[at][0], random.choice(CHANGES)(frames[at][1], random))
        return packed(INFLATED[:HEAD] + b"".join([frame(kind, payload) for kind, payload in frames]))
    damaged = INFLATED
    for _ in range(draw(st.integers(1, 4))):
        damaged = random.choice(CHANGES)(damaged, random)
    return packed(damaged)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies())
def test_a_malformed_body_is_refused_and_leaves_nothing(
    route: Route, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = route.known()
    tracemalloc.start()
    try:
        answer = route.post(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status in REFUSED | {200}, answer
    assert peak < 16 * MIB
    assert answer.status == 200 or route.known() == before
    assert [record for record in caplog.records if record.exc_info] == []


def heard(data: bytes) -> None:
    """What a collector makes of a POST, to the lines of its pages, which must be such."""
    limits = LimitSettings(**LIMITS)
    post = open_post(packed(data), limits)
    fresh = fresh_of(post, lambda _session, _sequence: False)
    compiled = Schemas(Definitions(100, 100))
    schemas = {index.id: compiled.compile(index, post.parts, "machine", limits) for index, _ in post.indexes}
    arrival = Arrival(at=1.8e9, ticks=1000.0)
    for taken in unfolded(post, fresh, arrival, bases={}, schema_of=schemas.get, samples=10_000):
        lines = b"".join(taken.schema.chunks(taken.snapshot.words, b"pc-01"))
        found = list(text_string_to_metric_families(lines.decode()))
        assert sum(len(family.samples) for family in found) == taken.schema.series


def test_whatever_is_taken_makes_lines_that_prometheus_reads() -> None:
    seed = secrets.randbits(64)
    folders = tuple(str(Path(str(package.__file__)).parent) for package in (keskidee_report, keskidee_collector))
    fuzzer = Fuzzer(heard, folders, (Malformed, UnknownSchema), Random(seed), head=HEAD)
    try:
        fuzzer.search(seeds(), seconds=SECONDS)
    finally:
        print(f"the collector, seed {seed}: {fuzzer.told()}")
    assert fuzzer.executions > len(seeds())
