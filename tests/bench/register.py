"""A register of 10,000 assets of 150 items each, with a month of history, written as it is kept."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from keskidee_collector.register.asset import new_row
from keskidee_collector.store.database import open_database
from keskidee_collector.store.tables import assets, changes, items

ASSETS, PROGRAMS, PARTS = 10_000, 130, 20
NAMES = 4_000
"""Different programs in the fleet."""
CHANGES_A_DAY = 5_000
DAYS_KEPT = 30
AT_ONCE = 500
HAPPENED = {
    "what": "changed", "kind": "software", "key": "Program 0001 (x64)", "before": b'{"version":"1.0.1"}',
    "after": b'{"version":"1.0.2"}', "by": "agent",
}  # fmt: skip
SITES = tuple([f"site-{number:02}" for number in range(15)])
KINDS = ("server", "desktop", "laptop", "printer")
FUNDS = ("EDF 11", "CDB 40%, EDF 11 60%", "", "GIZ")


def fill(directory: Path, count: int, now: float) -> None:
    """Writes the register; the collector that starts on it finds it as its own."""
    directory.mkdir(parents=True, exist_ok=True)
    chance = random.Random(5375)
    engine = open_database(directory / "register.db", "register")
    ids: list[str] = []
    for first in range(0, count, AT_ONCE):
        rows = [_asset(number, chance, now) for number in range(first, min(first + AT_ONCE, count))]
        ids += [row["id"] for row in rows]
        with engine.begin() as connection:
            connection.execute(insert(assets), rows)
            connection.execute(insert(items), [item for row in rows for item in _items(row["id"], chance, now)])
    with engine.begin() as connection:
        connection.execute(insert(changes), list(_changes(ids, chance, now)))
    engine.dispose()


def _asset(number: int, chance: random.Random, now: float) -> dict[str, Any]:
    told = {
        "name": f"pc-{number:05}", "kind": chance.choice(KINDS), "maker": "Dell Inc.", "model": "OptiPlex 7050",
        "serial": f"S{number:07}", "system": "Microsoft Windows 11 Pro", "site": chance.choice(SITES),
    }  # fmt: skip
    by_hand = {
        "state": "in use", "room": f"{chance.randrange(400)}", "custodian": f"Person {chance.randrange(3000)}",
        "supplier": "Island Computers", "order_number": f"PO-{number // 50}", "bought_on": "2025-03-01",
        "warranty_until": "2028-03-01", "price": "1249.50", "currency": "XCD", "funds": chance.choice(FUNDS),
        "asset_tag": f"IT-{number:06}",
    }  # fmt: skip
    return new_row(told, by_hand, now=now - 1e7, machine_id=None) | {"inventory_at": now, "inventory_hash": "0" * 32}


def _items(asset_id: str, chance: random.Random, now: float) -> Iterator[dict[str, Any]]:
    for number in chance.sample(range(NAMES), PROGRAMS):
        name, version = f"Program {number:04} (x64)", f"{chance.randrange(5, 10)}.0.{number}"
        fields = {"name": name, "version": version, "maker": "Some Company Ltd", "installed_on": "2026-01-02"}
        yield _item(asset_id, "software", name, fields, now)
    for number in range(PARTS):
        fields = {"slot": f"DIMM {number}", "size_bytes": "8589934592", "maker": "Samsung", "serial": f"{number:08}"}
        yield _item(asset_id, "memory", f"DIMM {number}", fields, now)


def _item(asset_id: str, kind: str, key: str, fields: dict[str, str], now: float) -> dict[str, Any]:
    kept = {"asset_id": asset_id, "kind": kind, "key": key, "fields": json.dumps(fields).encode()}
    return kept | {
        "version": fields.get("version", ""),
        "digest": bytes(16),
        "first_seen": now - 1e7,
        "changed_at": now - 1e7,
    }


def _changes(ids: list[str], chance: random.Random, now: float) -> Iterator[dict[str, Any]]:
    count = CHANGES_A_DAY * DAYS_KEPT * len(ids) // ASSETS
    for number in range(count):
        at = now - 86_400 * DAYS_KEPT * (1 - number / count)
        yield HAPPENED | {"asset_id": chance.choice(ids), "at": at}
