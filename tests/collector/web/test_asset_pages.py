"""The pages of the register: what is asked for is listed; one asset shows its record, parts, software and history."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_agent.inventory.delivery import Known, Taken, difference
from keskidee_collector.web import fields
from keskidee_collector.web.assets import warranty
from keskidee_report.items import Item
from tests.collector.web.collector import HOSTILE, Agent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.collector.web.collector import Answer, Collector

pytestmark = pytest.mark.slow

MEMORY = Item("memory", "DIMM 0", {"size_bytes": 8 << 30, "maker": "Samsung", "removable": True})
EDITOR = Item("software", "vim", {"name": "vim", "version": "9.0", "maker": "Bram"})


def tell(collector: Collector, agent: Agent, items: Iterable[Item], known: Known | None = None) -> Known:
    """An inventory as the agent tells it."""
    told = ["disk", "memory", "pending_update", "processor", "software"]
    taken = Taken(items={(each.kind, each.key): each for each in items}, told=told)
    body, after = difference(taken, known or Known(digests={}))
    headers = {"authorization": f"Bearer {agent.credential}"}
    packed = zlib.compress(json.dumps(body).encode())
    assert collector.request("POST", f"/v1/machines/{agent.id}/inventory", packed, headers).status == 204
    return after


def enter(collector: Collector, **asked: Any) -> str:
    headers = {"authorization": "Bearer ka1_test"}
    answer = collector.request("POST", "/v1/assets", json.dumps(asked).encode(), headers)
    assert answer.status == 201
    return str(json.loads(answer.body)["id"])


def page_of(collector: Collector, agent: Agent) -> Answer:
    """The asset's page, by the way that people go."""
    link = collector.get(f"/machines/{agent.id}").page.find(".//a[.='what it is made of']")
    assert link is not None
    return collector.get(link.attrib["href"])


def test_the_list_shows_what_is_asked_for(collector: Collector) -> None:
    tell(collector, collector.join("pc-01", maker="Dell Inc.", model="OptiPlex"), [MEMORY])
    enter(collector, name="Epson", kind="projector", site="suva", asset_tag="IT-1")
    everything, found = collector.get("/assets?sort=-name"), collector.get("/assets?q=it-1&site=suva")
    assert everything.texts(".//tbody/tr/th") == ["pc-01", "Epson"]
    assert found.texts(".//tbody/tr/th") == ["Epson"]
    assert found.texts(".//caption") == ["1 to 1 of 1 asset found"]
    assert collector.get("/assets?q=nothing").texts(".//main/p") == ["No asset matches. Show all."]


def test_a_long_list_has_pages_that_keep_the_question(collector: Collector) -> None:
    for number in range(101):
        enter(collector, name=f"switch {number:03}", kind="switch")
    second = collector.get("/assets?q=switch&page=2")
    assert second.texts(".//tbody/tr/th") == ["switch 100"]
    assert [a.attrib["href"] for a in second.page.iterfind(".//nav[@class='pages']/a")] == ["/assets?q=switch"]


def test_an_asset_shows_its_record_parts_software_and_history(collector: Collector) -> None:
    agent = collector.join("pc-01", site="castries", serial="ABC123")
    known = tell(collector, agent, [MEMORY, EDITOR])
    tell(collector, agent, [EDITOR], known)
    page = page_of(collector, agent)
    assert page.texts(".//h1") == ["pc-01"]
    assert "ABC123" in page.texts(".//dd")
    assert page.texts(".//section[@aria-labelledby='software']//tbody/tr/*") == ["vim", "9.0", "Bram", ""]
    [when, what, before, after] = page.texts(".//section[@aria-labelledby='history']//tbody/tr/*")
    assert (when[:10], what, before, after) == (
        "2026-03-02", "memory DIMM 0 removed", "size 8 GiB, maker Samsung, removable yes", "",
    )  # fmt: skip


