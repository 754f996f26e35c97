"""A server that has an agent and a board is two assets with one serial number: each knows the other by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, select

from keskidee_collector.register.asset import THINGS
from keskidee_collector.store.tables import assets, machines

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from keskidee_collector.register.assets import Asset

SERVER = "server"
"""The kind of what a board tells of."""


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """The other asset of the same server. `is_board` says whether that is what its board tells, and else its agent."""

    id: str
    name: str
    is_board: bool


def twin_of(connection: Connection, asset: Asset) -> Twin | None:
    """The other one, if just one is there: of an agent its board, of a board its agent."""
    if not asset.serial or asset.machine_id is None:
        return None
    query = (
        select(assets.c.id, assets.c.name, assets.c.kind, machines.c.poller_id)
        .join(machines, machines.c.id == assets.c.machine_id)
        .where(func.lower(assets.c.serial) == asset.serial.lower(), THINGS)
        .limit(3)
    )
    boards, agents = [], []
    for asset_id, name, kind, poller in connection.execute(query):
        if poller is None:
            agents.append(Twin(id=asset_id, name=name, is_board=False))
        elif kind == SERVER:
            boards.append(Twin(id=asset_id, name=name, is_board=True))
    if len(boards) != 1 or len(agents) != 1:
        return None
    return agents[0] if boards[0].id == asset.id else boards[0] if agents[0].id == asset.id else None
