"""What uvicorn asks of a connection that is short of room, asked of ours."""

from __future__ import annotations

import asyncio
from collections import deque

from keskidee_collector.serving.flow import Flow, Pipeline
from keskidee_collector.serving.joined import Joined


class Transport(asyncio.Transport):
    """Writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def pause_reading(self) -> None:
        self.told.append("pause")

    def resume_reading(self) -> None:
        self.told.append("resume")


async def under_pressure() -> list[str]:
    """What happens in which order when a client takes nothing for a while, and then does."""
    flow = Flow(Joined(Transport(), asyncio.get_running_loop()))
    await flow.drain()
    happened = ["room"]

    async def send() -> None:
        while flow.write_paused:
            await flow.drain()
        happened.append("sent")

    flow.pause_writing()
    flow.pause_writing()
    senders = [asyncio.create_task(send()) for _ in range(2)]
    await asyncio.sleep(0)
    happened.append("waiting")
    flow.resume_writing()
    await asyncio.gather(*senders)
    flow.resume_writing()
    await flow.drain()
    return happened


def test_who_sends_waits_while_the_client_takes_nothing() -> None:
    assert asyncio.run(under_pressure()) == ["room", "waiting", "sent", "sent"]


async def reading() -> list[str]:
    transport = Transport()
    flow = Flow(Joined(transport, asyncio.get_running_loop()))
    for call in (flow.resume_reading, flow.pause_reading, flow.pause_reading, flow.resume_reading, flow.resume_reading):
        call()
    return transport.told


def test_reading_is_paused_once_and_resumed_once() -> None:
    assert asyncio.run(reading()) == ["pause", "resume"]


def test_requests_leave_the_pipeline_in_the_order_they_came() -> None:
    ours, theirs = Pipeline(), deque[int]()
    for waiting in (ours, theirs):
        for request in range(3):
            waiting.appendleft(request)
    assert [ours.pop() for _ in range(3)] == [theirs.pop() for _ in range(3)] == [0, 1, 2]
    assert not ours
