"""An agent and the collector to which it delivers, for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.collecting import Collector
from tests.agent.delivering import Agent
from tests.agent.listening import Listener
from tests.agent.spooling import kill


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def listener(collector: Collector) -> Iterator[Listener]:
    listener = Listener(collector)
    yield listener
    listener.close()


@pytest.fixture
def agent(tmp_path: Path, listener: Listener) -> Iterator[Agent]:
    agent = Agent(tmp_path / "spool", listener.url)
    yield agent
    kill(agent.spool)
