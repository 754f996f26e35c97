"""Lists of purchases: each line goes to its asset or makes one, what is wrong is named by line, and then nothing is
written; what was bought becomes the asset of the machine with its serial number.
"""

from __future__ import annotations

import argparse
import asyncio
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.app import export_assets
from keskidee_collector.commands.import_command import run_purchases
from keskidee_collector.register.purchases import FIELDS, BadLines, read, text_of
from keskidee_collector.store.database import Unusable
from tests.collector.inside import ADMIN, Inside
from tests.collector.register.telling import machine_at, memory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.collector.inside import Answer

pytestmark = pytest.mark.slow

LIST = """\
asset_tag,serial,name,kind,maker,model,supplier,order_number,bought_on,warranty_until,price,currency,funds
IT-1,,Epson in the hall,projector,Epson,EB-L200,Island Computers,PO-7,2026-11-01,2029-10-31,1249.50,XCD,EDF 11
,ABC123,,desktop,Dell Inc.,OptiPlex 7090,Island Computers,PO-7,2026-11-01,2029-10-31,2100,XCD,"EDF 11 60%, CDB 40%"
"""


async def bring(collector: Inside, text: str | bytes, token: str = ADMIN) -> Answer:
    packed = zlib.compress(text.encode() if isinstance(text, str) else text)
    return await collector.ask("POST", "/v1/assets/purchases", packed, token=token)


async def listed(collector: Inside, *names: str) -> list[tuple[Any, ...]]:
    rows = (await collector.ask("GET", "/v1/assets?sort=name")).json["assets"]
    return [tuple(row[name] for name in names) for row in rows]


def test_a_list_makes_assets_that_are_ordered_and_the_same_list_changes_nothing(collector: Inside) -> None:
    async def run() -> list[Any]:
        answers = [(await bring(collector, each)).json for each in (LIST, LIST.replace("1249.50", '"1,249.5"'))]
        return [*answers, await listed(collector, "name", "asset_tag", "state", "price", "funds", "serial")]

    assert asyncio.run(run()) == [
        {"entered": 2, "changed": 0, "unchanged": 0},
        {"entered": 0, "changed": 0, "unchanged": 2},
        [
            ("Dell Inc. OptiPlex 7090", None, "ordered", "2100", "EDF 11 60%, CDB 40%", "ABC123"),
            ("Epson in the hall", "IT-1", "ordered", "1249.50", "EDF 11", ""),
        ],
    ]


def test_what_was_bought_is_the_asset_of_the_machine_that_arrives_and_what_is_seen_is_told(collector: Inside) -> None:
    async def run() -> list[Any]:
        await bring(collector, LIST)
        machine = await machine_at(collector, maker="Dell Inc.", model="OptiPlex 7090", serial="abc123")
        await machine.tell([memory("DIMM 0")])
        asset = (await machine.asset())["asset"]
        history = [row[3:] for row in await machine.history()][1:]
        return [asset["state"], asset["order_number"], asset["by_hand"], len(await listed(collector, "id")), history]

    state, order, by_hand, count, [(before, after)] = asyncio.run(run())
    assert (state, order, count) == ("in use", "PO-7", 2)
    assert {"state", "name"}.isdisjoint(by_hand)
    assert before == {"state": "ordered", "name": "Dell Inc. OptiPlex 7090"}
    assert after == {"state": "in use", "name": "pc-01", "machine_id": after["machine_id"]}


@pytest.mark.parametrize("facts", [{"serial": "ABC123", "maker": "HP"}, {"serial": "ABC124", "maker": "Dell Inc."}, {}])
def test_another_machine_is_another_asset(collector: Inside, facts: dict[str, str]) -> None:
    async def run() -> int:
        await bring(collector, LIST)
        await (await machine_at(collector, **facts)).tell([memory("DIMM 0")])
        return len(await listed(collector, "id"))

    assert asyncio.run(run()) == 3


def test_a_machine_that_is_there_gets_its_purchase_and_goes_on_naming_itself(collector: Inside) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector, maker="Dell Inc.", model="OptiPlex 7090", serial="ABC123")
        await machine.tell([memory("DIMM 0")])
        answer = (await bring(collector, LIST)).json
        asset = (await machine.asset())["asset"]
        return [answer, asset["name"], asset["price"], asset["by_hand"]]

    assert asyncio.run(run()) == [
        {"entered": 1, "changed": 1, "unchanged": 0},
        "pc-01",
        "2100",
        ["bought_on", "currency", "funds", "kind", "order_number", "price", "supplier", "warranty_until"],
    ]