def test_an_update_that_waits_shows_what_is_installed_and_what_is_to_be_had(collector: Collector) -> None:
    agent = collector.join("pc-01")
    waits: dict[str, Any] = {"installed": "9.0", "available": "9.1", "origin": "Debian", "security": True}
    tell(collector, agent, [Item("pending_update", "vim", waits)])
    table = page_of(collector, agent).texts(".//section[@aria-labelledby='pending_update']//tr/*")
    assert table == ["Name", "Installed", "Available", "Security", "vim", "9.0", "9.1", "yes"]


BOUGHT: dict[str, Any] = {
    "name": "srv-01", "kind": "server", "supplier": "Island Computers", "order_number": "PO-7",
    "bought_on": "2025-03-01", "warranty_until": "2026-03-30", "price": "1249.50", "currency": "XCD",
    "funds": "EDF 11 60%, CDB 40%",
}  # fmt: skip


def test_a_purchase_is_shown_with_what_is_left_of_its_warranty(collector: Collector) -> None:
    page = collector.get(f"/assets/{enter(collector, **BOUGHT)}")
    assert page.texts(".//section[@aria-labelledby='purchase']//dd") == [
        "ends in 28 days, 2026-03-30", "2025-03-01", "1249.50 XCD", "EDF 11 60%, CDB 40%", "Island Computers", "PO-7",
    ]  # fmt: skip
    assert collector.get("/assets?fund=EDF+11").texts(".//td[@class='ending']") == ["ends in 28 days, 2026-03-30"]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("", ("", "")), ("2026-03-01", ("ended", "ended")), ("2026-03-02", ("ending", "ends today,")),
        ("2026-05-30", ("ending", "ends in 89 days,")), ("2026-05-31", ("valid", "until")),
    ],
)  # fmt: skip
def test_a_warranty_is_valid_ending_or_ended(until: str, said: tuple[str, str]) -> None:
    assert warranty(until, now=1_772_409_600.0) == said  # 2026-03-02


def test_what_people_ask_for_first_is_told_in_short(collector: Collector) -> None:
    agent = collector.join("pc-01")
    disk = Item("disk", "sda", {"size_bytes": 512 << 30})
    other = Item("memory", "DIMM 1", {"size_bytes": 4 << 30, "type": "DDR4"})
    tell(collector, agent, [MEMORY, other, disk, Item("processor", "0", {"model": "Core i5"})])
    facts = page_of(collector, agent).texts(".//section[@aria-labelledby='record']//dd")
    assert [text for text in facts if text in ("1 × Core i5", "12 GiB, 2 modules", "512 GiB, 1 disk")] == [
        "1 × Core i5", "12 GiB, 2 modules", "512 GiB, 1 disk",
    ]  # fmt: skip


def test_the_list_names_who_has_an_old_program_and_which(collector: Collector) -> None:
    for number, version in enumerate(("8.2", "9.0", "9.1")):
        tell(collector, collector.join(f"pc-0{number}"), [Item("software", "vim", {"name": "vim", "version": version})])
    found = collector.get("/assets?program=vim&below=9.1")
    rows = zip(found.texts(".//tbody/tr/th"), found.texts(".//tbody//div"), strict=True)
    assert list(rows) == [("pc-00", "vim 8.2"), ("pc-01", "vim 9.0")]


def test_words_that_mean_too_many_programs_say_so(collector: Collector) -> None:
    agent = collector.join("pc-01")
    tell(collector, agent, [Item("software", f"lib {number}", {}) for number in range(201)])
    words = "program: 201 programs are called like that; more words mean fewer"
    words += ', and in quotes it is the whole name: "openssl".'
    assert collector.get("/assets?program=lib").texts(".//main/p") == [words]


