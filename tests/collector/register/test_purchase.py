"""How an asset was bought: what people write is kept in one form, or refused with the field's name."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.register.purchase import BadField, largest, read
from tests.collector.inside import ADMIN, Inside

if TYPE_CHECKING:
    pass

BOUGHT = {
    "name": "srv-01", "kind": "server", "supplier": "Island Computers", "order_number": "PO-2027-3",
    "bought_on": "2027-01-15", "warranty_until": "2030-01-14", "price": "12499.50", "currency": "xcd",
    "funds": "EDF 11  60% ,CDB 40%",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("bought_on", "20270115", "2027-01-15"), ("price", "100", "100"), ("price", "1.50", "1.50"), ("price", "", ""),
        ("price", "1249,50", "1249.50"), ("price", "1,249.50", "1249.50"), ("price", "1.249.000,5", "1249000.5"),
        ("price", "1 249", "1249"), ("price", "0.125", "0.125"), ("price", "1249.505", "1249.505"),
        ("currency", "xcd", "XCD"), ("funds", "EDF 11", "EDF 11"), ("funds", "EDF 11 100%", "EDF 11"),
        ("funds", "A 33.3%, B 66.70%", "A 33.3%, B 66.7%"), ("supplier", "100%, or so", "100%, or so"),
    ],
)  # fmt: skip
def test_a_text_is_kept_in_one_form(name: str, text: str, kept: str) -> None:
    assert read(name, text) == kept


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bought_on", "15/1/2027"), ("warranty_until", "2027-02-30"), ("price", "-1"),
        ("price", "1,200"), ("price", "1.200"), ("price", "1,20,000"),
        ("price", "1.234,50 €"),
        ("price", "1e9"), ("price", "nan"), ("price", "²"), ("price", "1" * 13), ("currency", "EC$"),
        ("currency", "XCDX"),
        ("funds", "A 60%, B 30%"), ("funds", "A, B"), ("funds", "A 50%, A 50%"), ("funds", "A 0%, B 100%"),
        ("funds", ", "), ("funds", ",".join(f"F{n} 10%" for n in range(10))),
    ],
)  # fmt: skip
def test_what_a_field_cannot_say_is_refused_with_its_name(name: str, text: str) -> None:
    with pytest.raises(BadField, match=f"^{name}: "):
        read(name, text)


def test_the_fund_of_an_asset_is_the_largest_share() -> None:
    assert [largest("A 40%, B 60%"), largest("A 50%, B 50%"), largest("EDF 11"), largest("")] == [
        "B",
        "A",
        "EDF 11",
        "",
    ]


def test_a_purchase_is_on_the_asset_found_by_its_words_and_filtered_by_its_fund(collector: Inside) -> None:
    async def run() -> list[Any]:
        entered = await collector.ask("POST", "/v1/assets", json.dumps(BOUGHT).encode(), token=ADMIN)
        queries = ("fund=EDF+11", "fund=CDB", "q=po-2027-3+island", "sort=-warranty_until")
        found = [(await collector.ask("GET", f"/v1/assets?{query}")).json["found"] for query in queries]
        return [entered.json, *found]

    asset, *found = asyncio.run(run())
    kept = {"currency": "XCD", "funds": "EDF 11 60%, CDB 40%"}
    assert ({name: asset[name] for name in BOUGHT}, asset["fund"]) == (BOUGHT | kept, "EDF 11")
    assert found == [1, 0, 1, 1]
