"""The register as CSV: what RFC 4180 readers read back, and no formula for a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.view import AssetRow
from keskidee_exporters.csv_register import COLUMNS, write

ROW = AssetRow(
    instance="srv-01", hostname="srv-01", id="0" * 32, site="castries", role="server", maker="Dell Inc.",
    model="PowerEdge R740", serial="X1", system="Debian GNU/Linux 12", first_seen=1_800_000_000.0,
    last_seen=1_800_000_060.9, state="in use", asset_id="a1", asset_tag="IT-1", name="srv-01", kind="server", room="2",
    custodian="Ana", supplier="Island Computers", order_number="PO-7", bought_on="2027-01-10",
    warranty_until="2030-01-09", price="12499.50", currency="XCD", funds="EDF 11 60%, CDB 40%", note="",
    inventory_at=None,
)  # fmt: skip


def written(*rows: AssetRow) -> str:
    out = io.StringIO(newline="")
    write(rows, out)
    return out.getvalue()


def test_an_asset_is_a_line_under_a_header() -> None:
    assert written(ROW) == (
        "instance,hostname,id,site,role,maker,model,serial,system,first_seen,last_seen,state,asset_id,asset_tag,name,kind,"
        "room,custodian,supplier,order_number,bought_on,warranty_until,price,currency,funds,note,inventory_at\r\n"
        "srv-01,srv-01,00000000000000000000000000000000,castries,server,Dell Inc.,PowerEdge R740,X1,"
        "Debian GNU/Linux 12,2027-01-15T08:00:00Z,2027-01-15T08:01:00Z,in use,a1,IT-1,srv-01,server,2,Ana,"
        'Island Computers,PO-7,2027-01-10,2030-01-09,12499.50,XCD,"EDF 11 60%, CDB 40%",,\r\n'
    )


def test_an_empty_register_is_a_header() -> None:
    assert written() == ",".join(COLUMNS) + "\r\n"


def test_a_machine_that_was_never_heard_has_no_last_time() -> None:
    [_, row] = csv.reader(io.StringIO(written(replace(ROW, last_seen=None)), newline=""))
    assert row[COLUMNS.index("last_seen")] == ""


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", "＝1", " =1"]
)
def test_a_text_is_no_formula(text: str) -> None:
    [_, row] = csv.reader(io.StringIO(written(replace(ROW, maker=text)), newline=""))
    assert row[COLUMNS.index("maker")] == "'" + text


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50).filter(lambda text: text[:1].isalnum())
)
def test_any_text_reads_back(text: str) -> None:
    [_, row] = csv.reader(io.StringIO(written(replace(ROW, model=text)), newline=""))
    assert row[COLUMNS.index("model")] == text


@pytest.mark.parametrize("text", ['say "hi"', "a,b", "two\nlines", "two\r\nlines"])
def test_what_needs_quotes_has_them(text: str) -> None:
    assert '"' + text.replace('"', '""') + '"' in written(replace(ROW, model=text))