def test_what_became_of_all_assets_is_one_list_newest_first_in_pages(collector: Collector) -> None:
    agent = collector.join("pc-01")
    known = tell(collector, agent, [MEMORY, EDITOR])
    tell(collector, agent, [EDITOR], known)
    for number in range(100):
        enter(collector, name=f"screen {number}", kind="screen")
    first = collector.get("/assets/changes")
    [older] = [a.attrib["href"] for a in first.page.iterfind(".//nav[@class='pages']/a")]
    last = collector.get(older)
    assert (first.texts(".//tbody/tr/th")[0], len(first.texts(".//tbody/tr"))) == ("screen 99", 100)
    assert last.texts(".//tbody/tr/*")[1:] == [
        "pc-01", "memory DIMM 0 removed", "size 8 GiB, maker Samsung, removable yes", "",
    ]  # fmt: skip
    assert collector.get("/assets/changes?before=x").texts(".//tbody/tr/th")[0] == "screen 99"


def test_what_was_set_by_hand_says_so(collector: Collector) -> None:
    page = collector.get(f"/assets/{enter(collector, name='Epson', kind='projector', room='hall')}")
    assert "Room by hand" in page.texts(".//dt")
    assert page.texts(".//section[@aria-labelledby='history']//tbody/tr/th") == ["asset added by hand"]


def poller_tells(collector: Collector, *events: dict[str, Any]) -> Answer:
    """The page of a switch, of which its poller told these events."""
    poller = collector.join("poller")
    headers, url = {"authorization": f"Bearer {poller.credential}"}, f"/v1/machines/{poller.id}"
    named = json.dumps({"devices": [{"name": "switch-1", "address": "192.0.2.1"}]}).encode()
    [device] = json.loads(collector.request("POST", f"{url}/devices", named, headers).body)["devices"]
    rows = [
        {"machine_id": device["machine_id"], "key": f"{number:016x}", "trap": "1.3", "first_at": collector.at} | event
        for number, event in enumerate(events)
    ]
    port = Item("interface", "Gi0/9", {"index": 9, "description": "GigabitEthernet0/9"})
    taken = Taken(items={(port.kind, port.key): port}, told=["interface"])
    stock = zlib.compress(json.dumps(difference(taken, Known(digests={}))[0]).encode())
    of_device = f"/v1/machines/{device['machine_id']}/inventory"
    assert collector.request("POST", of_device, stock, headers).status == 204
    body = zlib.compress(json.dumps({"sent_at": collector.at, "events": rows}).encode())
    assert collector.request("POST", f"{url}/events", body, headers).status == 204
    [asset] = json.loads(collector.get("/v1/assets?q=switch-1").body)["assets"]
    return collector.get(f"/assets/{asset['id']}")


def test_what_a_device_told_by_itself_is_shown_newest_first(collector: Collector) -> None:
    at = collector.at
    page = poller_tells(
        collector,
        {"kind": "linkDown", "subject": "7", "last_at": at, "count": 1, "variables": {"1.3.6.1.2.1.2.2.1.2.7": "Gi7"}},
        {"kind": "linkUp", "subject": "9", "last_at": at + 30, "count": 2, "variables": {}},
        {"kind": "paperOut", "subject": "", "last_at": at + 60, "count": 12_000, "variables": {}},
    )
    assert page.texts(".//section[@aria-labelledby='events']//tbody/tr/*") == [
        "2026-03-02 07:13:40 UTC", "paperOut", "12,000", "2026-03-02 07:12:40 UTC", "",
        "2026-03-02 07:13:10 UTC", "linkUp Gi0/9", "2", "2026-03-02 07:12:40 UTC", "",
        "2026-03-02 07:12:40 UTC", "linkDown 7", "1", "", "1.3.6.1.2.1.2.2.1.2.7 Gi7",
    ]  # fmt: skip


def test_hostile_events_stay_texts(collector: Collector) -> None:
    texts = [{"kind": text[:250], "subject": text[:250], "variables": {"1.3": text[:250]}} for text in HOSTILE]
    page = poller_tells(collector, *[{"last_at": collector.at, "count": 1} | text for text in texts])
    assert (page.page.find(".//script"), len(page.texts(".//section[@aria-labelledby='events']//tbody/tr"))) == (
        None, len(HOSTILE),
    )  # fmt: skip


