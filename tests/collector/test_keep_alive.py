"""How long a connection on which nothing happens is kept."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from keskidee_collector.serving.connections import Connections
from keskidee_collector.serving.listener import Server, bind, server_config
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

pytestmark = pytest.mark.slow

KEPT_SECONDS = 1
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def served(folder: Path, run: Callable[[int], Coroutine[None, None, None]]) -> None:
    """Runs a client (which gets the port) beside a collector that keeps an idle connection for KEPT_SECONDS."""
    collector = Inside(folder)

    async def both() -> None:
        application = collector.application
        connections = Connections(10, 30.0, lambda _: None, reports=application)
        config = server_config(collector.state.settings, application, connections, None)
        config.timeout_keep_alive = KEPT_SECONDS
        listener = bind("127.0.0.1", 0)
        server = Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        await run(listener.getsockname()[1])
        server.should_exit = True
        await serving

    asyncio.run(both())
    collector.state.close()


def test_an_idle_connection_is_closed_after_its_time_and_not_before(tmp_path: Path) -> None:
    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(4):
            writer.write(GET)
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            last = time.monotonic()
            await asyncio.sleep(0.6 * KEPT_SECONDS)
        while await reader.read(1000):
            pass
        assert time.monotonic() - last > 0.99 * KEPT_SECONDS
        writer.close()

    served(tmp_path, client)
