"""The inventories of pretend machines at a real collector."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_simulator.fleet import build_fleet
from keskidee_simulator.simulation import simulate
from keskidee_simulator.stock import CHANGE_SECONDS
from keskidee_simulator.world import Tally
from tests.collector.served import Served
from tests.simulator.listener import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # three runs of a fleet: three seconds

COUNT = 24
"""Machines, with a switch, a UPS and a printer among them."""
CHANGED = [("memory", "added"), ("software", "changed")]
"""Of a laptop, and of a virtual machine, which has no slot for another module."""


NIGHT = 5 * 3600.0
"""By the clock of UTC, when many of the machines ought to be off."""
DAY = 86_400.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    collector = Served(tmp_path, {})
    yield collector
    collector.stop()


def run(served: Served, folder: Path, inventories: int, *, ahead: float, steady: bool) -> None:
    """Simulates until so many inventories were told; where that is more than machines, the clock goes on by a while."""
    clock = [ahead]

    async def main() -> None:
        token = served.administer("POST", "/v1/tokens", {"scope": "join"}).json["token"]
        stop, tally = asyncio.Event(), Tally()
        simulation = asyncio.create_task(
            simulate(
                f"http://127.0.0.1:{served.port}", token, build_fleet("keskidee", COUNT), folder, interval_seconds=0.2,
                steady=steady, clock=lambda: time.time() + clock[0], stop=stop, tally=tally,
                inventories_within_seconds=0.5,
            )
        )  # fmt: skip
        try:
            await until(lambda: tally.inventories >= COUNT, 60.0)
            clock[0] += max(CHANGE_SECONDS) if inventories > COUNT else 0.0
            await until(lambda: tally.inventories >= inventories, 60.0)
        finally:
            stop.set()
            await simulation

    asyncio.run(main())


def register(served: Served) -> tuple[list[Any], list[tuple[str, str]]]:
    """When each asset told its inventory, and what changed since of parts and programs."""
    assets = served.ask("GET", "/v1/assets").json["assets"]
    wholes = [served.ask("GET", f"/v1/assets/{asset['id']}").json for asset in assets]
    history = [each for whole in wholes for each in whole["history"] if each["kind"] != "asset"]
    return [asset["inventory_at"] for asset in assets], sorted((each["kind"], each["what"]) for each in history)


def test_all_tell_theirs_and_some_a_change_and_another_run_tells_what_is_known(served: Served, tmp_path: Path) -> None:
    machines = tmp_path / "machines"
    run(served, machines, COUNT, ahead=(NIGHT - time.time()) % DAY, steady=False)
    told, changes = register(served)
    assert (len(told), None in told, changes) == (COUNT, False, [])
    run(served, machines, COUNT + len(CHANGED), ahead=0.0, steady=True)
    assert register(served)[1] == CHANGED
    run(served, machines, COUNT, ahead=0.0, steady=True)
    assert register(served)[1] == CHANGED
    assert served.ask("GET", "/v1/assets?program=openssl").json["found"] > 0
