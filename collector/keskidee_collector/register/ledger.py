"""The register in a data directory as exports read it: an asset at a time, beside the collector that may be running."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from keskidee_collector.register.asset import THINGS
from keskidee_collector.register.assets import AssetItem, items_of
from keskidee_collector.register.history import Change, history_of, named_changes
from keskidee_collector.store.database import Unusable, open_for_reading
from keskidee_collector.store.reports import read_last_heard
from keskidee_collector.store.tables import assets, machines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Engine

RETIRED = "retired"
_OF_ASSET = (
    *("asset_tag", "room", "custodian", "supplier", "order_number", "bought_on", "warranty_until"),
    *("price", "currency", "funds", "note"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """An asset as procurement sees it, with the first and last sign of life of its machine (epoch seconds).

    `instance`, `hostname`, `id` and `role` are its machine's, empty where it has none. `state` is the asset's own, or
    `retired` where its machine is and no person said more. Days are YYYY-MM-DD, unknown texts are empty.
    """

    instance: str
    hostname: str
    id: str
    site: str
    role: str
    maker: str
    model: str
    serial: str
    system: str
    first_seen: float
    last_seen: float | None
    state: str
    asset_id: str
    asset_tag: str
    name: str
    kind: str
    room: str
    custodian: str
    supplier: str
    order_number: str
    bought_on: str
    warranty_until: str
    price: str
    currency: str
    funds: str
    note: str
    inventory_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeAsset:
    """An asset with what it is made of and what became of it, oldest first."""

    row: AssetRow
    items: list[AssetItem]
    history: list[Change]


def stored_assets(directory: Path) -> Iterator[AssetRow]:
    """The assets of a data directory, by site and name. Raises Unusable where there is no register."""
    return (row for _, row in _rows(_register(directory), _heard(directory)))


def stored_whole(directory: Path) -> Iterator[WholeAsset]:
    """The same with items and history. Raises Unusable."""
    rows = _rows(_register(directory), _heard(directory))
    return (
        WholeAsset(row=row, items=items_of(more, row.asset_id), history=history_of(more, row.asset_id)[::-1])
        for more, row in rows
    )


def stored_changes(directory: Path, at_most: int) -> Iterator[tuple[str, Change]]:
    """What became of all assets, newest first, each with the name of its asset. Raises Unusable."""
    return _changes(_register(directory), at_most)


def _register(directory: Path) -> Engine:
    path = directory / "register.db"
    register = open_for_reading(path)
    try:
        with register.connect() as connection:
            connection.execute(select(assets.c.funds).limit(1))
    except OperationalError as error:
        raise Unusable(f"{path}: kept by an older keskidee; its collector brings it up to date") from error
    return register


def _heard(directory: Path) -> dict[str, float]:
    return read_last_heard(open_for_reading(directory / "reports.db"))


def _changes(register: Engine, at_most: int) -> Iterator[tuple[str, Change]]:
    with register.connect() as connection:
        yield from named_changes(connection, before=None, at_most=at_most)


def _rows(register: Engine, heard: Mapping[str, float]) -> Iterator[tuple[Connection, AssetRow]]:
    """Rows with a connection on which more may be asked; a machine whose asset is still to be made comes last."""
    of_machine = [machines.c[name].label(f"machine_{name}") for name in ("instance", "role", "facts", "site")]
    times = (machines.c.enrolled_at, machines.c.retired_at)
    place = func.coalesce(machines.c.instance, assets.c.name)
    query = select(assets, *of_machine, *times).outerjoin(machines, machines.c.id == assets.c.machine_id)
    query = query.where(THINGS).order_by(assets.c.site, place, assets.c.id)
    known = select(assets.c.machine_id).where(assets.c.machine_id.is_not(None))
    rest = select(machines.c.id.label("machine_id"), *of_machine, *times)
    rest = rest.where(machines.c.merged_into.is_(None), machines.c.id.not_in(known))
    with register.connect() as rows, register.connect() as more:
        found = rows.execute(query).yield_per(500).mappings()
        for row in chain(found, more.execute(rest.order_by(machines.c.site, machines.c.instance)).mappings()):
            yield more, _row(row, heard)


def _row(row: Mapping[Any, Any], heard: Mapping[str, float]) -> AssetRow:
    facts = msgspec.json.decode(row.get("machine_facts") or b"{}", type=dict[str, str])
    machine_id = row["machine_id"] or ""
    by_hand = msgspec.json.decode(row.get("by_hand") or b"{}", type=dict[str, str])
    state = row.get("state") or "in use"
    return AssetRow(
        instance=row["machine_instance"] or "",
        hostname=facts.get("hostname", ""),
        id=machine_id,
        site=row.get("site", row["machine_site"]) or "",
        role=row["machine_role"] or "",
        maker=row.get("maker", facts.get("maker", "")),
        model=row.get("model", facts.get("model", "")),
        serial=row.get("serial", facts.get("serial", "")),
        system=row.get("system", facts.get("os_name", "")),
        first_seen=row["enrolled_at"] or row["created_at"],
        last_seen=heard.get(machine_id),
        state=RETIRED if row["retired_at"] is not None and "state" not in by_hand else state,
        asset_id=row.get("id", ""),
        name=row.get("name", facts.get("hostname") or row["machine_instance"]),
        kind=row.get("kind", row["machine_role"]),
        inventory_at=row.get("inventory_at"),
        **{name: row.get(name) or "" for name in _OF_ASSET},
    )
