"""One device of the loop: what asks it, and what tells of it."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import TYPE_CHECKING

from keskidee_agent.devices.commands import open_engine
from keskidee_agent.devices.engine import Refused
from keskidee_agent.devices.poller.board import BoardWatch
from keskidee_agent.devices.poller.watch import Watch
from keskidee_agent.devices.secrets import WrongSecret

if TYPE_CHECKING:
    import queue

    from keskidee_agent.devices.engine import Engine
    from keskidee_agent.devices.poller.desk import Desk
    from keskidee_agent.devices.poller.hearing import Hearing
    from keskidee_agent.devices.poller.target import Target
    from keskidee_agent.devices.poller.watch import Poll
    from keskidee_agent.devices.read import DeviceReading
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_report.model import Sample


class Device:
    """A device that is polled; whoever takes from `told` tells the register what it is made of."""

    def __init__(
        self,
        target: Target,
        desk: Desk,
        told: queue.SimpleQueue[tuple[Target, DeviceReading | BoardReading]],
        hearing: Hearing,
    ) -> None:
        self.target = target
        self._desk = desk
        self._stock = told
        self._hearing = hearing
        self._watch = Watch(self._open) if target.board is None else BoardWatch(target.board)

    @property
    def interval_seconds(self) -> int:
        """From one poll to the next."""
        return self._desk.interval_seconds

    async def poll(self, seconds: float) -> Poll:
        """One poll."""
        return await self._watch.poll(seconds)

    def put(self, poll: Poll) -> None:
        """Reports it with what the device told by itself, and where all was read tells the register."""
        add_told(poll, self._hearing.samples_of(self.target.machine_id))
        self._desk.put(poll)
        if poll.whole is not None:
            self._hearing.learn(self.target.machine_id, poll.whole)
            self._stock.put((self.target, poll.whole))

    async def _open(self) -> Engine:
        address, credential = self.target.address, self.target.credential
        assert credential is not None
        try:
            if _is_numeric(address.host):
                return open_engine(None, address, credential)
            return await asyncio.to_thread(open_engine, None, address, credential)  # it asks for the name
        except WrongSecret as error:  # no engine is installed
            raise Refused(str(error)) from None

    def close(self) -> None:
        """Asks no more."""
        self._watch.close()


def add_told(poll: Poll, samples: list[Sample]) -> None:
    """Reports samples of what a device told by itself with a poll, under the outcome of that: to tell is no answer."""
    first = poll.readings[0]
    first.samples = [*first.samples, *samples]


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
