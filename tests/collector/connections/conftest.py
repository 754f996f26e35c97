"""A collector whose limits are soon reached, and the peace that must hold whatever is sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.collector.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.collector.served import Agent

LIMITS = {"body_bytes": 65_536, "receive_seconds": 1, "connections": 300}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("connections"), {"limits": LIMITS})
    yield served
    served.stop()


@pytest.fixture
def agent(collector: Served) -> Agent:
    return collector.enrol("pc-01")


@pytest.fixture(autouse=True)
def peace(collector: Served) -> Iterator[None]:
    """Whatever was sent: no fault in the log, and the next machine goes on."""
    before = len(collector.log)
    yield
    agent = collector.enrol("neighbour")
    assert collector.post(agent, agent.body()).status == 200
    assert not [line for line in collector.log[before:].splitlines() if "report refused" not in line]
