"""What exports read of a data directory: machines' assets and those without a machine, beside a running collector."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.app import export_assets
from keskidee_collector.view import Unusable, stored_assets, stored_changes, stored_whole
from tests.collector.inside import ADMIN, NOON, Inside
from tests.collector.register.telling import machine_at, memory

if TYPE_CHECKING:
    from pathlib import Path


async def filled(collector: Inside) -> None:
    machine = await machine_at(collector, model="OptiPlex 7050")
    await machine.tell([memory("DIMM 0"), memory("DIMM 1")])
    await machine.tell([memory("DIMM 0")])
    projector = {"name": "Epson", "kind": "projector", "site": "suva", "funds": "EDF 11", "asset_tag": "IT-1"}
    await collector.ask("POST", "/v1/assets", json.dumps(projector).encode(), token=ADMIN)
    await collector.enrol("pc-02")  # its asset is made within seconds, and is no secret until then


def test_every_asset_is_a_row_by_site_and_name_and_a_new_machine_last(collector: Inside, tmp_path: Path) -> None:
    asyncio.run(filled(collector))
    rows = list(stored_assets(tmp_path))
    assert [(row.instance, row.name, row.site, row.kind, row.model, row.funds, row.state) for row in rows] == [
        ("pc-01", "pc-01", "default", "server", "OptiPlex 7050", "", "in use"),
        ("", "Epson", "suva", "projector", "", "EDF 11", "in use"),
        ("pc-02", "pc-02", "default", "server", "", "", "in use"),
    ]
    assert [(row.first_seen, row.inventory_at) for row in rows] == [(NOON, NOON), (NOON, None), (NOON, None)]


def test_items_and_history_come_with_their_asset(collector: Inside, tmp_path: Path) -> None:
    asyncio.run(filled(collector))
    found = [
        (asset.row.name, [item.key for item in asset.items], [(each.what, each.key) for each in asset.history])
        for asset in stored_whole(tmp_path)
    ]
    assert found == [
        ("pc-01", ["DIMM 0"], [("removed", "DIMM 1")]), ("Epson", [], [("added", "")]), ("pc-02", [], []),
    ]  # fmt: skip
    assert [(name, each.what) for name, each in stored_changes(tmp_path, 1)] == [("Epson", "added")]


@pytest.mark.parametrize("format", ["csv", "json", "glpi", "xlsx"])
def test_an_export_goes_to_a_file(collector: Inside, tmp_path: Path, format: str) -> None:  # noqa: A002
    asyncio.run(filled(collector))
    output = tmp_path / "out"
    assert export_assets(tmp_path, format, output) == 0
    written = output.read_bytes()
    begins: dict[str, Any] = {"csv": b"instance,", "json": b'{"schema":1,', "glpi": b'{"deviceid":', "xlsx": b"PK"}
    assert written.startswith(begins[format])
    assert format == "xlsx" or b"pc-01" in written


def test_a_register_of_an_older_program_is_named_before_a_file_is_written(tmp_path: Path) -> None:
    for name in ("register", "reports"):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as database:
            database.execute("CREATE TABLE assets (id)")
    with pytest.raises(Unusable, match="older keskidee"):
        export_assets(tmp_path, "csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()
