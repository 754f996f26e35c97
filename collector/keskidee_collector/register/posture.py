"""What inventories say of each machine's care, for its day in `machine_days`: is its system supported, its disk
encrypted, and how many updates wait. A day keeps what was known at its end; what was not told stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select

from keskidee_collector.store.days import filled_row
from keskidee_collector.store.tables import assets, items

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from keskidee_collector.store.writer import Statement

SYSTEM, FILESYSTEM, ENCRYPTION, UPDATE = "operating_system", "filesystem", "encryption", "pending_update"
ROOT = "/"
SYSTEM_VOLUMES = ("C:", "FileVault")
"""Keys of encryption where a file system does not tell of it itself: Windows' volume, and macOS' only one."""


class _Told(msgspec.Struct):
    support_ends_on: Any = None
    encrypted: Any = None
    enabled: Any = None


_decode = msgspec.json.Decoder(_Told).decode


def postures(connection: Connection, day: str) -> list[Statement]:
    """The statements that fill in a day (YYYY-MM-DD) of the machines that ever told an inventory."""
    ends = {asset_id: told.support_ends_on for asset_id, told in _items(connection, items.c.kind == SYSTEM)}
    root = _items(connection, items.c.kind == FILESYSTEM, items.c.key == ROOT)
    volumes = _items(connection, items.c.kind == ENCRYPTION, items.c.key.in_(SYSTEM_VOLUMES))
    encrypted = {asset_id: told.enabled for asset_id, told in volumes}
    encrypted |= {asset_id: told.encrypted for asset_id, told in root if told.encrypted is not None}
    waiting = select(items.c.asset_id, func.count()).where(items.c.kind == UPDATE).group_by(items.c.asset_id)
    updates = {row[0]: row[1] for row in connection.execute(waiting)}
    machines = select(assets.c.id, assets.c.machine_id, assets.c.inventory_kinds)
    machines = machines.where(assets.c.machine_id.is_not(None), assets.c.inventory_at.is_not(None))
    return [
        filled_row(
            day,
            machine_id,
            os_supported=_not_before(ends.get(asset_id), day),
            encrypted=_flag(encrypted.get(asset_id)),
            pending_updates=updates.get(asset_id, 0) if UPDATE in msgspec.json.decode(kinds) else None,
        )
        for asset_id, machine_id, kinds in connection.execute(machines)
    ]


def _items(connection: Connection, *which: ColumnElement[bool]) -> list[tuple[str, _Told]]:
    rows = connection.execute(select(items.c.asset_id, items.c.fields).where(*which))
    return [(asset_id, _decode(fields)) for asset_id, fields in rows]


def _not_before(ends: Any, day: str) -> int | None:
    """Both as YYYY-MM-DD; a machine may tell any text."""
    return int(ends >= day) if isinstance(ends, str) and len(ends) == len(day) else None


def _flag(said: Any) -> int | None:
    return int(said) if isinstance(said, bool) else None
