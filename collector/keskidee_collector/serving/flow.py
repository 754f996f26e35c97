"""What uvicorn asks of a connection's flow and pipeline, small while neither is needed: thousands of connections idle.

An event and a deque of the standard library hold 700 bytes each from the moment they are made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keskidee_collector.serving.joined import Joined


class Flow:
    """uvicorn's FlowControl; what waits for room to write is made when something waits."""

    __slots__ = ("_room", "_transport", "read_paused", "write_paused")

    def __init__(self, transport: Joined) -> None:
        self._transport = transport
        self._room: asyncio.Event | None = None
        self.read_paused = False
        self.write_paused = False

    async def drain(self) -> None:
        """Returns once the client has taken enough of its answer."""
        if self._room is not None:
            await self._room.wait()

    def pause_reading(self) -> None:
        if not self.read_paused:
            self.read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        if not self.write_paused:
            self.write_paused = True
            self._room = asyncio.Event()

    def resume_writing(self) -> None:
        if self._room is not None:
            self.write_paused = False
            self._room.set()
            self._room = None


class Pipeline(list[Any]):
    """The requests that wait behind the one being answered: nearly always none, so no deque."""

    __slots__ = ()

    def appendleft(self, request: Any) -> None:
        """The newest; the oldest is taken by `pop`."""
        self.insert(0, request)
