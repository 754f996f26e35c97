"""A machine that tells its inventory, as the agent's child does, to a collector inside the test."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from keskidee_agent.inventory.delivery import Known, Taken, difference
from keskidee_report.items import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.collector.inside import Agent, Answer, Inside

MODULE: dict[str, Any] = {"size_bytes": 8 << 30, "type": "DDR4", "maker": "Samsung", "serial": "12345678"}


def memory(slot: str, **fields: Any) -> Item:
    return Item("memory", slot, MODULE | fields)


def program(name: str, version: str) -> Item:
    return Item("program", name, {"name": name, "version": version})


def disk(**fields: Any) -> Item:
    known: dict[str, Any] = {"size_bytes": 512_110_190_592, "model": "SSD 860", "serial": "S3Z1"}
    return Item("disk", "sda", known | fields)


class Machine:
    """What both sides know lives here, where an agent has a file."""

    def __init__(self, collector: Inside, agent: Agent) -> None:
        self.collector = collector
        self.agent = agent
        self.known = Known(digests={})

    async def tell(self, items: Iterable[Item], told: Iterable[str] = ("memory", "program", "disk")) -> list[int]:
        """The statuses until it is taken or refused: 409 makes it send all."""
        taken = Taken(items={(each.kind, each.key): each for each in items}, told=sorted(told))
        statuses = []
        for known in (self.known, Known(digests={})):
            body, after = difference(taken, known)
            statuses.append((await self.post(body)).status)
            if statuses[-1] != 409:
                break
        if statuses[-1] == 204:
            self.known = after
        return statuses

    async def post(self, body: dict[str, Any], token: str = "") -> Answer:
        path = f"/v1/machines/{self.agent.id}/inventory"
        packed = zlib.compress(json.dumps(body).encode())
        return await self.collector.ask("POST", path, packed, token=token or self.agent.credential)

    async def asset(self) -> dict[str, Any]:
        """Its asset with items and history."""
        listed = (await self.collector.ask("GET", f"/v1/assets?machine_id={self.agent.id}")).json["assets"]
        whole: dict[str, Any] = (await self.collector.ask("GET", f"/v1/assets/{listed[0]['id']}")).json
        return whole

    async def history(self) -> list[tuple[Any, ...]]:
        """What became of it, oldest first."""
        told = reversed((await self.asset())["history"])
        return [(row["what"], row["kind"], row["key"], row["before"], row["after"]) for row in told]


async def machine_at(collector: Inside, hostname: str = "pc-01", **facts: str) -> Machine:
    return Machine(collector, await collector.enrol(hostname, **facts))
