"""A day keeps how a machine is cared for: support, encryption, waiting updates; and nothing is guessed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.serving.housekeeping import fill_days
from keskidee_collector.store.days import read_days
from keskidee_report.items import Item
from tests.collector.inside import Inside
from tests.collector.register.telling import machine_at

if TYPE_CHECKING:
    pass

KINDS = ["operating_system", "filesystem", "encryption", "pending_update"]
LINUX = Item("operating_system", "operating system", {"support_ends_on": "2028-06-30"})
CASES: dict[str, tuple[list[Item], list[str], tuple[int | None, int | None, int | None]]] = {
    "a Linux machine in order": (
        [LINUX, Item("filesystem", "/", {"encrypted": True}), Item("pending_update", "vim", {})],
        KINDS,
        (1, 1, 1),
    ),
    "its last day of support, and no encryption": (
        [
            Item("operating_system", "x", {"support_ends_on": "2027-01-15"}),
            Item("filesystem", "/", {"encrypted": False}),
            Item("encryption", "usb", {"enabled": True}),
        ],
        KINDS,
        (1, 0, 0),
    ),
    "a Windows machine out of support": (
        [
            Item("operating_system", "x", {"support_ends_on": "2027-01-14"}),
            Item("encryption", "C:", {"enabled": True}),
            Item("encryption", "D:", {"enabled": False}),
        ],
        KINDS,
        (0, 1, 0),
    ),
    "a Mac": ([Item("encryption", "FileVault", {"enabled": False})], ["encryption"], (None, 0, None)),
    "one that tells little": ([Item("filesystem", "/", {"mount": "/"})], ["filesystem"], (None, None, None)),
    "one that tells nonsense": (
        [
            Item("operating_system", "x", {"support_ends_on": 2028}),
            Item("filesystem", "/", {"encrypted": "yes"}),
        ],
        KINDS,
        (None, None, 0),
    ),
}


@pytest.mark.parametrize(("told", "kinds", "kept"), CASES.values(), ids=CASES)
def test_a_day_keeps_how_a_machine_is_cared_for(
    collector: Inside, told: list[Item], kinds: list[str], kept: tuple[Any, ...]
) -> None:
    async def run() -> list[tuple[Any, ...]]:
        machine, other = await machine_at(collector), await collector.enrol("pc-02")
        await collector.report(machine.agent)
        assert await machine.tell(told, told=kinds) == [204]
        for _ in range(2):  # writing the day again leaves it
            await collector.state.days.write(collector.clock.at)
            await fill_days(collector.state)
        rows = {row.machine_id: row for row in read_days(collector.state.register.engine)}
        return [
            (row.os_supported, row.encrypted, row.pending_updates) for row in (rows[machine.agent.id], rows[other.id])
        ]

    assert asyncio.run(run()) == [kept, (None, None, None)]
