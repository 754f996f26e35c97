"""Who is polled when: each on its phase, one poll at a time a device, so many at once in all."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.devices.engine import Address, Credential
from keskidee_agent.devices.poller.loop import Loop
from keskidee_agent.devices.poller.target import Target
from keskidee_agent.devices.poller.watch import Poll

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60


def target(name: str, interval_seconds: int = 1) -> Target:
    return Target(
        machine_id=name,
        name=name,
        address=Address(host="192.0.2.1"),
        credential=Credential(),
        interval_seconds=interval_seconds,
    )


class Pretended:
    """Devices whose polls end when they are let go; `most` went on at once, in all and of one device."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.running: list[str] = []
        self.most = self.most_of_one = 0
        self.took: list[str] = []
        self.closed: list[str] = []
        self.broken = ""

    def begin(self, target: Target) -> Device:
        return Device(target, self)


class Device:
    def __init__(self, target: Target, all_of_them: Pretended) -> None:
        self.target, self._all = target, all_of_them

    @property
    def interval_seconds(self) -> int:
        return self.target.interval_seconds

    async def poll(self, seconds: float) -> Poll:
        pretended, name = self._all, self.target.name
        pretended.running.append(name)
        pretended.most = max(pretended.most, len(pretended.running))
        pretended.most_of_one = max(pretended.most_of_one, pretended.running.count(name))
        try:
            await pretended.gate.wait()
            if pretended.broken == name:
                raise ValueError("a fault of ours")
        finally:
            pretended.running.remove(name)
        return Poll(readings=[])

    def put(self, poll: Poll) -> None:
        self._all.took.append(self.target.name)

    def close(self) -> None:
        self._all.closed.append(self.target.name)


async def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@pytest.mark.slow
def test_devices_are_polled_again_and_again_so_many_at_once_and_each_by_one_poll() -> None:
    async def course() -> None:
        pretended, stop = Pretended(), asyncio.Event()
        loop = Loop(pretended.begin, at_once=3)
        names = [f"device-{number}" for number in range(8)]
        loop.set_targets({name: target(name) for name in names})
        running = asyncio.create_task(loop.run(stop))
        await until(lambda: len(pretended.running) == 3)
        pretended.gate.set()
        await until(lambda: all(pretended.took.count(name) >= 2 for name in names))
        stop.set()
        loop.wake()
        await running
        assert (pretended.most, pretended.most_of_one) == (3, 1)
        assert sorted(pretended.closed) == names

    asyncio.run(course())


@pytest.mark.slow
def test_one_that_is_taken_out_is_polled_no_more_and_a_fault_in_one_costs_no_other() -> None:
    async def course() -> None:
        pretended, stop = Pretended(), asyncio.Event()
        loop = Loop(pretended.begin)
        loop.set_targets({name: target(name) for name in ("stays", "goes", "breaks")})
        pretended.broken = "breaks"
        pretended.gate.set()
        running = asyncio.create_task(loop.run(stop))
        await until(lambda: {"stays", "goes"} <= set(pretended.took))
        loop.set_targets({"stays": target("stays"), "breaks": target("breaks")})
        assert pretended.closed == ["goes"]
        pretended.took.clear()
        await until(lambda: pretended.took.count("stays") >= 2)
        assert "goes" not in pretended.took
        stop.set()
        loop.wake()
        await running

    asyncio.run(course())


def test_one_that_told_something_is_polled_at_once_and_once_more_behind_a_poll_that_goes_on() -> None:
    async def course() -> None:
        pretended, stop = Pretended(), asyncio.Event()
        loop = Loop(pretended.begin)
        loop.set_targets({name: target(name, 3600) for name in ("told", "quiet")})
        running = asyncio.create_task(loop.run(stop))
        loop.poll_now("told")
        loop.poll_now("nobody")
        await until(lambda: pretended.running == ["told"])
        for _ in range(5):
            loop.poll_now("told")
        pretended.gate.set()
        await until(lambda: pretended.took == ["told"] * 2)
        loop.poll_now("told")
        await until(lambda: pretended.took == ["told"] * 3)
        stop.set()
        loop.wake()
        await running
        assert (pretended.most_of_one, pretended.running) == (1, [])

    asyncio.run(course())
