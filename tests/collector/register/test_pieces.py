"""An inventory that comes in pieces: the agent's own sender, and a collector that is restarted meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_agent.delivery.stock import BASE_UNKNOWN, REFUSED, STATE_FILE, TAKEN, UNDER_WAY, Stock
from keskidee_agent.delivery.stocktaking import BODY_FILE
from keskidee_agent.inventory.delivery import Known, Taken, difference, keep_body, read_known
from keskidee_agent.transport.answer import Answer
from tests.collector.inside import Inside
from tests.collector.register.telling import Machine, machine_at, memory, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keskidee_report.items import Item

pytestmark = pytest.mark.slow

PROGRAMS = [program(f"package-{number}", f"{number * 7919 % 997}.{number * 104729 % 9973}") for number in range(3000)]
ALL = [memory("DIMM 0"), *PROGRAMS]
"""Some 25 KiB, deflated."""


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Inside]:
    (tmp_path / "data").mkdir()
    inside = Inside(tmp_path / "data")
    yield inside
    inside.state.close()


class Sender:
    """What the resident does with an inventory that its child left in `folder`."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder, self.machine = folder, machine
        self.statuses: list[int] = []
        self.sent_bytes = 0

    def take(self, items: list[Item]) -> Stock:
        """What the child does."""
        taken = Taken(items={(each.kind, each.key): each for each in items}, told=["memory", "program"])
        keep_body(self.folder, *difference(taken, read_known(self.folder)))
        return Stock(str(self.folder))

    async def go_on(self, stock: Stock, posts: int = 100) -> str:
        """So many POSTs, or until it is over."""
        loop = asyncio.get_running_loop()

        def send(path: str, body: bytes) -> Answer:
            return asyncio.run_coroutine_threadsafe(self._post(path, body), loop).result()

        for _ in range(posts):
            if stock.outcome == UNDER_WAY:
                await asyncio.to_thread(stock.go_on, send, None)
        return stock.outcome

    async def _post(self, path: str, body: bytes) -> Answer:
        agent, collector = self.machine.agent, self.machine.collector
        answer = await collector.ask("POST", f"/v1/machines/{agent.id}/{path}", body, token=agent.credential)
        self.statuses.append(answer.status)
        self.sent_bytes += len(body)
        return Answer(answer.status, answer.headers, answer.body, reusable=True)


async def sender_at(collector: Inside, folder: Path) -> Sender:
    return Sender(folder, await machine_at(collector))


def test_all_pieces_are_one_inventory_and_then_only_what_changed_goes(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Any:
        sender = await sender_at(collector, tmp_path)
        first = await sender.go_on(sender.take(ALL))
        pieces, sender.statuses = sender.statuses, []
        second = await sender.go_on(sender.take([memory("DIMM 0", serial="2"), *PROGRAMS]))
        history = [row[:3] for row in await sender.machine.history()]
        return first, set(pieces[:-1]), pieces[-1], second, sender.statuses, history

    assert asyncio.run(run()) == (TAKEN, {202}, 204, TAKEN, [204], [("changed", "memory", "DIMM 0")])


def test_it_goes_on_after_the_collector_was_restarted(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Any:
        sender = await sender_at(collector, tmp_path)
        stock = sender.take(ALL)
        await sender.go_on(stock, posts=3)
        sender.machine.collector = again = collector.again()
        outcome = await sender.go_on(stock)
        kept = len((await sender.machine.asset())["items"])
        again.state.close()
        return outcome, kept, sender.sent_bytes - stock.length

    assert asyncio.run(run()) == (TAKEN, len(ALL), 0)  # no piece went twice


def test_a_repeat_whose_first_answer_was_lost_changes_nothing(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Any:
        sender = await sender_at(collector, tmp_path)
        await sender.go_on(sender.take(ALL))
        stock = sender.take([memory("DIMM 0", serial="2"), *PROGRAMS])
        kept = {file: file.read_bytes() for file in tmp_path.glob("inventory.*")}
        outcomes = [await sender.go_on(stock)]
        for file, content in kept.items():
            file.write_bytes(content)
        outcomes.append(await sender.go_on(Stock(str(tmp_path))))
        return outcomes, sender.statuses[-2:], len(await sender.machine.history())

    assert asyncio.run(run()) == ([TAKEN, TAKEN], [204, 204], 1)


def test_where_the_collector_lacks_the_base_all_is_told(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Any:
        sender = await sender_at(collector, tmp_path)
        keep_body(tmp_path, *difference(Taken(items={}, told=["memory"]), Known(hash="0" * 32, digests={})))
        outcome = await sender.go_on(Stock(str(tmp_path)))
        return outcome, (tmp_path / STATE_FILE).exists(), await sender.go_on(sender.take(ALL))

    assert asyncio.run(run()) == (BASE_UNKNOWN, False, TAKEN)


def test_pieces_that_are_not_those_of_their_body_are_refused_and_forgotten(collector: Inside, tmp_path: Path) -> None:
    async def run() -> Any:
        sender = await sender_at(collector, tmp_path)
        stock = sender.take(ALL)
        content = (tmp_path / BODY_FILE).read_bytes()
        (tmp_path / BODY_FILE).write_bytes(content[:-1] + b"?")
        outcomes = [await sender.go_on(stock)]
        (tmp_path / BODY_FILE).write_bytes(content)
        outcomes.append(await sender.go_on(Stock(str(tmp_path))))
        return outcomes, sender.statuses.count(422)

    assert asyncio.run(run()) == ([REFUSED, TAKEN], 1)


ODD = {
    "no number": ("body=" + "0" * 32 + "&length=x&start=0", b"", 422),
    "no hash": ("body=0&length=10&start=0", b"", 422),
    "nothing": ("", b"", 422),
    "longer than a body may be": ("body=" + "0" * 32 + f"&length={2**30}&start=0", b"", 413),
    "beyond its own end": ("body=" + "0" * 32 + "&length=10&start=5", b"123456", 413),
}


@pytest.mark.parametrize(("query", "content", "status"), ODD.values(), ids=ODD)
def test_what_is_no_piece_is_refused(collector: Inside, query: str, content: bytes, status: int) -> None:
    async def run() -> int:
        agent = await collector.enrol("pc-01")
        path = f"/v1/machines/{agent.id}/inventory/pieces?{query}"
        return (await collector.ask("POST", path, content, token=agent.credential)).status

    assert asyncio.run(run()) == status


def test_only_the_machine_itself_brings_pieces(collector: Inside) -> None:
    async def run() -> list[int]:
        agent, other = await collector.enrol("pc-01"), await collector.enrol("pc-02")
        path = f"/v1/machines/{agent.id}/inventory/pieces?body={'0' * 32}&length=10&start=0"
        return [(await collector.ask("POST", path, token=each.credential)).status for each in (other, agent)]

    assert asyncio.run(run()) == [401, 202]