def test_hostile_texts_stay_texts(collector: Collector) -> None:
    for text in HOSTILE:
        agent = collector.join(text, site=text, role=text, model=text, serial=text)
        tell(collector, agent, [Item("memory", text, {"maker": text}), Item("software", text, {"name": text})])
        assert page_of(collector, agent).page.find(".//script") is None
    assert collector.get("/assets").page.find(".//script") is None


def test_an_asset_that_is_not_there_is_a_404_with_a_way_to_the_others(collector: Collector) -> None:
    answer = collector.get("/assets/nothing")
    assert (answer.status, answer.texts(".//h1"), answer.texts(".//p/a")) == (
        404,
        ["No asset has this id"],
        ["All assets"],
    )


def test_parts_stand_in_the_order_of_their_numbers(collector: Collector) -> None:
    agent = collector.join("srv-01")
    tell(collector, agent, [Item("memory", f"DIMM {number}", {"size_bytes": 8 << 30}) for number in (10, 2, 1)])
    assert page_of(collector, agent).texts(".//tbody/tr/td[1]")[:3] == ["DIMM 1", "DIMM 2", "DIMM 10"]


@pytest.mark.parametrize(
    ("name", "said", "shown"),
    [
        ("size_bytes", 512, "512 bytes"), ("size_bytes", 8 << 30, "8 GiB"), ("size_bytes", 512_110_190_592, "477 GiB"),
        ("wear_ratio", 0.07, "7%"), ("maximum_speed_hertz", 3_600_000_000, "3.6 GHz"), ("cores", 4, "4"),
        ("speed_transfers_per_second", 3_200_000_000, "3200 MT/s"), ("maximum_watts", 500, "500 watts"),
        ("up", False, "no"), ("addresses", ["::1", "127.0.0.1"], "::1, 127.0.0.1"),
    ],
)  # fmt: skip
def test_values_are_shown_with_units_that_people_use(name: str, said: Any, shown: str) -> None:
    assert fields.value(name, said) == shown


def test_a_server_and_its_board_lead_to_each_other_and_two_of_a_kind_to_none(collector: Collector) -> None:
    poller = collector.join("poller")
    headers, url = {"authorization": f"Bearer {poller.credential}"}, f"/v1/machines/{poller.id}/devices"
    named = json.dumps({"devices": [{"name": "srv-1 board", "address": "192.0.2.1"}]}).encode()
    [device] = json.loads(collector.request("POST", url, named, headers).body)["devices"]
    facts = {"hostname": "srv-1 board", "kind": "server", "serial": "7ABC123"}
    board = Agent(id=device["machine_id"], credential=poller.credential, facts=facts)
    collector.report(board)
    tell(collector, board, [MEMORY])
    agent = collector.join("srv-1", serial="7abc123")
    tell(collector, agent, [MEMORY])
    its_board = page_of(collector, agent).page.find(".//p[@class='state']/a[2]")
    assert its_board is not None
    its_agent = collector.get(its_board.attrib["href"]).page.find(".//p[@class='state']/a[2]")
    assert its_agent is not None
    assert ("".join(its_board.itertext()), "".join(its_agent.itertext())) == (
        "its board, srv-1 board",
        "its agent, srv-1",
    )
    bought = zlib.compress(b"serial,price,currency\n7ABC123,100,EUR\n")  # by a person, who knows of one server
    asked = {"authorization": "Bearer ka1_test"}
    assert collector.request("POST", "/v1/assets/purchases", bought, asked).status == 200
    assert "100 EUR" in page_of(collector, agent).texts(".//dd")
    tell(collector, collector.join("srv-2", serial="7ABC123"), [MEMORY])
    assert page_of(collector, agent).page.find(".//p[@class='state']/a[2]") is None
