"""What was bought and what is seen are one thing where they have one serial number: how two assets become one.

The one that waited for its machine goes on, with its tag, its purchase and its address; the machine's gives it what the
machine tells, its items and its history, and its address leads there. Where people set the same field otherwise in
both, they stay two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, func, insert, select, true, update

from keskidee_collector.register.asset import ASSET, THINGS, differing, rewrite
from keskidee_collector.register.changes import CHANGED, change_row, write_changes
from keskidee_collector.store.tables import assets, changes, events, items, joined_assets

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_INVENTORY = ("inventory_hash", "inventory_kinds", "inventory_at")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A machine whose purchase has an asset of its own; `against` are the fields that keep them two."""

    asset_id: str
    name: str
    serial: str
    against: list[str]


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought beside what is seen: pairs that became one, pairs that contradict each other, and how many
    things with a purchase wait for their machine and machines have none.
    """

    joined: list[Pair]
    contradicting: list[Pair]
    waiting: int
    without_purchase: int


class Reconciling:
    """A job of the writer: joins all pairs; `found` says what came of it."""

    def __init__(self, *, by: str, now: float) -> None:
        self._by = by
        self._now = now
        self.found: Reconciled | None = None

    def __call__(self, connection: Connection) -> None:
        """Looks for the purchase of each machine that has none."""
        pairs = []
        for asset_id, name, maker, serial in connection.execute(_machines()).all():
            waiting = expected(connection, {"maker": maker, "serial": serial})
            if waiting is not None:
                against = join(connection, waiting, asset_id, by=self._by, now=self._now)
                pairs.append(Pair(asset_id=waiting[0], name=name, serial=serial, against=against))
        bought = assets.c.order_number + assets.c.bought_on + assets.c.price != ""
        is_machine = assets.c.machine_id.is_not(None)
        self.found = Reconciled(
            joined=[pair for pair in pairs if not pair.against],
            contradicting=[pair for pair in pairs if pair.against],
            waiting=_count(connection, ~is_machine, bought),
            without_purchase=_count(connection, is_machine, ~bought),
        )


def _machines() -> Any:
    """Machines with a serial number that a thing without a machine has too."""
    others = assets.alias()
    waits = select(func.lower(others.c.serial)).where(others.c.machine_id.is_(None), others.c.serial != "")
    columns = [assets.c[name] for name in ("id", "name", "maker", "serial")]
    return select(*columns).where(assets.c.machine_id.is_not(None), func.lower(assets.c.serial).in_(waits), THINGS)


def _count(connection: Connection, *wanted: Any) -> int:
    return connection.execute(select(func.count()).select_from(assets).where(THINGS, *wanted)).scalar_one()


def expected(connection: Connection, told: dict[str, str]) -> Row[Any, Any, Any] | None:
    """Id, `told` and `by_hand` of the asset that waits for a machine with this serial number, if just one does that is
    of no other maker.
    """
    serial, maker = told.get("serial", "").casefold(), told.get("maker", "").casefold()
    if not serial:
        return None
    query = select(assets.c.id, assets.c.told, assets.c.by_hand).where(
        assets.c.machine_id.is_(None),
        func.lower(assets.c.serial) == serial,
        func.lower(assets.c.maker).in_(("", maker)) if maker else true(),
    )
    found = connection.execute(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def join(connection: Connection, waiting: Row[Any, Any, Any], asset_id: str, *, by: str, now: float) -> list[str]:
    """Makes the waiting asset that of the machine whose asset is given, which goes. The fields that people set
    otherwise in both keep them two, and are told.
    """
    names = ("machine_id", "told", "by_hand", *_INVENTORY)
    machine = connection.execute(select(*[assets.c[name] for name in names]).where(assets.c.id == asset_id)).one()
    was_told, was_set, told, by_hand = (
        msgspec.json.decode(each, type=dict[str, str]) for each in (*waiting[1:], machine.told, machine.by_hand)
    )
    against = sorted(name for name in was_set if by_hand.get(name, was_set[name]) != was_set[name])
    if against:
        return against
    _move(connection, asset_id, waiting[0], machine)
    told, by_hand = was_told | told, was_set | by_hand
    rewrite(connection, waiting[0], told, by_hand, now=now)
    before, after = differing(was_told | was_set, told | by_hand)
    row = change_row(CHANGED, ASSET, "", before, {**after, "machine_id": machine.machine_id})
    write_changes(connection, waiting[0], [row], at=now, by=by)
    return []


def _move(connection: Connection, asset_id: str, to: str, machine: Any) -> None:
    """Items as the machine told them last go before those of a file; the history of both is kept, and the addresses."""
    connection.execute(delete(assets).where(assets.c.id == asset_id))
    values = {"machine_id": machine.machine_id}
    if machine.inventory_at is not None:
        connection.execute(delete(items).where(items.c.asset_id == to))
        connection.execute(update(items).where(items.c.asset_id == asset_id).values(asset_id=to))
        values |= {name: getattr(machine, name) for name in _INVENTORY}
    for told in (changes, events, joined_assets):  # what led to it leads on
        connection.execute(update(told).where(told.c.asset_id == asset_id).values(asset_id=to))
    connection.execute(insert(joined_assets).values(id=asset_id, asset_id=to))
    connection.execute(update(assets).where(assets.c.id == to).values(values))
