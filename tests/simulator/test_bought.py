"""What the pretend institution bought, in the register of a real collector."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from keskidee_simulator.bought import SPARES, UNBOOKED_EVERY, enter, purchases
from keskidee_simulator.connection import Connection, address_of
from keskidee_simulator.fleet import build_fleet
from tests.collector.served import Served

if TYPE_CHECKING:
    from pathlib import Path

FLEET = build_fleet("keskidee", 20)
NOW = 1_790_000_000.0


def test_one_machine_in_nine_is_not_entered_and_the_spares_are_but_once() -> None:
    some, more = (purchases(machines, NOW) for machines in (FLEET[:9], FLEET[9:]))
    assert len(some) == 9 - 1 + SPARES
    assert len(more) == sum(m.number % UNBOOKED_EVERY != UNBOOKED_EVERY - 1 for m in FLEET[9:])
    assert len({line["asset_tag"] for line in some + more}) == len(some + more)


def test_the_register_takes_it_once_and_what_is_new_in_a_larger_fleet(tmp_path: Path) -> None:
    served = Served(tmp_path, {})
    try:
        token = served.administer("POST", "/v1/tokens", {"scope": "api-write"}).json["token"]
        assert states(served, token, FLEET[:9], tmp_path) == {"ordered": 8, "in stock": SPARES}
        assert states(served, token, FLEET[:9], tmp_path) == {"ordered": 8, "in stock": SPARES}
        assert states(served, token, FLEET, tmp_path) == {"ordered": 18, "in stock": SPARES}
        assert states(served, "no token", build_fleet("keskidee", 25), tmp_path) == {"ordered": 18, "in stock": SPARES}
    finally:
        served.stop()


def states(served: Served, token: str, fleet: Any, folder: Path) -> dict[str, int]:
    """How many assets there are by state, once this fleet was entered."""

    async def main() -> None:
        connection = Connection(address_of(f"http://127.0.0.1:{served.port}"))
        await enter(connection, token, fleet, folder, NOW)
        connection.close()

    asyncio.run(main())
    found: dict[str, int] = {}
    for asset in served.ask("GET", "/v1/assets").json["assets"]:
        found[asset["state"]] = found.get(asset["state"], 0) + 1
    return found
