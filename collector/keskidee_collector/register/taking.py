"""Takes an inventory into the register: items as they are now, and each difference from before as one change.

It is one job of the register's writer: two inventories of one asset never mix, and all of it is durable or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from keskidee_collector.register.changes import AGENT, READINGS, change, write_changes
from keskidee_collector.register.programs import SOFTWARE
from keskidee_collector.store.tables import assets, items
from keskidee_report.inventory import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

    from keskidee_collector.register.told import Told
    from keskidee_report.inventory import Place

TAKEN, BASE_UNKNOWN, OTHER_HASH, TOO_MANY, NO_ASSET = "taken", "base unknown", "other hash", "too many", "no asset"
TOO_FAST = "too fast"
KINDS_AT_MOST = 1_024
"""Of all inventories that a machine ever told: what was told once and is no more is kept known."""

_COLUMNS = ("asset_id", "kind", "key", "digest", "fields", "first_seen", "changed_at", "version")
_item = upsert(items).values({name: bindparam(f"new_{name}") for name in _COLUMNS})
_KEEP_ITEM = _item.on_conflict_do_update(
    index_elements=["asset_id", "kind", "key"],
    set_={name: _item.excluded[name] for name in ("digest", "fields", "changed_at", "version")},
)
_DROP_ITEM = delete(items).where(
    items.c.asset_id == bindparam("asset"), items.c.kind == bindparam("its_kind"), items.c.key == bindparam("its_key")
)


class _Kept(NamedTuple):
    digest: bytes
    fields: bytes


class Taking:
    """The job; `outcome` says what came of it once it was done. `which` finds the asset."""

    def __init__(
        self,
        which: ColumnElement[bool],
        told: Told,
        digests: dict[Place, bytes],
        *,
        now: float,
        items_at_most: int,
        changes_at_most: int | None = None,
    ) -> None:
        self._changes_at_most = changes_at_most
        self._which = which
        self._told = told
        self._digests = digests
        self._now = now
        self._items_at_most = items_at_most
        self.outcome = NO_ASSET
        self.changes = 0

    def __call__(self, connection: Connection) -> None:
        """Compares and writes. Nothing is written where the outcome is not TAKEN."""
        row = connection.execute(
            select(assets.c.id, assets.c.inventory_hash, assets.c.inventory_kinds).where(self._which)
        ).first()
        if row is None:
            return
        asset_id, known_hash, known_kinds = row[0], row[1], set(msgspec.json.decode(row[2], type=list[str]))
        if self._told.base and self._told.base != known_hash:  # or it is a repeat, whose first answer was lost
            self.outcome = TAKEN if self._told.hash == known_hash else BASE_UNKNOWN
            return
        kept = _kept(connection, asset_id)
        gone = self._gone(kept)
        after = {place: each.digest for place, each in kept.items() if place not in gone} | self._digests
        if whole(after, self._told.told) != self._told.hash:
            self.outcome = BASE_UNKNOWN if self._told.base else OTHER_HASH
            return
        kinds = sorted({*known_kinds, *self._told.told, *[kind for kind, _ in self._digests]})
        if len(after) > self._items_at_most or len(kinds) > KINDS_AT_MOST:
            self.outcome = TOO_MANY
            return
        found = list(self._changes(kept, gone, known_kinds))
        if self._changes_at_most is not None and len(found) > self._changes_at_most:
            self.outcome = TOO_FAST
            return
        self._write_items(connection, asset_id, kept, gone)
        self.changes = write_changes(connection, asset_id, found, at=self._now, by=AGENT)
        connection.execute(
            update(assets)
            .where(assets.c.id == asset_id)
            .values(inventory_hash=self._told.hash, inventory_kinds=msgspec.json.encode(kinds), inventory_at=self._now)
        )
        self.outcome = TAKEN

    def _gone(self, kept: dict[Place, _Kept]) -> set[Place]:
        if self._told.base:
            return {(kind, key) for kind, key in self._told.gone} & kept.keys()
        told = set(self._told.told)
        return {place for place in kept if place[0] in told and place not in self._digests}

    def _write_items(self, connection: Connection, asset_id: str, kept: dict[Place, _Kept], gone: set[Place]) -> None:
        rows: list[dict[str, Any]] = []
        for item in self._told.changed:
            found, place = self._digests[item.kind, item.key], (item.kind, item.key)
            if place not in kept or kept[place].digest != found:
                fields = msgspec.json.encode(item.fields)
                version = str(item.fields.get("version", "")) if item.kind == SOFTWARE else ""
                values = (asset_id, *place, found, fields, self._now, self._now, version)
                rows.append({f"new_{name}": value for name, value in zip(_COLUMNS, values, strict=True)})
        if rows:
            connection.execute(_KEEP_ITEM, rows)
        if gone:
            connection.execute(
                _DROP_ITEM, [{"asset": asset_id, "its_kind": kind, "its_key": key} for kind, key in sorted(gone)]
            )

    def _changes(self, kept: dict[Place, _Kept], gone: set[Place], known: set[str]) -> Iterator[dict[str, Any]]:
        moving = READINGS | set(self._told.moving)
        for kind, key in sorted(gone):
            if found := change(kind, key, msgspec.json.decode(kept[kind, key].fields), None):
                yield found
        for item in self._told.changed:
            before = kept.get((item.kind, item.key))
            if item.kind not in known or (before and before.digest == self._digests[item.kind, item.key]):
                continue
            fields = None if before is None else msgspec.json.decode(before.fields)
            if found := change(item.kind, item.key, fields, item.fields, moving):
                yield found


def _kept(connection: Connection, asset_id: str) -> dict[Place, _Kept]:
    query = select(items.c.kind, items.c.key, items.c.digest, items.c.fields).where(items.c.asset_id == asset_id)
    return {(row[0], row[1]): _Kept(row[2], row[3]) for row in connection.execute(query)}
