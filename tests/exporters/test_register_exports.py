"""The register as JSON, as a workbook and as GLPI's inventories: read back by who reads such files."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from keskidee_collector.register.assets import AssetItem
from keskidee_collector.view import Change, WholeAsset
from keskidee_exporters import glpi_register, json_register, xlsx_register
from keskidee_exporters.csv_register import COLUMNS
from tests.agent.inventory.test_glpi import faults
from tests.exporters.test_csv_register import ROW

if TYPE_CHECKING:
    from pathlib import Path

MODULE = {"slot": "DIMM 0", "size_bytes": 8 << 30, "type": "DDR4", "serial": "12345678"}
PROGRAM = {"name": "vim", "version": "9.0", "maker": "Bram"}
CHANGE = Change(
    id=1, asset_id="a1", at=1_800_000_030.0, what="changed", kind="disk", key="sda", before={"serial": "=1"},
    after={"serial": "2"}, by="agent",
)  # fmt: skip
WHOLE = WholeAsset(
    row=ROW,
    items=[
        AssetItem(kind=kind, key=key, fields=fields, first_seen=1.0, changed_at=1.0)
        for kind, key, fields in (("memory", "DIMM 0", MODULE), ("software", "vim", PROGRAM))
    ],
    history=[CHANGE],
)
PROJECTOR = WholeAsset(
    row=replace(ROW, id="", asset_id="a2", name="Epson", hostname="", asset_tag=""), items=[], history=[]
)


def test_json_has_every_asset_with_its_items_and_history() -> None:
    out = io.StringIO()
    json_register.write([WHOLE, PROJECTOR], out, exported_at=1_800_000_100.0)
    told = {
        "id": 1, "at": 1_800_000_030.0, "what": "changed", "kind": "disk", "key": "sda", "before": {"serial": "=1"},
        "after": {"serial": "2"}, "by": "agent",
    }  # fmt: skip
    items = {"memory": [{"key": "DIMM 0", **MODULE}], "software": [{"key": "vim", **PROGRAM}]}
    assert json.loads(out.getvalue()) == {
        "schema": 1,
        "exported_at": 1_800_000_100.0,
        "assets": [
            {**asdict(WHOLE.row), "items": items, "history": [told]},
            {**asdict(PROJECTOR.row), "items": {}, "history": []},
        ],
    }


def test_an_empty_register_is_a_document_too() -> None:
    out = io.StringIO()
    json_register.write([], out, exported_at=1.0)
    assert json.loads(out.getvalue()) == {"schema": 1, "exported_at": 1.0, "assets": []}


def workbook(*rows: Any) -> Any:
    out = io.BytesIO()
    xlsx_register.write(rows, [("srv-01", CHANGE)], out)
    return openpyxl.load_workbook(out)


def test_a_workbook_has_values_to_sort_and_to_add_up() -> None:
    book = workbook(ROW)
    header, row = book["Assets"].iter_rows(values_only=True)
    read = dict(zip(header, row, strict=True))
    assert (header, read["name"], read["asset_tag"], read["note"]) == (COLUMNS, "srv-01", "IT-1", None)
    assert (read["price"], read["bought_on"], read["last_seen"]) == (
        12499.5, datetime(2027, 1, 10), datetime(2027, 1, 15, 8, 1)  # noqa: DTZ001 - a sheet's days have no zone
    )  # fmt: skip
    assert list(book["History"].iter_rows(values_only=True, min_row=2)) == [
        (
            datetime(2027, 1, 15, 8, 0, 30),  # noqa: DTZ001
            *("srv-01", "a1", "changed", "disk", "sda", "serial =1", "serial 2", "agent"),
        )
    ]


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "=cmd|' /C calc'!A0", "https://example.org", "0012"])
def test_in_a_workbook_a_text_is_a_text(text: str) -> None:
    [cell] = [cell for cell in workbook(replace(ROW, maker=text))["Assets"][2] if cell.column == 6]
    assert (cell.data_type, cell.hyperlink, cell.value.removeprefix("'")) == ("s", None, text)
    assert not cell.value.startswith(("=", "+", "-", "@"))


def test_glpi_takes_what_has_an_inventory(shared_data: Path, tmp_path: Path) -> None:
    schema = json.loads((shared_data / "glpi_inventory_format" / "inventory.schema.json").read_text())
    out = io.StringIO()
    glpi_register.write([WHOLE, PROJECTOR], out)
    document = json.loads(out.getvalue())
    content = document["content"]
    assert faults(document, schema, schema["definitions"]) == []
    assert (document["deviceid"], content["bios"]["assettag"], content["hardware"]["name"]) == (
        ROW.id,
        "IT-1",
        "srv-01",
    )
    assert [(row["name"], row["version"]) for row in content["softwares"]] == [("vim", "9.0")]
    glpi_register.write_files([WHOLE, PROJECTOR], tmp_path)
    [file] = tmp_path.iterdir()
    assert (file.name, json.loads(file.read_text())) == (f"srv-01-{ROW.id}.json", document)


def test_glpi_takes_network_devices_in_its_form_for_them(shared_data: Path) -> None:
    schema = json.loads((shared_data / "glpi_inventory_format" / "inventory.schema.json").read_text())
    told: list[tuple[str, str, dict[str, Any]]] = [
        (
            "device",
            "system",
            {"name": "sw-1", "maker": "Cisco", "model": "C9300", "version": "17.6", "type": "network"},
        ),
        ("interface", "Gi1/0/1", {"index": 9, "type": "ethernetCsmacd", "mac": "00:00:5e:00:53:01", "alias": "up"}),
        ("interface", "Gi1/0/2", {}),
        ("component", "Chassis", {"class": "chassis", "serial": "FOC1"}),
        ("component", "PSU A", {"class": "powerSupply", "parent": "Chassis"}),
        ("memory", "DRAM", {"size_bytes": 8 << 30}),
    ]
    items = [AssetItem(kind=each[0], key=each[1], fields=each[2], first_seen=1.0, changed_at=1.0) for each in told]
    [(_, document)] = glpi_register.documents([replace(WHOLE, items=items)])
    assert faults(document, schema, schema["definitions"]) == []
    device = {"name": "sw-1", "manufacturer": "Cisco", "model": "C9300", "firmware": "17.6", "type": "Networking"}
    firmware = {"name": "C9300", "manufacturer": "Cisco", "version": "17.6", "type": "device"}
    assert document == {
        "deviceid": ROW.id,
        "itemtype": "NetworkEquipment",
        "action": "netinventory",
        "content": {
            "versionclient": "keskidee",
            "network_device": device | {"ram": 8192, "mac": "00:00:5e:00:53:01", "assettag": "IT-1"},
            "network_ports": [
                {"ifnumber": 9, "ifname": "Gi1/0/1", "ifalias": "up", "mac": "00:00:5e:00:53:01", "iftype": 6},
                {"ifnumber": 2, "ifname": "Gi1/0/2"},
            ],
            "network_components": [
                {"index": 1, "name": "Chassis", "type": "chassis", "serial": "FOC1"},
                {"index": 2, "name": "PSU A", "type": "powerSupply", "contained_index": 1},
            ],
            "firmwares": [firmware | {"description": "device firmware"}],
        },
    }


@pytest.mark.parametrize("size", ["8 GiB", True, ["8"], 1e300, None])
def test_what_a_machine_told_wrong_costs_glpi_its_kind_at_most(size: Any) -> None:
    wrong = AssetItem(kind="memory", key="DIMM 1", fields={"size_bytes": size}, first_seen=1.0, changed_at=1.0)
    [(_, document)] = glpi_register.documents([replace(WHOLE, items=[wrong, WHOLE.items[1]])])
    assert [row["name"] for row in document["content"]["softwares"]] == ["vim"]


@pytest.mark.parametrize("name", ["../../etc/passwd", ".ssh", "a/b", "x" * 300])
def test_a_machine_s_name_is_no_path(name: str, tmp_path: Path) -> None:
    glpi_register.write_files([replace(WHOLE, row=replace(ROW, hostname=name))], tmp_path)
    [file] = tmp_path.iterdir()
    assert file.name.endswith(f"-{ROW.id}.json")
