"""The life of a device: an agent polls it, which enlists it with the collector and reports under its id."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from keskidee_simulator.enrolment import Credential
from keskidee_simulator.life import Life

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keskidee_simulator.connection import Answer, Connection
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.habits import Presence
    from keskidee_simulator.world import World

INTERVAL_SECONDS = 15.0
"""From one poll to the next, or longer where the collector wishes that: four times as often as an agent does by itself,
so that a new fleet soon has rates.
"""
LOOK_SECONDS = 0.5


def polled_by(fleet: Sequence[Pretend]) -> dict[int, tuple[Pretend, ...]]:
    """The devices that each machine polls, by its number."""
    found: dict[int, tuple[Pretend, ...]] = {}
    for machine in fleet:
        if machine.poller is not None:
            found[machine.poller] = (*found.get(machine.poller, ()), machine)
    return found


class PolledLife(Life):
    """One device. Its credential is its poller's; nobody says goodbye for it."""

    __slots__ = ()

    def __init__(self, machine: Pretend, connection: Connection, world: World) -> None:
        super().__init__(machine, connection, world)
        self._interval = world.interval_seconds or INTERVAL_SECONDS

    async def _enrol(self) -> None:
        """Waits for its poller, and has it enlist all devices that it polls. Raises Refused."""
        credentials = self._world.credentials
        poller = self._machine.poller
        assert poller is not None
        while (holder := credentials.get(poller)) is None:
            await asyncio.sleep(LOOK_SECONDS)
        async with self._world.enlisting:
            if credentials.get(self._machine.number) is None:
                await self._enlist(holder)
        self._credential = credentials.get(self._machine.number)
        self._speak()

    async def _enlist(self, holder: Credential) -> None:
        devices = {each.hostname: each for each in self._world.devices[holder.number]}
        asked = {"devices": [_listed(device) for device in devices.values()]}
        headers = f"Authorization: Bearer {holder.credential}\r\nContent-Type: application/json\r\n"

        async def ask() -> Answer:
            path = f"/v1/machines/{holder.machine_id}/devices"
            return await self._connection.send("POST", path, headers, json.dumps(asked).encode())

        for row in json.loads((await self._insist(ask, 200)).body)["devices"]:
            device = devices[row["name"]]
            if self._world.credentials.get(device.number) is None:
                self._world.tally.enrolled += 1
                self._world.credentials.add(
                    Credential(
                        number=device.number,
                        machine_id=row["machine_id"],
                        credential=holder.credential,
                        instance=device.hostname,
                    )
                )

    def _take(self, seconds: float) -> None:
        super()._take(max(seconds, INTERVAL_SECONDS))

    def _come_back(self, reason: str) -> None:
        """A device says nothing of why it was away."""

    async def _goodbye(self, reason: str, now: Presence) -> None:
        self._connection.close()


def _listed(device: Pretend) -> dict[str, object]:
    """A device as its poller's settings have it; no such address is anybody's (RFC 5737)."""
    return {
        "name": device.hostname,
        "address": f"192.0.2.{device.number % 254 + 1}",
        "interval_seconds": int(INTERVAL_SECONDS),
        "site": device.site.name,
    }
