"""Walks that end, whatever the device answers, and keep what was read."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from keskidee_agent.devices.engine import Garbled, NoAnswer, Row
from keskidee_agent.devices.mibs import interfaces, system
from keskidee_agent.devices.read import read_device
from keskidee_agent.devices.walk import SIZES, got, walked

ROOT = "1.3.6.1.2.1.2.2.1"


class Device:
    """A device at the other side of the interface, which answers from a list and fails as it is told."""

    def __init__(self, rows: Sequence[Row], *, dies_after: int | None = None, largest: int = 100) -> None:
        self.rows, self.dies_after, self.largest = list(rows), dies_after, largest
        self.sizes: list[int] = []
        self.gets = 0
        self.dead = False

    async def get(self, oids: Sequence[str]) -> list[Row]:
        self.gets += 1
        if self.dead:
            raise NoAnswer("no answer")
        return [row for row in self.rows if row[0] in oids]

    async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        self.sizes.append(repetitions)
        if self.dead or repetitions > self.largest:
            raise NoAnswer("no answer")
        for at, row in enumerate(row for row in self.rows if row[0].startswith(oid + ".")):
            if at == self.dies_after:
                self.dead = True
                raise NoAnswer("no answer")
            yield row

    def close(self) -> None: ...


def column(count: int, at: int = 2) -> list[Row]:
    return [(f"{ROOT}.{at}.{row}", f"eth{row}".encode()) for row in range(1, count + 1)]


def test_a_walk_gives_every_row() -> None:
    assert asyncio.run(walked(Device(column(3)), ROOT)) == (column(3), None)


def test_a_device_that_chokes_on_large_messages_is_asked_for_smaller_ones() -> None:
    device = Device(column(3), largest=1)
    assert asyncio.run(walked(device, ROOT)) == (column(3), None)
    assert device.sizes == [25, 10, 1]


def test_a_silent_device_costs_three_questions_and_no_more() -> None:
    device = Device([], largest=0)
    assert asyncio.run(walked(device, ROOT)) == ([], "no answer")
    assert device.sizes == list(SIZES)


def test_a_device_that_dies_in_the_middle_leaves_what_it_said() -> None:
    assert asyncio.run(walked(Device(column(5), dies_after=2), ROOT)) == (column(2), "no answer after 2 rows")


def test_a_walk_that_goes_round_ends_where_it_turned() -> None:
    rows = [*column(2), column(1)[0]]
    reason = f"goes round in circles at {ROOT}.2.1 after 2 rows"
    assert asyncio.run(walked(Device(rows), ROOT)) == (column(2), reason)


def test_an_endless_walk_is_bounded() -> None:
    rows, reason = asyncio.run(walked(Device(column(50)), ROOT, most_rows=10))
    assert (rows, reason) == (column(10), "more than 10 rows after 10 rows")


def test_a_message_that_is_none_is_a_reason_and_no_crash() -> None:
    class Lying(Device):
        async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
            for row in await Device.get(self, [f"{ROOT}.2.1"]):
                yield row
            raise Garbled("no SNMP answer")

    assert asyncio.run(walked(Lying(column(3)), ROOT)) == (column(1), "no SNMP answer after 1 rows")


def test_scalars_are_asked_three_times() -> None:
    device = Device([])
    device.dead = True
    try:
        asyncio.run(got(device, [system.NAME]))
    except NoAnswer:
        assert device.gets == 3
    else:
        raise AssertionError("a silent device answered")


def test_what_was_read_stays_when_the_device_dies_on_the_next_table() -> None:
    known: list[Row] = [(system.DESCRIPTION, b"Switch"), (system.OBJECT_ID, "1.3.6.1.4.1.9.1.1"), (system.NAME, b"sw1")]
    reading = asyncio.run(read_device(Device([*known, *column(4)], dies_after=3)))
    assert (reading.identity.name, [port.description for port in reading.parts.ports]) == (
        "sw1",
        ["eth1", "eth2", "eth3"],
    )
    assert [trouble.partition(";")[0] for trouble in reading.troubles] == [
        f"{interfaces.TABLE}: no answer after 3 rows",
        "the device answers no more",
    ]
