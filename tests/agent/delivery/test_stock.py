"""An inventory goes in pieces behind the live reports, within the share of the link, and goes on where it stopped."""

from pathlib import Path

import pytest

from keskidee_agent.delivery.stock import NEXT_FILE, PIECE_BYTES, REFUSED, STATE_FILE, TAKEN, UNDER_WAY, Stock
from keskidee_agent.delivery.stocktaking import BODY_FILE
from keskidee_agent.host import clock
from tests.agent.collecting import Collector
from tests.agent.delivering import Agent

NAME = b"0" * 32
LONG = bytes(range(256)) * 80  # 20 KiB
MOST = PIECE_BYTES[1]


def waiting(folder: Path, body: bytes = LONG) -> Stock:
    (folder / NEXT_FILE).write_text("next")
    (folder / BODY_FILE).write_bytes(NAME + body)
    return Stock(str(folder))


def sizes(collector: Collector) -> list[int]:
    """How long each piece was."""
    return [int(post[0].split()[1]) for post in collector.posts if post[0].startswith("piece")]


def test_each_piece_follows_a_live_report(agent: Agent, collector: Collector, tmp_path: Path) -> None:
    agent.delivery.stock = stock = waiting(tmp_path)
    agent.rounds(6)
    assert sizes(collector) == [0, 2048, 4096, MOST, len(LONG) - 2048 - 4096 - MOST]
    assert all(post[0].startswith("piece") for post in collector.posts[1:10:2])
    assert {post[-1] for post in collector.posts[:10:2]} == {"report", "delta"}
    assert (collector.inventory, stock.outcome) == (LONG, TAKEN)


def test_what_is_taken_is_what_both_sides_know(agent: Agent, tmp_path: Path) -> None:
    agent.delivery.stock = waiting(tmp_path)
    agent.rounds(6)
    assert {file.name for file in tmp_path.glob("inventory.*")} == {STATE_FILE}
    assert (tmp_path / STATE_FILE).read_text() == "next"


def test_what_is_short_goes_whole(agent: Agent, collector: Collector, tmp_path: Path) -> None:
    agent.delivery.stock = stock = waiting(tmp_path, b"short")
    agent.rounds(1)
    assert (len(collector.posts), stock.outcome) == (1, TAKEN)


def test_a_backlog_goes_first_and_an_inventory_all_the_same(agent: Agent, collector: Collector, tmp_path: Path) -> None:
    agent.rounds(200, send=False)
    agent.delivery.stock = waiting(tmp_path)
    agent.rounds(4)
    followed = collector.posts[1::2]
    assert [post == ["piece 0"] for post in followed] == [False, False, False, True]


def test_where_answers_are_lost_it_rests_and_goes_on_from_what_arrived(
    agent: Agent, collector: Collector, tmp_path: Path
) -> None:
    agent.delivery.stock = stock = waiting(tmp_path)
    agent.rounds(2)
    collector.lose_pieces = 2  # the first one costs a new connection and nothing else
    agent.rounds(7)
    assert sizes(collector) == [0, 2048, 4096, 4096, 0, MOST // 2, MOST, len(LONG) - 2048 - 8192 - MOST]
    assert (collector.inventory, stock.outcome) == (LONG, TAKEN)


def test_a_process_that_starts_later_goes_on(agent: Agent, collector: Collector, tmp_path: Path) -> None:
    agent.delivery.stock = waiting(tmp_path)
    agent.rounds(2)
    agent.delivery.stock = stock = Stock(str(tmp_path))
    agent.rounds(6)
    assert (collector.inventory, stock.outcome) == (LONG, TAKEN)


def test_a_collector_that_lost_what_it_had_gets_it_from_the_beginning(
    agent: Agent, collector: Collector, tmp_path: Path
) -> None:
    agent.delivery.stock = stock = waiting(tmp_path)
    agent.rounds(2)
    collector.inventory = b""
    agent.rounds(6)
    assert (collector.inventory, stock.outcome) == (LONG, TAKEN)


def test_a_collector_that_knows_no_pieces_gets_it_whole(agent: Agent, collector: Collector, tmp_path: Path) -> None:
    collector.pieces_unknown = True
    agent.delivery.stock = stock = waiting(tmp_path)
    agent.rounds(2)
    assert (collector.inventory, stock.outcome) == (LONG, TAKEN)


def test_a_collector_that_gets_nowhere_is_not_sent_to_for_ever(
    agent: Agent, collector: Collector, tmp_path: Path
) -> None:
    agent.delivery.stock = stock = waiting(tmp_path)
    for _ in range(18):
        collector.inventory = b""
        agent.rounds(1)
    assert (stock.outcome, stock.reason) == (REFUSED, f"the collector does not go on from 0 of {len(LONG)} bytes")
    assert not list(tmp_path.glob("inventory.*"))


def test_behind_a_thin_link_it_takes_what_everything_else_leaves(
    agent: Agent, collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = clock.boot_ms()
    monkeypatch.setattr(clock, "boot_ms", lambda: now_ms)
    collector.wishes["bytes_per_hour"] = 40_000
    agent.delivery.stock = stock = waiting(tmp_path)
    agent.rounds(12)
    assert 0 < len(collector.inventory) < 4000  # 10,000 at once, of which 6,000 are for what comes first
    before = len(collector.inventory)
    for _ in range(12):
        now_ms += 300_000
        agent.rounds(1)
    assert before < len(collector.inventory) <= before + 30_000 - 12 * 500
    assert stock.outcome == UNDER_WAY