HEADER = "asset_tag,serial,name,kind,price,warranty_until,state\n"
WRONG = {
    "IT-2,,x,switch,cheap,2026-13-01,": [
        "line 2: price: a number such as 1249.50, without a currency's sign, not 'cheap'",
        "line 2: warranty_until: a day is YYYY-MM-DD (a cell formatted yyyy-mm-dd), not '2026-13-01'",
    ],
    "IT-2,,x,switch,1,,broken": [
        "line 2: state: one of ordered, delivered, in stock, in use, in repair, lost, disposed, not 'broken'"
    ],
    ",,x,switch,1,,": ["line 2: an asset_tag or a serial, or the same line would be another asset the next time"],
    "IT-2,,x,,1,,": ["line 2: kind: the register has no such asset, and a new one needs it"],
    "IT-2,,x,switch,1,,\n\nIT-2,,y,switch,1,,": ["line 4: its asset_tag is that of line 2 too"],
    "IT-2,,x": ["line 2: 3 cells below 7 columns"],
    "IT-2,5.1E+10,x,switch,1,,": [
        "line 2: serial: '5.1E+10' is a spreadsheet's short form of a number: make the column text"
    ],
    'IT-2,,"two\nlines",switch,1,,\nIT-3,,x,switch,-1,,': [
        "line 4: price: a number such as 1249.50, without a currency's sign, not '-1'"
    ],
    "IT-1,OTHER,x,switch,1,,": ["line 2: asset_tag: IT-1 is of an asset with the serial number S1"],
    "IT-9,S1,x,switch,1,,": ["line 2: asset_tag: the asset with the serial number S1 has the tag IT-1"],
    ",TWICE,x,switch,1,,": ["line 2: serial: 2 assets have the serial number TWICE; name the asset_tag"],
}


@pytest.mark.parametrize(("lines", "faults"), WRONG.items())
def test_what_is_wrong_is_named_by_line_and_nothing_is_written(
    collector: Inside, lines: str, faults: list[str]
) -> None:
    async def run() -> tuple[int, list[str], int]:
        known = [("IT-1", "S1", "a"), ("IT-5", "TWICE", "Dell Inc."), ("IT-6", "TWICE", "HP")]
        there = "asset_tag,serial,name,maker,kind\n" + "".join(f"{a},{b},x,{c},switch\n" for a, b, c in known)
        assert (await bring(collector, there)).status == 200
        answer = await bring(collector, f"{HEADER}{lines}\nIT-7,,good,switch,1,,\n")
        return answer.status, answer.json["detail"].split("\n"), len(await listed(collector, "id"))

    assert asyncio.run(run()) == (422, [*faults, "nothing was taken"], 3)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: the names of the columns are missing; there are " + ", ".join(FIELDS)),
        ("Purchases 2026;;\n", "line 1: the names of the columns are missing; there are " + ", ".join(FIELDS)),
        ("asset_tag,prize\n", "line 1: 'prize' is no column, did you mean price?"),
        ("name,Serial number\n", "line 1: 'serial_number' is no column, did you mean serial?"),
        ("name,Tag\n", "line 1: 'tag' is no column, did you mean asset_tag?"),
        ("asset_tag,asset_tag\n", "line 1: the column asset_tag is there twice"),
        ('asset_tag\n"IT-1', "line 2: unexpected end of data"),
        ("asset_id\na1\na2\na1\n", "line 4: its asset_id is that of line 2 too"),
        ("asset_tag\n" + "x\n" * 5001, "more than 5000 lines: bring them in several lists"),
        ("asset_tag," * 99 + "note,name\n", "line 1: 101 columns, where a list has 27 at most"),
    ],
)
def test_what_is_no_list_is_told_so(text: str, fault: str) -> None:
    with pytest.raises(BadLines) as refused:
        read(text)
    assert str(refused.value).split("\n")[0] == fault


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffAsset Tag;Name;Kind\r\nIT-1;Écran;screen\r\n",
        "asset_tag\tname\tkind\nIT-1\tÉcran\tscreen",
        "Kind;Asset Tag;Name;;\r\nscreen;IT-1;Écran;;\r\n;;;;\r\n;;;;\r\n",
    ],
)
def test_what_spreadsheets_of_other_lands_write_is_read(text: str) -> None:
    lines = read(text_of(text.encode()))
    assert [line.fields for line in lines] == [{"asset_tag": "IT-1", "name": "Écran", "kind": "screen"}]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"PK\x03\x04\x14\x00", "this is a workbook: save the list as CSV UTF-8 and bring that"),
        ("name\nÉcran\n".encode("cp1252"), "line 2: not UTF-8: save the list as CSV UTF-8, not as plain CSV"),
        ("name\n".encode("utf-16"), "line 1: not UTF-8: save the list as CSV UTF-8, not as plain CSV"),
    ],
)
def test_a_file_of_another_kind_is_told_how_to_be_saved(content: bytes, fault: str) -> None:
    with pytest.raises(BadLines) as refused:
        text_of(content)
    assert str(refused.value) == fault


