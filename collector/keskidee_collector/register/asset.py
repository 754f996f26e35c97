"""An asset's own fields: what its machine tells of them, and what a person has set, which no reading overwrites."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import msgspec
from sqlalchemy import select, update

from keskidee_collector.register.purchase import PURCHASE, largest
from keskidee_collector.store.tables import assets, machines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from keskidee_collector.fleet.machine import Machine

TEXTS = ("name", "kind", "maker", "model", "serial", "system", "site", "room", "custodian", "state", "note", *PURCHASE)
TAG = "asset_tag"
State: TypeAlias = Literal["ordered", "delivered", "in stock", "in use", "in repair", "lost", "disposed"]
STATES: tuple[str, ...] = get_args(State)
IN_USE, ORDERED = "in use", "ordered"
THINGS = assets.c.machine_id.is_(None) | assets.c.machine_id.not_in(
    select(machines.c.id).where(machines.c.merged_into.is_not(None))
)
"""The assets that are a thing of their own: that of a record which was merged into another is the same thing twice."""
ASSET = "asset"
"""The kind of a change that is of the asset itself, and of none of its items."""


def told_of(machine: Machine) -> dict[str, str]:
    """What a machine says of its asset: only what it knows."""
    facts = machine.facts
    told = {
        "name": facts.get("hostname", "") or machine.instance,
        "kind": facts.get("kind", "") or ("" if machine.poller_id else machine.role),
        "maker": facts.get("maker", ""),
        "model": facts.get("model", ""),
        "serial": facts.get("serial", ""),
        "system": facts.get("os_name", "") or facts.get("os", ""),
        "site": machine.site,
        "state": IN_USE,
    }
    return {name: value for name, value in told.items() if value}


def columns(told: Mapping[str, str], by_hand: Mapping[str, str]) -> dict[str, Any]:
    """The columns that follow from both: the texts as people see them, what a search looks in, and both as kept."""
    texts = {name: by_hand.get(name, told.get(name, "")) for name in TEXTS}
    tag = by_hand.get(TAG) or None
    return {
        **texts,
        TAG: tag,
        "fund": largest(texts["funds"]),
        "words": "\n".join([*texts.values(), tag or ""]).casefold(),
        "told": msgspec.json.encode(dict(told)),
        "by_hand": msgspec.json.encode(dict(by_hand)),
    }


def new_row(
    told: Mapping[str, str], by_hand: Mapping[str, str], *, now: float, machine_id: str | None
) -> dict[str, Any]:
    """A new asset as the register keeps it."""
    return {
        "id": secrets.token_hex(8),
        "machine_id": machine_id,
        **columns(told, by_hand),
        "version": 1,
        "created_at": now,
        "changed_at": now,
        "inventory_hash": "",
        "inventory_kinds": b"[]",
        "inventory_at": None,
    }


def rewrite(
    connection: Connection, asset_id: str, told: Mapping[str, str], by_hand: Mapping[str, str], *, now: float
) -> None:
    """Gives an asset that is there other fields of its own, and with them another version."""
    values = {**columns(told, by_hand), "version": assets.c.version + 1, "changed_at": now}
    connection.execute(update(assets).where(assets.c.id == asset_id).values(values))


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What two sets of fields say differently, before and after."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )
