"""What became of assets, as routes, pages and exports read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from keskidee_collector.store.tables import assets, changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

_COLUMNS = tuple([column.name for column in changes.c])


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an asset (kind `asset`) or of one of its items: added, removed or changed, and the fields that
    differ before and after. `by` is `agent`, or who changed it by hand.
    """  # fmt: skip

    id: int
    asset_id: str
    at: float
    what: str
    kind: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    by: str


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of all assets, oldest first. `after` is what to ask with next; what is behind it is still to come."""

    changes: list[Change]
    after: int


def history_of(connection: Connection, asset_id: str, at_most: int | None = None) -> list[Change]:
    """What became of an asset, newest first."""
    query = select(changes).where(changes.c.asset_id == asset_id).order_by(changes.c.id.desc()).limit(at_most)
    return [_change(row) for row in connection.execute(query).mappings()]


def changes_since(connection: Connection, since: float, after: int, at_most: int) -> list[Change]:
    """What became of all assets from a moment on (epoch seconds), after the change with this number, in order."""
    query = select(changes).where(changes.c.at >= since, changes.c.id > after).order_by(changes.c.id)
    return [_change(row) for row in connection.execute(query.limit(at_most)).mappings()]


def named_changes(connection: Connection, *, before: int | None, at_most: int) -> Iterator[tuple[str, Change]]:
    """What became of all assets, newest first, each with the name of its asset; before the change with this number."""
    query = select(changes, assets.c.name).join(assets, assets.c.id == changes.c.asset_id)
    query = query if before is None else query.where(changes.c.id < before)
    for row in connection.execute(query.order_by(changes.c.id.desc()).limit(at_most)).yield_per(500).mappings():
        yield row["name"], _change({name: row[name] for name in _COLUMNS})


def _change(row: Mapping[Any, Any]) -> Change:
    return Change(**{**row, "before": _fields(row["before"]), "after": _fields(row["after"])})


def _fields(kept: bytes | None) -> dict[str, Any] | None:
    return None if kept is None else msgspec.json.decode(kept, type=dict[str, Any])