def test_a_list_with_several_unknown_columns_is_told_the_known_ones_once() -> None:
    with pytest.raises(BadLines) as refused:
        read("name;Prix;Étiquette\n")
    assert str(refused.value).split("\n") == [
        "line 1: 'prix' is no column, did you mean price?",
        "line 1: 'étiquette' is no column",
        f"line 1: columns are {', '.join(FIELDS)}",
    ]


@given(st.text(max_size=80))
def test_any_text_is_a_list_or_named_as_none(text: str) -> None:
    with suppress(BadLines):
        assert all(line.number > 1 for line in read(f"asset_tag,price,funds\n{text}"))


def test_an_export_that_was_filled_in_is_a_list_and_sets_only_what_was_filled_in(
    collector: Inside, tmp_path: Path
) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector, model="=OptiPlex", serial="S1")
        await machine.tell([memory("DIMM 0")])
        await asyncio.to_thread(export_assets, tmp_path, "csv", tmp_path / "out.csv")
        text = (tmp_path / "out.csv").read_text(encoding="utf-8").replace(",pc-01,server,,", ",pc-01,server,hall,")
        return [(await bring(collector, text)).json, (await machine.asset())["asset"]["by_hand"]]

    assert asyncio.run(run()) == [{"entered": 0, "changed": 1, "unchanged": 0}, ["room"]]


def test_an_asset_without_tag_and_serial_number_is_known_by_the_id_of_the_export(
    collector: Inside, tmp_path: Path
) -> None:
    async def run() -> list[Any]:
        machine = await machine_at(collector, model="Guest")
        await machine.tell([memory("DIMM 0")])
        await bring(collector, LIST)
        await asyncio.to_thread(export_assets, tmp_path, "csv", tmp_path / "out.csv")
        same = (tmp_path / "out.csv").read_text(encoding="utf-8")
        asset = (await machine.asset())["asset"]["id"]
        lists = [same, *(f"asset_id,asset_tag\n{asset},{tag}\n" for tag in ("IT-2", "IT-1"))]
        answers = [(await bring(collector, each)).json for each in lists]
        return [*answers[:2], answers[2]["detail"].replace(asset, "ID"), await listed(collector, "asset_tag")]

    assert asyncio.run(run()) == [
        {"entered": 0, "changed": 0, "unchanged": 3},
        {"entered": 0, "changed": 1, "unchanged": 0},
        "line 2: asset_tag: IT-1 is of another asset than ID\nnothing was taken",
        [(None,), ("IT-1",), ("IT-2",)],
    ]


def test_bringing_a_list_needs_a_token_that_writes_and_a_text(collector: Inside) -> None:
    async def run() -> list[int]:
        api = await collector.token(scope="api")
        bodies = (await bring(collector, LIST, token=api), await bring(collector, "serial\nß".encode("latin-1")))
        return [each.status for each in bodies]

    assert asyncio.run(run()) == [401, 422]


def test_the_command_says_in_one_line_that_nobody_takes_a_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.csv").write_text(LIST)
    for file, said in (("list.csv", "no collector is running"), ("none.csv", "No such file")):
        assert run_purchases(argparse.Namespace(file=tmp_path / file, data=tmp_path)) == 1
        assert said in capsys.readouterr().err


def test_where_there_are_only_pretend_machines_their_folder_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "simulated/collector").mkdir(parents=True)
    (tmp_path / "list.csv").write_text(LIST)
    assert run_purchases(argparse.Namespace(file=tmp_path / "list.csv", data=tmp_path)) == 1
    with pytest.raises(Unusable) as refused:
        export_assets(tmp_path, "csv", None)
    named = f"; the pretend machines of --simulate are in --data {tmp_path / 'simulated'}"
    assert [f"no collector is running on {tmp_path}{named}" in capsys.readouterr().err, str(refused.value)] == [
        True,
        f"{tmp_path / 'register.db'}: no such file{named}",
    ]
